import assert from 'node:assert/strict';
import { useActivation } from '../../../src/core/activations/catalogue';
import type { Dim, Operation } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const samples: Dim = { perBatch: 1 };
const even = (amount: number) => [
  { before: amount, after: amount },
  { before: amount, after: amount },
];

interface Convolution {
  readonly kernel?: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly outChannels?: number;
  readonly transposed?: boolean;
}

const convolution = (options: Convolution): Operation => {
  const {
    kernel = 3,
    stride = 1,
    padding = 0,
    dilation = 1,
    groups = 1,
    outChannels = 64,
    transposed = false,
  } = options;
  return {
    kind: 'convolution',
    rank: 2,
    inChannels: 64,
    outChannels,
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: even(padding),
    paddingMode: 'zeros',
    dilation: [dilation, dilation],
    groups,
    transposed,
    channelAxis: 1,
  };
};

const normalisation = (variant: 'group' | 'instance', groups: number): Operation => ({
  kind: 'normalisation',
  variant,
  axes: variant === 'group' ? [1, 2, 3] : [2, 3],
  channelAxis: 1,
  groups,
  epsilon: 1e-5,
});

interface Row {
  readonly name: string;
  readonly operation: Operation;
  readonly outputShape: readonly Dim[];
  /** Fan-in of PyTorch's default initialiser, for layers with a weight. */
  readonly fanIn?: number;
  readonly inputShape?: readonly number[];
  readonly batch?: number;
  readonly activation: number;
  readonly gradient: number;
  readonly tolerance?: number;
}

/**
 * Root mean square of the output and of dL/d input for a standard normal input and a standard normal gradient by the output, averaged (in
 * squares) over 20 seeds of PyTorch 2.13 on (16, 64, 8, 8) unless the row says otherwise.
 */
const rows: readonly Row[] = [
  {
    name: 'nearest upsampling',
    operation: { kind: 'upsample', factors: [2, 2], mode: 'nearest', channelAxis: 1 },
    outputShape: [samples, 64, 16, 16],
    activation: 1,
    gradient: 2,
  },
  {
    name: 'pixel shuffle',
    operation: { kind: 'pixelShuffle', factor: 2 },
    outputShape: [samples, 16, 16, 16],
    activation: 1,
    gradient: 1.0005,
  },
  {
    name: 'GLU',
    operation: { kind: 'gatedLinearUnit', gate: useActivation('sigmoid'), axis: 1 },
    outputShape: [samples, 32, 8, 8],
    activation: 0.5423,
    gradient: 0.411,
  },
  {
    name: 'SwiGLU',
    operation: { kind: 'gatedLinearUnit', gate: useActivation('silu'), axis: 1 },
    outputShape: [samples, 32, 8, 8],
    activation: 0.5964,
    gradient: 0.6059,
  },
  {
    name: 'zero padding',
    operation: { kind: 'pad', padding: even(1), value: 0 },
    outputShape: [samples, 64, 10, 10],
    activation: 0.8,
    gradient: 0.9995,
  },
  {
    name: 'GroupNorm(8, 64)',
    operation: normalisation('group', 8),
    outputShape: [samples, 64, 8, 8],
    activation: 1,
    gradient: 1.0013,
  },
  {
    name: 'InstanceNorm',
    operation: normalisation('instance', 1),
    outputShape: [samples, 64, 8, 8],
    activation: 1,
    gradient: 1.0079,
  },
  {
    name: 'depthwise convolution',
    operation: convolution({ padding: 1, groups: 64 }),
    fanIn: 9,
    outputShape: [samples, 64, 8, 8],
    activation: 0.533,
    gradient: 0.5332,
    tolerance: 0.03,
  },
  {
    name: 'dilated convolution',
    operation: convolution({ padding: 2, dilation: 2 }),
    fanIn: 576,
    outputShape: [samples, 64, 8, 8],
    activation: 0.4805,
    gradient: 0.4814,
  },
  {
    name: 'grouped, strided convolution',
    operation: convolution({ padding: 1, stride: 2, groups: 4 }),
    fanIn: 144,
    outputShape: [samples, 64, 4, 4],
    activation: 0.5278,
    gradient: 0.2645,
  },
  {
    name: 'transposed convolution',
    operation: convolution({ kernel: 4, padding: 1, stride: 2, outChannels: 32, transposed: true }),
    fanIn: 512,
    outputShape: [samples, 32, 16, 16],
    activation: 0.3829,
    gradient: 0.5407,
  },
  {
    name: 'overlapping average pooling',
    operation: {
      kind: 'pooling',
      variant: 'average',
      rank: 2,
      kernel: [3, 3],
      stride: [1, 1],
      padding: even(0),
      channelAxis: 1,
    },
    outputShape: [samples, 64, 6, 6],
    activation: 0.3331,
    gradient: 0.2497,
  },
  {
    name: 'global mean',
    operation: { kind: 'reduction', variant: 'mean', axes: [2, 3] },
    outputShape: [samples, 64],
    activation: 0.1244,
    gradient: 0.0156,
  },
  {
    name: 'softmax over 50 units, batch 64',
    operation: { kind: 'softmax', variant: 'softmax', axis: 1 },
    inputShape: [50],
    batch: 64,
    outputShape: [samples, 50],
    activation: 0.0312,
    gradient: 0.0285,
    tolerance: 0.03,
  },
];

suite('signal: operations against PyTorch', () => {
  for (const row of rows) {
    test(row.name, () => {
      const builder = new NetworkBuilder(row.batch ?? 16);
      const input = builder.input(...(row.inputShape ?? [64, 8, 8]));
      const parameters = row.fanIn ? [builder.parameter('weight', [1], variance(1 / (3 * row.fanIn)))] : [];
      const out = builder.add(row.operation, [input], row.outputShape, parameters);
      const profile = propagate(builder.network(out), 'standard-normal');
      const tolerance = row.tolerance ?? 0.01;
      for (const [what, found, expected] of [
        ['activation', profile.nodes[out]?.activation?.log10Rms, row.activation],
        ['gradient', profile.nodes[input]?.gradient?.log10Rms, row.gradient],
      ] as const) {
        assert.ok(found !== undefined, `${what} is unknown`);
        assert.ok(Math.abs(found - Math.log10(expected)) < tolerance, `${what}: 10^${found}, PyTorch has ${expected}`);
      }
    });
  }
});
