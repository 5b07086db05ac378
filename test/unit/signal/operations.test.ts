import assert from 'node:assert/strict';
import { useActivation } from '../../../src/core/activations/catalogue';
import type { Dim, Distribution, Operation } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance, zero } from './networkBuilder';

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
    name: 'bilinear upsampling',
    operation: { kind: 'upsample', factors: [2, 2], mode: 'linear', channelAxis: 1 },
    outputShape: [samples, 64, 16, 16],
    activation: 0.672,
    gradient: 1.3428,
  },
  {
    name: 'bilinear upsampling by three',
    operation: { kind: 'upsample', factors: [3, 3], mode: 'linear', channelAxis: 1 },
    outputShape: [samples, 64, 24, 24],
    activation: 0.7408,
    gradient: 2.2232,
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

suite('signal: operations against closed forms', () => {
  const log10 = (value: number | undefined) => (value === undefined ? Number.NaN : 10 ** value);

  test('a norm scales by γ and shifts by β, and its gradient is scaled by γ', () => {
    const through = (scale: Distribution, shift: Distribution) => {
      const builder = new NetworkBuilder(16);
      const input = builder.input(64, 8, 8);
      const uses = [builder.parameter('weight', [64], scale), builder.parameter('bias', [64], shift)];
      const out = builder.add(normalisation('instance', 1), [input], [samples, 64, 8, 8], uses);
      const { nodes } = propagate(builder.network(out), 'standard-normal');
      return { output: nodes[out], gradient: log10(nodes[input]?.gradient?.log10Rms) };
    };
    const constant = (value: number): Distribution => ({ kind: 'constant', value });
    const plain = through(constant(1), zero);
    const halved = through(constant(0.5), constant(2));
    assert.ok(Math.abs(log10(halved.output?.activation?.log10Rms) - Math.sqrt(0.25 + 4)) < 1e-4);
    assert.ok(Math.abs((halved.output?.outputMean ?? 0) - 2) < 1e-4);
    assert.ok(Math.abs(halved.gradient / plain.gradient - 0.5) < 1e-4);
    const random = through({ kind: 'normal', mean: 1, std: 0.5 }, zero);
    assert.ok(Math.abs(log10(random.output?.activation?.log10Rms) - Math.sqrt(1.25)) < 1e-4);
    assert.ok(Math.abs(random.gradient / plain.gradient - Math.sqrt(1.25)) < 1e-4);
  });

  test('what is multiplied onto every unit gets the gradient of all of them', () => {
    const builder = new NetworkBuilder(64);
    const units = builder.input(64);
    const gate = builder.input(1);
    const out = builder.add({ kind: 'product' }, [units, gate], [samples, 64]);
    const { nodes } = propagate(builder.network(out), 'standard-normal');
    assert.ok(Math.abs(log10(nodes[units]?.gradient?.log10Rms) - 1) < 1e-4);
    assert.ok(Math.abs(log10(nodes[gate]?.gradient?.log10Rms) - 8) < 1e-4);
  });

  test('one place of a flattened map has the gradient that reaches it, the others none', () => {
    const builder = new NetworkBuilder(64);
    const map = builder.input(32, 4, 4);
    const tokens = builder.same({ kind: 'permute', order: [0, 2, 3, 1] }, map);
    const flat = builder.add({ kind: 'reshape' }, [tokens], [samples, 16, 32]);
    const out = builder.add({ kind: 'slice', axis: 1, from: 0, to: 1, step: 1, drop: true }, [flat], [samples, 32]);
    const { nodes } = propagate(builder.network(out), 'standard-normal');
    assert.ok(Math.abs(log10(nodes[out]?.activation?.log10Rms) - 1) < 1e-4);
    assert.ok(Math.abs(log10(nodes[flat]?.gradient?.log10Rms) - 1 / 4) < 1e-4);
  });

  test('a mean over the losses of the samples is the mean loss', () => {
    const gradientOf = (isMeanOfSamples: boolean) => {
      const builder = new NetworkBuilder(16);
      const input = builder.input(10);
      const reduction = isMeanOfSamples ? 'none' : 'mean';
      const loss = builder.add(
        { kind: 'loss', loss: 'crossEntropyLogits', reduction },
        [input],
        isMeanOfSamples ? [samples] : [],
      );
      const end = isMeanOfSamples ? builder.add({ kind: 'reduction', variant: 'mean', axes: [0] }, [loss], []) : loss;
      return propagate(builder.network(input, end), 'standard-normal').nodes[input]?.gradient?.log10Rms ?? Number.NaN;
    };
    assert.ok(Math.abs(gradientOf(true) - gradientOf(false)) < 1e-6);
  });

  test('an element that is picked twice counts twice: x₂ + x₂ + x₅ + x₇ of independent elements', () => {
    const builder = new NetworkBuilder(16);
    const input = builder.input(8, 32);
    const picked = builder.add({ kind: 'pick', axis: 1, places: [2, 2, 5, 7] }, [input], [samples, 4, 32]);
    const out = builder.add({ kind: 'reduction', variant: 'sum', axes: [1] }, [picked], [samples, 32]);
    const { nodes } = propagate(builder.network(out), 'standard-normal');
    assert.ok(Math.abs(log10(nodes[out]?.activation?.log10Rms) - Math.sqrt(4 + 1 + 1)) < 1e-4);
    assert.ok(Math.abs(log10(nodes[input]?.gradient?.log10Rms) - Math.sqrt((4 + 1 + 1) / 8)) < 1e-4);
  });

  test('a weight that two layers share has the gradient of both: their mean squares add', () => {
    const build = (isShared: boolean) => {
      const builder = new NetworkBuilder(64);
      const input = builder.input(96);
      const drawn = () => builder.parameter('weight', [96, 96], variance(1 / 96));
      const first = drawn();
      const operation = { kind: 'linear', inFeatures: 96, outFeatures: 96 } as const;
      const hidden = builder.add(operation, [input], builder.shapeOf(input), [first]);
      const out = builder.add(operation, [hidden], builder.shapeOf(input), [isShared ? first : drawn()]);
      const { nodes } = propagate(builder.network(out), 'standard-normal');
      return [hidden, out].map((id) => 100 ** (nodes[id]?.weightGradient?.log10Rms ?? Number.NaN));
    };
    const apart = build(false);
    const sum = (apart[0] as number) + (apart[1] as number);
    for (const square of build(true)) assert.ok(Math.abs(square / sum - 1) < 1e-9);
  });

  test('a column times a row: neither operand has all axes of the product', () => {
    const builder = new NetworkBuilder(512);
    const column = builder.input(1);
    const table = builder.add({ kind: 'constant', value: undefined, moments: { mean: 0, square: 4 } }, [], [256]);
    const row = builder.add({ kind: 'reshape' }, [table], [1, 256]);
    const out = builder.add({ kind: 'product' }, [column, row], [samples, 256]);
    const { nodes } = propagate(builder.network(out), 'standard-normal');
    assert.ok(Math.abs(log10(nodes[out]?.activation?.log10Rms) - 2) < 0.02);
    // Σ gᵢ rᵢ of 256.
    assert.ok(Math.abs(log10(nodes[column]?.gradient?.log10Rms) - 32) < 0.3);
  });

  test('padding by copies repeats elements: x₁ + x₁ + x₁ + x₂ + … + x₈', () => {
    const builder = new NetworkBuilder(16);
    const input = builder.input(8, 32);
    const padding = [0, 2, 0].map((before) => ({ before, after: 0 }));
    const padded = builder.add({ kind: 'pad', padding, value: 0, copies: 'replicate' }, [input], [samples, 10, 32]);
    const out = builder.add({ kind: 'reduction', variant: 'sum', axes: [1] }, [padded], [samples, 32]);
    const { nodes } = propagate(builder.network(out), 'standard-normal');
    assert.ok(Math.abs(log10(nodes[out]?.activation?.log10Rms) - Math.sqrt(9 + 7)) < 1e-4);
    assert.ok(Math.abs(log10(nodes[input]?.gradient?.log10Rms) - Math.sqrt((9 + 7) / 8)) < 1e-4);
  });

  test('a batch of one sample is flattened like any other', () => {
    const builder = new NetworkBuilder(1);
    const map = builder.input(32, 4, 4);
    const flat = builder.add({ kind: 'reshape' }, [map], [samples, 512]);
    const out = builder.linear(flat, 10, variance(1 / 512));
    const { nodes } = propagate(builder.network(out), 'standard-normal');
    // Ten units: the logarithm's mean is short of that of the mean.
    assert.ok(Math.abs((nodes[out]?.activation?.log10Rms ?? Number.NaN) + 1 / 10 / 2 / Math.LN10) < 1e-3);
    assert.ok(Math.abs((nodes[map]?.gradient?.log10Rms ?? Number.NaN) - Math.log10(10 / 512) / 2) < 0.05);
    const row = builder.input(512);
    const folded = builder.add({ kind: 'reshape' }, [row], [samples, 8, 64]);
    const again = builder.add({ kind: 'reshape' }, [folded], [samples, 512]);
    const both = builder.add(
      { kind: 'sum', coefficients: [1, 1] },
      [again, builder.linear(row, 512, variance(1 / 512))],
      [samples, 512],
    );
    const sum = propagate(builder.network(both), 'standard-normal').nodes[both];
    assert.ok(Math.abs((sum?.activation?.log10Rms ?? Number.NaN) - Math.log10(2) / 2) < 0.01);
  });

  test('positions in blocks of four: their mean is what pooling gives, and put together again they are as they were', () => {
    const through = (way: 'pooled' | 'blocks' | 'plain' | 'roundabout') => {
      const builder = new NetworkBuilder(16);
      const input = builder.input(32, 1, 16);
      const smooth = {
        ...(convolution({ kernel: 3, padding: 1 }) as Extract<Operation, { kind: 'convolution' }>),
        inChannels: 32,
        outChannels: 32,
      };
      const kernel = (of: number) => [builder.parameter('weight', [32, 32, 3, 3], variance(1 / (32 * 3 * of)))];
      const map = builder.add(smooth, [input], [samples, 32, 1, 16], kernel(1));
      const pool: Operation = {
        ...{ kind: 'pooling', variant: 'average', rank: 2, kernel: [1, 4], stride: [1, 4] },
        ...{ padding: even(0), channelAxis: 1 },
      };
      const blocks = () => builder.add({ kind: 'reshape' }, [map], [samples, 32, 1, 4, 4]);
      const mean: Operation = { kind: 'reduction', variant: 'mean', axes: [4] };
      const ways = {
        pooled: () => builder.add(pool, [map], [samples, 32, 1, 4]),
        blocks: () => builder.add(mean, [blocks()], [samples, 32, 1, 4]),
        plain: () => builder.add(smooth, [map], [samples, 32, 1, 16], kernel(2)),
        roundabout: () =>
          builder.add(
            smooth,
            [builder.add({ kind: 'reshape' }, [blocks()], [samples, 32, 1, 16])],
            [samples, 32, 1, 16],
            kernel(2),
          ),
      };
      const out = ways[way]();
      const { nodes } = propagate(builder.network(out), 'standard-normal');
      return [nodes[out]?.activation?.log10Rms, nodes[map]?.gradient?.log10Rms, nodes[input]?.gradient?.log10Rms];
    };
    for (const [one, other] of [
      [through('pooled'), through('blocks')],
      [through('plain'), through('roundabout')],
    ] as const) {
      one.forEach((value, index) => {
        assert.ok(
          Math.abs((value ?? Number.NaN) - (other[index] ?? Number.NaN)) < 1e-3,
          `${value} and ${other[index]}`,
        );
      });
    }
  });

  test('tensors of different size side by side have the mean of their mean squares, each the gradient of its part', () => {
    const builder = new NetworkBuilder(64);
    const input = builder.input(4096);
    const parts = [1, 9].map((square) => builder.linear(input, 4096, variance(square / 4096)));
    const out = builder.add({ kind: 'stack', axis: 1 }, parts, [samples, 2, 4096]);
    const { nodes } = propagate(builder.network(out), 'standard-normal');
    assert.ok(Math.abs(log10(nodes[out]?.activation?.log10Rms) - Math.sqrt(5)) < 1e-2);
    for (const part of parts) assert.ok(Math.abs(log10(nodes[part]?.gradient?.log10Rms) - 1) < 1e-3);
    const positive = parts.map((part) => builder.activation(part, 'relu'));
    const stacked = builder.add({ kind: 'stack', axis: 1 }, positive, [samples, 2, 4096]);
    const sum = builder.add({ kind: 'reduction', variant: 'sum', axes: [1] }, [stacked], [samples, 4096]);
    // Rectified normals of variance 1 and 9: squares of 1/2 and 9/2, means of 1/√2π and 3/√2π.
    const expected = Math.sqrt(5 + 6 / (2 * Math.PI));
    const found = propagate(builder.network(sum), 'standard-normal').nodes[sum];
    assert.ok(Math.abs(log10(found?.activation?.log10Rms) - expected) < 0.02);
  });
});
