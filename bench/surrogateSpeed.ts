import { performance } from 'node:perf_hooks';
import { useActivation } from '../src/core/activations/catalogue';
import { type Multiply, plainMultiply, rowMajor } from '../src/core/signal/surrogate/matrix';
import { runSurrogate } from '../src/core/signal/surrogate/surrogate';
import { NetworkBuilder } from '../test/unit/signal/networkBuilder';
import { loadKernels } from './kernels';

const size = 256;

/** The surrogate engine: its matrix product beside the same loop in plain JavaScript, and whole runs of a 20×256 network. */
export async function benchSurrogate(): Promise<void> {
  const kernels = await loadKernels();
  // In turns, so that what else the machine does hits both alike.
  const rounds = Array.from({ length: 5 }, () => ({
    plainMs: productMs(plainMultiply, 2),
    kernelMs: productMs(kernels, 20),
  }));
  const plainMs = Math.min(...rounds.map((round) => round.plainMs));
  const kernelMs = Math.min(...rounds.map((round) => round.kernelMs));
  const flops = 2 * size ** 3;
  console.log(`\nmatrix product ${size}³      ms   GFLOP/s`);
  for (const [label, ms] of [
    ['plain JavaScript', plainMs],
    ['WebAssembly SIMD', kernelMs],
  ] as const) {
    console.log(`${label.padEnd(18)} ${ms.toFixed(2).padStart(7)}  ${(flops / ms / 1e6).toFixed(1).padStart(7)}`);
  }
  console.log(`the kernel is ${(plainMs / kernelMs).toFixed(1)} times faster`);
  const network = perceptron(20, size);
  const clock = () => performance.now();
  const times = Array.from({ length: 5 }, () => {
    const started = clock();
    runSurrogate({
      network,
      statistics: 'standard-normal',
      multiply: kernels,
      seeds: 3,
      budgetMs: Number.POSITIVE_INFINITY,
      clock,
    });
    return clock() - started;
  });
  console.log(
    `20 layers of 256, batch 64, 3 runs: ${Math.min(...times).toFixed(0)} ms (first ${times[0]?.toFixed(0)} ms)`,
  );
}

/** Milliseconds of one product. */
function productMs(multiply: Multiply, count: number): number {
  const left = new Float32Array(size * size).fill(0.5);
  const right = new Float32Array(size * size).fill(0.25);
  const data = new Float32Array(size * size);
  const started = performance.now();
  for (let index = 0; index < count; index++) {
    multiply({
      rows: size,
      columns: size,
      inner: size,
      left: rowMajor(left, size),
      right: rowMajor(right, size),
      target: { data, start: 0 },
    });
  }
  return (performance.now() - started) / count;
}

function perceptron(depth: number, width: number) {
  const builder = new NetworkBuilder(64);
  const bound = 1 / Math.sqrt(width);
  const weight = { kind: 'uniform', low: -bound, high: bound } as const;
  let node = builder.input(width);
  for (let layer = 0; layer < depth; layer++) {
    node = builder.linear(node, width, weight, weight);
    node = builder.same({ kind: 'activation', activation: useActivation('relu') }, node);
  }
  const output = builder.linear(node, 10, weight, weight);
  return builder.network(output, builder.loss('crossEntropyLogits', output));
}
