import assert from 'node:assert/strict';
import { useActivation } from '../../../../src/core/activations/catalogue';
import type { Network, Operation } from '../../../../src/core/network/network';
import { propagate } from '../../../../src/core/signal/moments/propagate';
import { scaledNetwork } from '../../../../src/core/signal/scaling/scaledNetwork';
import { runNetwork } from '../../../../src/core/signal/surrogate/run';
import { NetworkBuilder, variance } from '../networkBuilder';
import { builtKernels } from '../surrogate/kernels';

const samples = { perBatch: 1 };

suite('scaled networks', () => {
  test('widths are halved down to the cap, classes and odd widths stay', () => {
    const builder = new NetworkBuilder(8);
    const wide = builder.activation(builder.linear(builder.input(300), 4096, variance(1)), 'relu');
    const odd = builder.activation(builder.linear(wide, 1001, variance(1)), 'relu');
    const classes = builder.linear(odd, 128, variance(1));
    const network = scaled(builder.network(classes, builder.loss('crossEntropyLogits', classes)), 32);
    assert.deepEqual(widths(network), [32, 1001, 128]);
    assert.deepEqual(
      network.parameters.map(({ shape }) => shape),
      [[32, 300], [32], [1001, 32], [1001], [128, 1001], [128]],
    );
  });

  test('variance times fan-in stays: every linear layer multiplies the mean square as before', () => {
    const builder = new NetworkBuilder(8);
    let x = builder.input(512);
    for (const [index, width] of [1024, 256, 2048].entries()) x = builder.linear(x, width, variance((index + 2) / 512));
    const network = builder.network(builder.linear(x, 512, variance(1 / 512)));
    const rms = (of: Network) =>
      propagate(of, 'standard-normal').nodes.map(({ activation }) => activation?.log10Rms ?? 0);
    const small = rms(scaled(network, 64));
    rms(network).forEach((log10, index) => {
      near(small[index] as number, log10, 0.03);
    });
  });

  test('orthogonal weights keep their variance times fan-in: gain² · fan-in / longer side', () => {
    const builder = new NetworkBuilder(8);
    const distribution = { kind: 'orthogonal', gain: 1.5, rows: 1024, columns: 4096 } as const;
    const x = builder.linear(builder.linear(builder.input(8), 4096, variance(1)), 1024, distribution);
    const network = scaled(builder.network(builder.linear(x, 3, variance(1))), 64);
    const { initialiser, shape } = network.parameters[2] as Network['parameters'][number];
    assert.deepEqual(shape, [64, 64]);
    assert.deepEqual(initialiser.distribution, { kind: 'orthogonal', gain: 1.5, rows: 64, columns: 64 });
  });

  test('what is added or multiplied has one width; where one side must stay, so does the other', () => {
    const builder = new NetworkBuilder(8);
    const first = builder.linear(builder.input(512), 512, variance(1));
    const added = builder.same({ kind: 'sum', coefficients: [1, 1] }, 0, first);
    const output = builder.linear(builder.linear(added, 512, variance(1)), 4, variance(1));
    assert.deepEqual(widths(scaled(builder.network(output), 64)), [512, 64, 4]);
  });

  test('a concatenation is as wide as its parts, a slice of it as the part', () => {
    const network = concatenated(64);
    const [joined, second] = [network.nodes[3], network.nodes[4]];
    assert.deepEqual(joined?.outputShape, [samples, 96 + 64]);
    assert.deepEqual(second?.outputShape, [samples, 64]);
    assert.deepEqual(second?.operation, { kind: 'slice', axis: 1, from: 96, to: 160, step: 1, drop: false });
    runsWhole(network);
  });

  test('heads go before the width of one head, and the variance of q·k stays', () => {
    for (const [heads, expected] of [
      [16, [1, 64]],
      [12, [3, 64]],
      [4, [1, 64]],
    ] as const) {
      const network = scaled(attention(heads, heads === 4 ? 256 : 64), 64);
      const attended = network.nodes.find(({ operation }) => operation.kind === 'attention');
      assert.deepEqual([attended?.outputShape?.[1], attended?.outputShape?.[3]], expected, `${heads} heads`);
      runsWhole(network);
    }
    const narrow = scaled(attention(3, 256), 64).nodes.find(({ operation }) => operation.kind === 'attention');
    assert.equal(narrow?.outputShape?.[3], 64);
    assert.equal(narrow?.operation.kind === 'attention' && narrow.operation.scale, (1 / 16) * 2);
  });

  test('grouped and depthwise convolutions: as large groups, one channel each', () => {
    const builder = new NetworkBuilder(4);
    let x = convolution(builder, builder.input(3, 8, 8), 256, 1);
    x = convolution(builder, x, 256, 32);
    x = convolution(builder, x, 256, 256);
    const network = scaled(builder.network(convolution(builder, x, 5, 1)), 64);
    const shapes = network.parameters.map(({ shape }) => shape);
    assert.deepEqual(shapes, [
      [64, 3, 3, 3],
      [64, 8, 3, 3],
      [64, 1, 3, 3],
      [5, 64, 3, 3],
    ]);
    runsWhole(network);
  });

  test('a gated linear unit is half as wide, pixel shuffle keeps its r² channels', () => {
    const builder = new NetworkBuilder(4);
    const wide = builder.linear(builder.input(16), 512, variance(1));
    const gate = useActivation('sigmoid');
    const gated = builder.add({ kind: 'gatedLinearUnit', gate, axis: 1 }, [wide], [samples, 256]);
    const units = scaled(builder.network(builder.linear(gated, 3, variance(1))), 64);
    assert.deepEqual(units.nodes[2]?.outputShape, [samples, 64]);
    runsWhole(units);
    const pictures = new NetworkBuilder(4);
    const channels = convolution(pictures, pictures.input(3, 8, 8), 256, 1);
    const shuffled = pictures.add({ kind: 'pixelShuffle', factor: 2 }, [channels], [samples, 64, 16, 16]);
    const shuffle = scaled(pictures.network(convolution(pictures, shuffled, 3, 1)), 32);
    assert.deepEqual(shuffle.nodes[2]?.outputShape, [samples, 8, 16, 16]);
    runsWhole(shuffle);
  });

  test('maps lose what every stride leaves whole; flattened, the linear layer sees channels times positions', () => {
    const builder = new NetworkBuilder(4);
    const first = convolution(builder, builder.input(3, 32, 32), 128, 1, 2);
    const second = convolution(builder, first, 128, 1, 2);
    const flat = builder.add({ kind: 'reshape' }, [second], [samples, 128 * 64]);
    const network = scaled(builder.network(builder.linear(flat, 10, variance(1))), 64, new Map([[32, 16]]));
    assert.deepEqual(
      network.nodes.map(({ outputShape }) => outputShape),
      [
        [samples, 3, 16, 16],
        [samples, 64, 8, 8],
        [samples, 64, 4, 4],
        [samples, 1024],
        [samples, 10],
      ],
    );
    runsWhole(network);
  });

  test('maps that would not fit every window stay: no copy with smaller ones', () => {
    const builder = new NetworkBuilder(4);
    const first = convolution(builder, builder.input(3, 32, 32), 128, 1, 2);
    assert.equal(scaledNetwork(builder.network(first), { width: 64, map: new Map([[32, 5]]) }), undefined);
  });

  test('an embedding that is tied to the output layer keeps the size of its values', () => {
    const builder = new NetworkBuilder(4);
    const tokens = builder.add({ kind: 'input', index: 0, content: 'tokens' }, [], [samples, 6]);
    const table = builder.parameter('weight', [50, 512], variance(1e-4));
    const embedded = builder.add({ kind: 'embedding', count: 50, features: 512 }, [tokens], [samples, 6, 512], [table]);
    const logits = builder.add(
      { kind: 'linear', inFeatures: 512, outFeatures: 50 },
      [embedded],
      [samples, 6, 50],
      [table],
    );
    const network = scaled(builder.network(logits), 64);
    assert.deepEqual(network.parameters[0]?.shape, [50, 64]);
    assert.deepEqual(network.parameters[0]?.initialiser.distribution, variance(1e-4));
    runsWhole(network);
  });

  test('recurrent cells: every gate narrower, both ways', () => {
    const builder = new NetworkBuilder(4);
    const cell = recurrent(builder, builder.input(5, 20), 256);
    const network = scaled(builder.network(builder.linear(cell, 3, variance(1))), 64);
    assert.deepEqual(network.nodes[1]?.outputShape, [samples, 5, 128]);
    assert.deepEqual(
      network.parameters.slice(0, 3).map(({ shape }) => shape),
      [[256, 20], [256, 64], [256]],
    );
    runsWhole(network);
  });

  test('a softmax over units, a sum over units: they stay', () => {
    const builder = new NetworkBuilder(4);
    const hidden = builder.linear(builder.input(16), 512, variance(1));
    const soft = builder.same({ kind: 'softmax', variant: 'softmax', axis: 1 }, hidden);
    assert.deepEqual(widths(scaled(builder.network(builder.linear(soft, 3, variance(1))), 64)), [512, 3]);
    const other = new NetworkBuilder(4);
    const summed = other.add(
      { kind: 'reduction', variant: 'sum', axes: [1] },
      [other.linear(other.input(16), 512, variance(1))],
      [samples],
    );
    assert.deepEqual(widths(scaled(other.network(summed), 64)), [512]);
  });

  test('sizes that are not known: no copy', () => {
    const builder = new NetworkBuilder(4);
    const strange = builder.add({ kind: 'unknown', reason: 'strange' }, [builder.input(512)], [samples, undefined]);
    assert.equal(scaledNetwork(builder.network(strange), { width: 64, map: new Map() }), undefined);
  });
});

function scaled(network: Network, width: number, map: ReadonlyMap<number, number> = new Map()): Network {
  const result = scaledNetwork(network, { width, map });
  assert.ok(result);
  return result;
}

/** Output sizes of the linear layers. */
function widths({ nodes }: Network): readonly number[] {
  return nodes.flatMap(({ operation }) => (operation.kind === 'linear' ? [operation.outFeatures] : []));
}

/** Every node has an activation, and no gradient is unknown. */
function runsWhole(network: Network): void {
  const run = runNetwork({ network, statistics: 'standard-normal', multiply: builtKernels(), seed: 1, batch: 2 });
  network.nodes.forEach(({ operation }, index) => {
    const own = run?.[index];
    assert.ok(Number.isFinite(own?.activation), `${index} ${operation.kind} has no activation`);
    assert.notEqual(own?.gradient, 'unknown', `${index} ${operation.kind}`);
  });
}

function concatenated(width: number): Network {
  const builder = new NetworkBuilder(8);
  const input = builder.input(10);
  const [first, second] = [192, 256].map((size) => builder.linear(input, size, variance(1))) as [number, number];
  const joined = builder.add({ kind: 'concat', axis: 1 }, [first, second], [samples, 448]);
  const slice: Operation = { kind: 'slice', axis: 1, from: 192, to: 448, step: 1, drop: false };
  const part = builder.add(slice, [joined], [samples, 256]);
  const both = builder.same({ kind: 'product' }, part, second);
  return scaled(builder.network(builder.linear(both, 2, variance(1))), width);
}

/** Queries, keys and values from one linear layer, cut in three, split into heads. */
function attention(heads: number, width: number): Network {
  const builder = new NetworkBuilder(4);
  const features = heads * width;
  const joint = builder.linear(builder.input(6, 32), 3 * features, variance(1));
  const parts = [0, 1, 2].map((part) => {
    const slice = { kind: 'slice', axis: 2, from: part * features, to: (part + 1) * features } as const;
    const own = builder.add({ ...slice, step: 1, drop: false }, [joint], [samples, 6, features]);
    const split = builder.add({ kind: 'reshape' }, [own], [samples, 6, heads, width]);
    return builder.add({ kind: 'permute', order: [0, 2, 1, 3] }, [split], [samples, heads, 6, width]);
  });
  const operation = { kind: 'attention', scale: 1 / Math.sqrt(width), isCausal: false, dropout: 0 } as const;
  const attended = builder.add(operation, parts, [samples, heads, 6, width]);
  const turned = builder.add({ kind: 'permute', order: [0, 2, 1, 3] }, [attended], [samples, 6, heads, width]);
  const flat = builder.add({ kind: 'reshape' }, [turned], [samples, 6, features]);
  return builder.network(builder.linear(flat, 32, variance(1)));
}

function convolution(builder: NetworkBuilder, input: number, outChannels: number, groups: number, stride = 1): number {
  const [, inChannels, height, width] = builder.shapeOf(input) as [unknown, number, number, number];
  const pad = { before: 1, after: 1 };
  return builder.add(
    {
      kind: 'convolution',
      rank: 2,
      inChannels,
      outChannels,
      kernel: [3, 3],
      stride: [stride, stride],
      padding: [pad, pad],
      paddingMode: 'zeros',
      dilation: [1, 1],
      groups,
      transposed: false,
      channelAxis: 1,
    },
    [input],
    [samples, outChannels, height / stride, width / stride],
    [builder.parameter('weight', [outChannels, inChannels / groups, 3, 3], variance(1))],
  );
}

function recurrent(builder: NetworkBuilder, input: number, hiddenFeatures: number): number {
  const [, steps, inputFeatures] = builder.shapeOf(input) as [unknown, number, number];
  const parameters = ['', 'Reverse'].flatMap((suffix) => [
    builder.parameter(`inputWeight0${suffix}`, [4 * hiddenFeatures, inputFeatures], variance(0.01)),
    builder.parameter(`recurrentWeight0${suffix}`, [4 * hiddenFeatures, hiddenFeatures], variance(0.01)),
    builder.parameter(`inputBias0${suffix}`, [4 * hiddenFeatures], variance(0.01)),
  ]);
  return builder.add(
    {
      kind: 'recurrent',
      cell: 'lstm',
      activation: useActivation('tanh'),
      gateActivation: useActivation('sigmoid'),
      inputFeatures,
      hiddenFeatures,
      layers: 1,
      isBidirectional: true,
      timeAxis: 1,
      returnsSequence: true,
      dropout: 0,
      forgetBias: 0,
    },
    [input],
    [samples, steps, 2 * hiddenFeatures],
    parameters,
  );
}

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} for ${expected}`);
}
