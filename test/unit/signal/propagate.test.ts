import assert from 'node:assert/strict';
import type { Network, NodeId } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import type { NodeSignal } from '../../../src/core/signal/profile';
import { NetworkBuilder, variance, zero } from './networkBuilder';

const width = 4096;

function signalOf(network: Network, node: NodeId): NodeSignal {
  const signal = propagate(network, 'standard-normal').nodes[node];
  assert.ok(signal);
  return signal;
}

function closeTo(actual: number | undefined, expected: number, tolerance: number, what: string): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= tolerance,
    `${what}: ${actual}, expected ${expected}`,
  );
}

const rms = (signal: NodeSignal) => 10 ** (signal.activation?.log10Rms ?? Number.NaN);
const gradientRms = (signal: NodeSignal) => 10 ** (signal.gradient?.log10Rms ?? Number.NaN);

suite('signal: dense networks in closed form', () => {
  test('a linear layer multiplies the mean square by fan-in times the weight variance and adds the bias variance', () => {
    const builder = new NetworkBuilder();
    const out = builder.linear(builder.input(width), width, variance(3 / width), variance(0.25));
    closeTo(rms(signalOf(builder.network(out), out)), Math.sqrt(3.25), 1e-3, 'rms');
  });

  test('the default of nn.Linear, variance 1/(3 fan-in) for weight and bias, gives 1/3 + 1/(3 fan-in)', () => {
    const builder = new NetworkBuilder();
    const bound = 1 / Math.sqrt(256);
    const uniform = { kind: 'uniform', low: -bound, high: bound } as const;
    const out = builder.linear(builder.input(256), width, uniform, uniform);
    closeTo(rms(signalOf(builder.network(out), out)), Math.sqrt(1 / 3 + 1 / (3 * 256)), 1e-3, 'rms');
  });

  test('He weights keep the mean square of a ReLU stack (He et al. 2015): half the units are off, output mean √(v/2π)', () => {
    const builder = new NetworkBuilder();
    let x = builder.input(width);
    for (let layer = 0; layer < 10; layer++) {
      x = builder.activation(builder.linear(x, width, variance(2 / width)), 'relu');
    }
    const signal = signalOf(builder.network(x), x);
    closeTo(rms(signal), 1, 0.02, 'rms');
    closeTo(signal.saturated, 0.5, 1e-9, 'dead share');
    closeTo(signal.outputMean, Math.sqrt(2 / (2 * Math.PI)), 0.02, 'mean');
    closeTo(signal.preactivation?.slopeRms, Math.SQRT1_2, 0.005, 'slope');
  });

  test('n ReLU units of one sample: log mean square falls short by V/2 and spreads by √V, V = (E r⁴/(E r²)² − 1)/n = 5/n', () => {
    const units = 64;
    const builder = new NetworkBuilder(1);
    const x = builder.activation(builder.linear(builder.input(1 << 20), units, variance(2 ** -20)), 'relu');
    const { activation } = signalOf(builder.network(x), x);
    const spread = 5 / units;
    closeTo(activation?.sd, Math.sqrt(spread) / 2 / Math.LN10, 1e-3, 'standard deviation in dex');
    closeTo(activation?.log10Rms, (Math.log(1 / 2) - spread / 2) / 2 / Math.LN10, 1e-3, 'log10 rms');
  });

  test('the share of n ReLU units that are off has the variance 1/(4n) over seeds for one sample, 1/(4nB) for B of nothing in common', () => {
    for (const batch of [1, 16]) {
      const units = 64;
      const builder = new NetworkBuilder(batch);
      const x = builder.activation(builder.linear(builder.input(1 << 20), units, variance(2 ** -20)), 'relu');
      const { saturatedSpread } = signalOf(builder.network(x), x);
      closeTo(saturatedSpread?.sd, Math.sqrt(1 / (4 * units * batch)), 1e-4, 'standard deviation');
    }
  });

  test('a bias gives all samples the same share: of v = 1 and bias variance 1, correlation ½, P(both off) − ¼ = asin(½)/2π', () => {
    const units = 64;
    const builder = new NetworkBuilder(1 << 20);
    const x = builder.activation(
      builder.linear(builder.input(1 << 20), units, variance(2 ** -20), variance(1)),
      'relu',
    );
    const { saturatedSpread } = signalOf(builder.network(x), x);
    closeTo(saturatedSpread?.sd, Math.sqrt(Math.asin(0.5) / (2 * Math.PI) / units), 1e-4, 'standard deviation');
  });

  test('a sigmoid near zero has slope 1/4: ten layers of small weights shrink the gradient by 4¹⁰ · gain', () => {
    const builder = new NetworkBuilder();
    let x = builder.input(width);
    const first = x;
    for (let layer = 0; layer < 10; layer++) {
      x = builder.activation(builder.linear(x, width, variance(1e-4 / width)), 'sigmoid');
    }
    const profile = propagate(builder.network(x), 'standard-normal');
    const ratio = (profile.nodes[first]?.gradient?.log10Rms ?? 0) - (profile.nodes[x]?.gradient?.log10Rms ?? 0);
    closeTo(ratio, 10 * Math.log10(0.25 * 1e-2), 0.02, 'log10 ratio');
  });

  test('tanh of a standard normal: E tanh² = 0.39429, E tanh′² = 0.46446 (by quadrature)', () => {
    const builder = new NetworkBuilder();
    const z = builder.linear(builder.input(width), width, variance(1 / width));
    const out = builder.activation(z, 'tanh');
    const profile = propagate(builder.network(out), 'standard-normal');
    closeTo(rms(profile.nodes[out] as NodeSignal), Math.sqrt(0.394294), 1e-3, 'rms');
    closeTo(profile.nodes[out]?.preactivation?.slopeRms, Math.sqrt(0.464462), 1e-3, 'slope');
  });

  test('the weight gradient of a linear map under a unit output gradient is √(batch)·|x|', () => {
    const builder = new NetworkBuilder(64);
    const out = builder.linear(builder.input(width), width, variance(1 / width));
    const signal = signalOf(builder.network(out), out);
    closeTo(signal.weightGradient?.log10Rms, Math.log10(Math.sqrt(64)), 1e-3, 'weight gradient');
  });

  test('a residual branch that keeps the variance doubles it, forward and backward', () => {
    const builder = new NetworkBuilder();
    let x = builder.input(width);
    const first = x;
    for (let block = 0; block < 6; block++) {
      const branch = builder.linear(x, width, variance(1 / width));
      x = builder.same({ kind: 'sum', coefficients: [1, 1] }, x, branch);
    }
    const profile = propagate(builder.network(x), 'standard-normal');
    closeTo(rms(profile.nodes[x] as NodeSignal), 8, 0.05, 'rms');
    closeTo(gradientRms(profile.nodes[first] as NodeSignal), 8, 0.05, 'gradient');
  });

  test('adding a tensor to itself doubles it; subtracting leaves exactly zero', () => {
    const builder = new NetworkBuilder();
    const x = builder.input(16);
    const doubled = builder.same({ kind: 'sum', coefficients: [1, 1] }, x, x);
    const nothing = builder.same({ kind: 'sum', coefficients: [1, -1] }, x, x);
    const profile = propagate(builder.network(nothing), 'standard-normal');
    closeTo(rms(profile.nodes[doubled] as NodeSignal), 2, 0.01, 'rms');
    assert.equal(profile.nodes[nothing]?.activation, undefined);
    assert.ok(profile.nodes[nothing]?.flags.includes('zero-activation'));
  });
});

suite('signal: losses in closed form', () => {
  test('cross-entropy at zero logits: gradient variance (1 − 1/K)/(K N²)', () => {
    const builder = new NetworkBuilder(32);
    const out = builder.linear(builder.input(64), 10, zero);
    const loss = builder.loss('crossEntropyLogits', out);
    closeTo(gradientRms(signalOf(builder.network(out, loss), out)), Math.sqrt(0.9 / 10) / 32, 1e-6, 'gradient');
  });

  test('mean squared error against standard normal targets: 2/(NK)·√(Q + 1)', () => {
    const builder = new NetworkBuilder(32);
    const out = builder.linear(builder.input(width), 10, variance(3 / width));
    const loss = builder.loss('meanSquaredError', out);
    const expected = (2 / 320) * Math.sqrt(4);
    closeTo(gradientRms(signalOf(builder.network(out, loss), out)) / expected, 1, 0.01, 'gradient');
  });

  test('binary cross-entropy against ones at zero logits: every gradient is −½/N', () => {
    const builder = new NetworkBuilder(32);
    const out = builder.linear(builder.input(64), 1, zero);
    const ones = builder.add({ kind: 'constant', value: 1 }, [], builder.shapeOf(out));
    const loss = builder.loss('binaryCrossEntropyLogits', out, ones);
    closeTo(gradientRms(signalOf(builder.network(out, loss), out)), 0.5 / 32, 1e-6, 'gradient');
  });

  test('a sum of outputs times noise has a unit gradient', () => {
    const builder = new NetworkBuilder(32);
    const out = builder.linear(builder.input(64), 10, variance(1 / 64));
    const shape = builder.shapeOf(out);
    const noise = builder.add({ kind: 'random', distribution: { kind: 'normal', mean: 0, std: 1 } }, [], shape);
    const product = builder.same({ kind: 'product' }, out, noise);
    const sum = builder.add({ kind: 'reduction', variant: 'sum', axes: [0, 1] }, [product], []);
    closeTo(gradientRms(signalOf(builder.network(out, sum), out)), 1, 1e-6, 'gradient');
  });

  test('softmax and negative log-likelihood give the gradient of cross-entropy at the logits', () => {
    const builder = new NetworkBuilder(32);
    const out = builder.linear(builder.input(64), 10, zero);
    const log = builder.same({ kind: 'softmax', variant: 'log-softmax', axis: 1 }, out);
    const loss = builder.loss('negativeLogLikelihood', log);
    closeTo(gradientRms(signalOf(builder.network(log, loss), out)), Math.sqrt(0.9 / 10) / 32, 1e-6, 'gradient');
  });
});

suite('signal: normalisation and structure', () => {
  const normalisation = (variant: 'batch' | 'layer' | 'rms', axes: readonly number[]) =>
    ({ kind: 'normalisation', variant, axes, channelAxis: 1, groups: 1, epsilon: 0 }) as const;

  for (const [variant, axes] of [
    ['batch', [0]],
    ['layer', [1]],
    ['rms', [1]],
  ] as const) {
    test(`${variant} normalisation gives unit mean square whatever the scale, and divides the gradient by it`, () => {
      const builder = new NetworkBuilder(256);
      const x = builder.linear(builder.input(width), width, variance(100 / width));
      const out = builder.same(normalisation(variant, axes), x);
      const profile = propagate(builder.network(out), 'standard-normal');
      closeTo(rms(profile.nodes[out] as NodeSignal), 1, 1e-6, 'rms');
      closeTo(gradientRms(profile.nodes[x] as NodeSignal), 0.1, 0.0005, 'gradient');
    });
  }

  test('dropout of p keeps the mean and multiplies the mean square by 1/(1 − p)', () => {
    const builder = new NetworkBuilder();
    const x = builder.input(64);
    const out = builder.same({ kind: 'dropout', rate: 0.36, variant: 'element' }, x);
    closeTo(rms(signalOf(builder.network(out), out)), 1.25, 1e-6, 'rms');
  });

  test('alpha dropout: a·x + b or a·d + b, each element by itself, and a gradient of a or nothing', () => {
    const [rate, dropped] = [0.3, -1.7580993408473766];
    const a = 1 / Math.sqrt((1 - rate) * (1 + rate * dropped ** 2));
    const b = -a * dropped * rate;
    const builder = new NetworkBuilder();
    const x = builder.activation(builder.input(width), 'relu');
    const noisy = builder.same({ kind: 'dropout', rate, variant: 'alpha' }, x);
    const out = builder.add({ kind: 'reduction', variant: 'mean', axes: [1] }, [noisy], [{ perBatch: 1 }]);
    const mean = 1 / Math.sqrt(2 * Math.PI);
    const kept = a ** 2 / 2 + 2 * a * b * mean + b ** 2;
    const profile = propagate(builder.network(out), 'standard-normal');
    const [values, before, average] = [noisy, x, out].map((node) => profile.nodes[node] as NodeSignal);
    const square = (1 - rate) * kept + rate * (a * dropped + b) ** 2;
    closeTo(values && rms(values), Math.sqrt(square), 1e-4, 'rms');
    closeTo(average && rms(average), a * (1 - rate) * mean, 1e-3, 'rms of the mean over units');
    const passed = before && values && gradientRms(before) / gradientRms(values);
    closeTo(passed, a * Math.sqrt(1 - rate), 1e-6, 'gradient');
  });

  test('average pooling of independent pixels divides the variance by the window', () => {
    const builder = new NetworkBuilder();
    const x = builder.input(3, 8, 8);
    const padding = [
      { before: 0, after: 0 },
      { before: 0, after: 0 },
    ];
    const pool = {
      kind: 'pooling',
      variant: 'average',
      rank: 2,
      kernel: [2, 2],
      stride: [2, 2],
      padding,
      channelAxis: 1,
    } as const;
    const out = builder.add(pool, [x], [{ perBatch: 1 }, 3, 4, 4]);
    const profile = propagate(builder.network(out), 'standard-normal');
    closeTo(rms(profile.nodes[out] as NodeSignal), 0.5, 1e-6, 'rms');
    closeTo(gradientRms(profile.nodes[x] as NodeSignal), 0.25, 1e-6, 'gradient');
  });

  test('max pooling of four independent normals: mean 1.0294, mean square 1.0294² + 0.4917', () => {
    const builder = new NetworkBuilder();
    const x = builder.input(3, 8, 8);
    const padding = [
      { before: 0, after: 0 },
      { before: 0, after: 0 },
    ];
    const pool = {
      kind: 'pooling',
      variant: 'max',
      rank: 2,
      kernel: [2, 2],
      stride: [2, 2],
      padding,
      channelAxis: 1,
    } as const;
    const out = builder.add(pool, [x], [{ perBatch: 1 }, 3, 4, 4]);
    const profile = propagate(builder.network(out), 'standard-normal');
    closeTo(profile.nodes[out]?.outputMean, 1.0294, 1e-3, 'mean');
    closeTo(rms(profile.nodes[out] as NodeSignal), Math.sqrt(1.0294 ** 2 + 0.4917), 1e-3, 'rms');
    closeTo(gradientRms(profile.nodes[x] as NodeSignal), 0.5, 1e-6, 'gradient goes to one of four');
  });

  test('a padded 3×3 convolution of white noise loses the taps beyond the edge', () => {
    const builder = new NetworkBuilder();
    const x = builder.input(64, 8, 8);
    const padding = [
      { before: 1, after: 1 },
      { before: 1, after: 1 },
    ];
    const convolution = {
      kind: 'convolution',
      rank: 2,
      inChannels: 64,
      outChannels: 64,
      kernel: [3, 3],
      stride: [1, 1],
      padding,
      paddingMode: 'zeros',
      dilation: [1, 1],
      groups: 1,
      transposed: false,
      channelAxis: 1,
    } as const;
    const weight = builder.parameter('weight', [64, 64, 3, 3], variance(1 / 576));
    const out = builder.add(convolution, [x], [{ perBatch: 1 }, 64, 8, 8], [weight]);
    const taps = (3 * 8 - 2) / 8;
    const profile = propagate(builder.network(out), 'standard-normal');
    closeTo(rms(profile.nodes[out] as NodeSignal), Math.sqrt(taps ** 2 / 9), 2e-3, 'rms');
    closeTo(gradientRms(profile.nodes[x] as NodeSignal), Math.sqrt(taps ** 2 / 9), 2e-3, 'gradient');
  });

  test('a tensor reshaped and permuted keeps its numbers', () => {
    const builder = new NetworkBuilder();
    const x = builder.input(16, 7, 7);
    const tokens = builder.add({ kind: 'reshape' }, [x], [{ perBatch: 1 }, 16, 49]);
    const swapped = builder.add({ kind: 'permute', order: [0, 2, 1] }, [tokens], [{ perBatch: 1 }, 49, 16]);
    const out = builder.linear(swapped, 32, variance(2 / 16));
    closeTo(rms(signalOf(builder.network(out), out)), Math.SQRT2, 0.05, 'rms');
  });
});

suite('signal: extreme and broken networks', () => {
  const everyNumberIsFinite = (network: Network, profile = propagate(network, 'standard-normal')) => {
    const text = JSON.stringify(profile, (_, value: unknown) => {
      assert.ok(typeof value !== 'number' || Number.isFinite(value), `not finite: ${String(value)}`);
      return value;
    });
    assert.ok(text.length > 0);
  };

  test('ten thousand shrinking layers: the gradient is 10^-5000 and still a number', () => {
    const builder = new NetworkBuilder();
    let x = builder.input(width);
    const first = x;
    for (let layer = 0; layer < 10_000; layer++) {
      x = builder.activation(builder.linear(x, width, variance(0.2 / width)), 'relu');
    }
    const network = builder.network(x);
    const profile = propagate(network, 'standard-normal');
    closeTo(profile.nodes[first]?.gradient?.log10Rms, 10_000 * Math.log10(Math.sqrt(0.1)), 5, 'gradient');
    closeTo(profile.nodes[x]?.activation?.log10Rms, 10_000 * Math.log10(Math.sqrt(0.1)), 5, 'activation');
    everyNumberIsFinite(network, profile);
  });

  test('a thousand exploding layers overflow any float and say so', () => {
    const builder = new NetworkBuilder();
    let x = builder.input(64);
    for (let layer = 0; layer < 1000; layer++) x = builder.linear(x, 64, variance(1));
    const network = builder.network(x);
    const last = propagate(network, 'standard-normal').nodes[x];
    closeTo(last?.activation?.log10Rms, 1000 * Math.log10(8), 10, 'activation');
    assert.ok(last?.flags.includes('overflow'));
    everyNumberIsFinite(network);
  });

  test('exploding into a saturating activation ends at its asymptotes', () => {
    const builder = new NetworkBuilder();
    let x = builder.input(64);
    for (let layer = 0; layer < 400; layer++) x = builder.linear(x, 64, variance(1));
    x = builder.activation(x, 'tanh');
    const network = builder.network(x);
    const signal = propagate(network, 'standard-normal').nodes[x];
    closeTo(signal?.activation?.log10Rms, 0, 1e-6, 'activation');
    closeTo(signal?.saturated, 1, 1e-6, 'saturated');
    everyNumberIsFinite(network);
  });

  test('unknown operations leave what follows and what precedes them unknown, not guessed', () => {
    const builder = new NetworkBuilder();
    const x = builder.input(64);
    const before = builder.linear(x, 64, variance(1 / 64));
    const odd = builder.same({ kind: 'unknown', reason: 'a call that is not known' }, before);
    const after = builder.linear(odd, 10, variance(1 / 64));
    const profile = propagate(builder.network(after), 'standard-normal');
    assert.ok(profile.nodes[before]?.activation);
    assert.equal(profile.nodes[before]?.gradient, undefined);
    assert.equal(profile.nodes[after]?.activation, undefined);
    for (const node of [before, odd, after]) assert.ok(profile.nodes[node]?.flags.includes('unknown-upstream'));
  });

  test('bad constants, zero widths and unknown shapes give no number rather than a wrong one', () => {
    const cases: ((builder: NetworkBuilder) => NodeId)[] = [
      (builder) => builder.linear(builder.input(64), 64, variance(Number.NaN)),
      (builder) => builder.linear(builder.input(64), 64, variance(Number.POSITIVE_INFINITY)),
      (builder) => builder.linear(builder.input(64), 0, variance(1)),
      (builder) => builder.linear(builder.input(0), 8, variance(1)),
      (builder) => builder.linear(builder.input(64), 64, { kind: 'unknown', reason: 'loaded from a file' }),
      (builder) => builder.add({ kind: 'constant', value: Number.NaN }, [], [{ perBatch: 1 }, 4]),
      (builder) => builder.add({ kind: 'input', index: 0, content: 'real' }, [], [undefined, undefined]),
      (builder) => builder.same({ kind: 'dropout', rate: 1, variant: 'element' }, builder.input(8)),
    ];
    for (const build of cases) {
      const builder = new NetworkBuilder();
      const out = build(builder);
      const network = builder.network(builder.linear(out, 4, variance(1)));
      assert.equal(propagate(network, 'standard-normal').nodes[out]?.activation, undefined);
      everyNumberIsFinite(network);
    }
  });

  test('a gate that begins at zero closes what is not known: the way beside it stays known', () => {
    const builder = new NetworkBuilder();
    const input = builder.input(width);
    const x = builder.linear(input, width, variance(1 / width));
    const unknown = builder.same({ kind: 'unknown', reason: 'not followed' }, x);
    const gate = builder.add({ kind: 'parameter' }, [], [width], [builder.parameter('value', [width], zero)]);
    const sum = builder.same(
      { kind: 'sum', coefficients: [1, 1] },
      builder.same({ kind: 'product' }, gate, unknown),
      x,
    );
    const out = builder.linear(sum, width, variance(1 / width));
    const { nodes } = propagate(builder.network(out, builder.loss('crossEntropyLogits', out)), 'standard-normal');
    closeTo(nodes[sum]?.activation?.log10Rms, 0, 0.01, 'activation');
    assert.ok(nodes[x]?.gradient);
    assert.equal(nodes[unknown]?.activation, undefined);
  });

  test('zero weights stop the signal and the gradient, and the flags say so', () => {
    const builder = new NetworkBuilder();
    const x = builder.input(64);
    const dead = builder.linear(x, 64, zero);
    const out = builder.linear(dead, 10, variance(1 / 64));
    const profile = propagate(builder.network(out), 'standard-normal');
    assert.ok(profile.nodes[dead]?.flags.includes('zero-activation'));
    assert.ok(profile.nodes[x]?.flags.includes('zero-gradient'));
    everyNumberIsFinite(builder.network(out));
  });
});

suite('signal: cost', () => {
  test('ten times the layers are ten times the looks at a node, not a hundred times', () => {
    const looksOf = (depth: number) => {
      const builder = new NetworkBuilder();
      let x = builder.input(64);
      for (let layer = 0; layer < depth; layer++) {
        const noise = builder.same({ kind: 'random', distribution: { kind: 'normal', mean: 0, std: 0.1 } }, x);
        const noisy = builder.same({ kind: 'sum', coefficients: [1, 1] }, x, noise);
        x = builder.activation(builder.linear(noisy, 64, variance(2 / 64)), 'relu');
      }
      const network = builder.network(x);
      let looks = 0;
      const nodes = new Proxy(network.nodes, {
        get: (target, key) => {
          looks++;
          return Reflect.get(target, key);
        },
      });
      propagate({ ...network, nodes }, 'standard-normal');
      return looks;
    };
    const ratio = looksOf(500) / looksOf(50);
    assert.ok(ratio > 8 && ratio < 12, `${ratio} times`);
  });
});
