import assert from 'node:assert/strict';
import type { Dim, NodeId, Operation } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const samples: Dim = { perBatch: 1 };
const tokens = 12;
const features = 48;
const root = (square: number) => Math.log10(square) / 2;
const near = (actual: number | undefined, expected: number, tolerance = 0.002) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${actual}, not ${expected}`);

class Builder extends NetworkBuilder {
  transposed(id: NodeId): NodeId {
    const [batch, rows, columns] = this.shapeOf(id);
    return this.add({ kind: 'permute', order: [0, 2, 1] }, [id], [batch, columns, rows]);
  }

  product(first: NodeId, second: NodeId): NodeId {
    const [batch, rows] = this.shapeOf(first);
    return this.add({ kind: 'matmul' }, [first, second], [batch, rows, this.shapeOf(second)[2]]);
  }

  signal(output: NodeId) {
    return propagate(this.network(output), 'standard-normal').nodes;
  }
}

/** Queries and keys of independent tokens: every element has variance 4 and 9. */
function scores() {
  const net = new Builder();
  const x = net.input(tokens, features);
  const query = net.linear(x, features, variance(4 / features));
  const key = net.linear(x, features, variance(9 / features));
  return { net, x, query, key, scores: net.product(query, net.transposed(key)) };
}

suite('signal: products of activations', () => {
  test('q kᵀ sums independent products: σq σk √d; each gradient is the sum over what the other meets', () => {
    const { net, query, key, scores: product } = scores();
    const signal = net.signal(product);
    near(signal[product]?.activation?.log10Rms, root(features * 4 * 9));
    near(signal[query]?.gradient?.log10Rms, root(tokens * 9), 0.01);
    near(signal[key]?.gradient?.log10Rms, root(tokens * 4), 0.01);
  });

  test('tokens weighted by Σ v x of their own are weighted as by a linear layer of one unit, where v has mean zero', () => {
    const weighted = (scoresOf: (net: Builder, x: NodeId) => NodeId) => {
      const net = new Builder();
      const x = net.linear(net.input(tokens, features), features, variance(1 / features));
      const soft = net.same({ kind: 'softmax', variant: 'softmax', axis: 2 }, scoresOf(net, x));
      const output = net.product(soft, x);
      const signal = net.signal(output);
      return [signal[output]?.activation, signal[x]?.gradient].map((estimate) => estimate?.log10Rms);
    };
    const byLayer = weighted((net, x) => net.transposed(net.linear(x, 1, variance(1 / features))));
    const byVector = (mean: number) =>
      weighted((net, x) => {
        const draw = { kind: 'normal', mean, std: 1 / Math.sqrt(features) } as const;
        const vector = net.add({ kind: 'parameter' }, [], [features], [net.parameter('value', [features], draw)]);
        const product = net.same({ kind: 'product' }, x, vector);
        const sum = net.add({ kind: 'reduction', variant: 'sum', axes: [2] }, [product], [samples, tokens]);
        return net.add({ kind: 'reshape' }, [sum], [samples, 1, tokens]);
      });
    byVector(0).forEach((estimate, at) => {
      near(estimate, byLayer[at] ?? Number.NaN, 0.01);
    });
    assert.deepEqual(byVector(1), [undefined, undefined]);
  });

  test('a sum over tokens keeps what they have in common: n² where they are the same, n where they are independent', () => {
    const net = new Builder();
    const x = net.input(1, features);
    const copies = net.add({ kind: 'expand' }, [x], [samples, tokens, features]);
    const [first, second] = [4, 9].map((square) => net.linear(copies, features, variance(square / features)));
    const product = net.product(net.transposed(first as NodeId), second as NodeId);
    near(net.signal(product)[product]?.activation?.log10Rms, root(tokens * tokens * 4 * 9));
  });

  test('units that all have a mean share it: n E[a²] E[b²] + n (n − 1) E[a]² E[b]²', () => {
    const net = new Builder();
    const x = net.input(tokens, features);
    const [first, second] = [1, 2].map(() => net.activation(net.linear(x, features, variance(1 / features)), 'relu'));
    const product = net.product(first as NodeId, net.transposed(second as NodeId));
    const shared = (features * (features - 1)) / (2 * Math.PI) ** 2;
    near(net.signal(product)[product]?.activation?.log10Rms, root(features / 4 + shared));
  });

  test('a matrix of parameters times tokens is a layer over the tokens', () => {
    const net = new Builder();
    const x = net.input(tokens, features);
    const value = net.parameter('value', [20, tokens], variance(0.25));
    const weight = net.add({ kind: 'parameter' }, [], [20, tokens], [value]);
    const product = net.add({ kind: 'matmul' }, [weight, x], [samples, 20, features]);
    const signal = net.signal(product);
    near(signal[product]?.activation?.log10Rms, root(tokens * 0.25));
    near(signal[x]?.gradient?.log10Rms, root(20 * 0.25));
    near(signal[weight]?.gradient?.log10Rms, root(net.batchSize * features));
  });

  test('x xᵀ is no product of independent tensors, and neither is x times what a norm makes of it: unknown', () => {
    for (const between of [undefined, { kind: 'activation' }] as const) {
      const net = new Builder();
      const x = net.input(tokens, features);
      const h = net.linear(x, features, variance(1 / features));
      const product = net.product(h, net.transposed(between ? net.activation(h, 'tanh') : h));
      assert.ok(net.signal(product)[product]?.flags.includes('unknown-upstream'));
    }
  });
});

suite('signal: elementwise products', () => {
  test('a gate of one unit a token is shared by all features: their gradients are its size, its own sums over them', () => {
    for (const turned of [false, true]) {
      const net = new Builder();
      const x = net.input(tokens, features);
      const value = net.linear(x, features, variance(4 / features));
      const gate = net.linear(x, 1, variance(9 / features));
      const inputs = turned ? [gate, value] : [value, gate];
      const product = net.add({ kind: 'product' }, inputs, [samples, tokens, features]);
      const signal = net.signal(product);
      near(signal[product]?.activation?.log10Rms, root(4 * 9), 0.02);
      near(signal[value]?.gradient?.log10Rms, root(9), 0.02);
      near(signal[gate]?.gradient?.log10Rms, root(features * 4), 0.02);
    }
  });
});

suite('signal: softmax over tokens', () => {
  const softmax: Operation = { kind: 'softmax', variant: 'softmax', axis: 2 };

  test('of equal logits every share is 1/n; what all logits have in common cancels', () => {
    const { net, scores: product } = scores();
    const small = net.same({ kind: 'sum', coefficients: [1e-3] }, product);
    const shares = net.same(softmax, small);
    near(net.signal(shares)[shares]?.activation?.log10Rms, -Math.log10(tokens));
    const shift = net.add({ kind: 'constant', value: 5 }, [], []);
    const shifted = net.same({ kind: 'sum', coefficients: [1, 1] }, small, shift);
    const same = net.same(softmax, shifted);
    near(net.signal(same)[same]?.activation?.log10Rms, -Math.log10(tokens));
  });

  test('of independent logits of variance v the squared shares sum to e^v/n, where n is large', () => {
    const net = new Builder();
    const count = 400;
    const x = net.input(count, features);
    const [query, key] = [1, 2].map(() => net.linear(x, features, variance(0.5 / features)));
    const scaled = net.same(
      { kind: 'sum', coefficients: [features ** -0.5] },
      net.product(query as NodeId, net.transposed(key as NodeId)),
    );
    const shares = net.same(softmax, scaled);
    near(net.signal(shares)[shares]?.activation?.log10Rms, root(Math.exp(0.25) / count ** 2), 0.01);
  });

  test('the shares sum to one, so that a gradient by their sum stops there', () => {
    const { net, query, scores: product } = scores();
    const scaled = net.same({ kind: 'sum', coefficients: [0.01] }, product);
    const shares = net.same(softmax, scaled);
    const sum = net.add({ kind: 'reduction', variant: 'sum', axes: [2] }, [shares], [samples, tokens]);
    const signal = net.signal(sum);
    near(signal[sum]?.activation?.log10Rms, 0, 1e-6);
    const gradient = signal[query]?.gradient;
    assert.ok(!gradient || gradient.log10Rms < -7, `${gradient?.log10Rms}`);
  });
});

suite('signal: windows of a picture', () => {
  test('windows that attend by products with a bias and are put back are added to the picture they were cut from', () => {
    const net = new Builder();
    const windows: Dim = { perBatch: 4 };
    const x = net.linear(net.input(8, 8, features), features, variance(1 / features));
    const cut = net.add({ kind: 'reshape' }, [x], [samples, 2, 4, 2, 4, features]);
    const turned = net.add({ kind: 'permute', order: [0, 1, 3, 2, 4, 5] }, [cut], [samples, 2, 2, 4, 4, features]);
    const each = net.add({ kind: 'reshape' }, [turned], [windows, 16, features]);
    const [query, key, value] = [1, 2, 3].map(() => net.linear(each, features, variance(0.1 / features)));
    const bias = net.parameter('value', [16, 16], variance(0.1));
    const table = net.add({ kind: 'parameter' }, [], [16, 16], [bias]);
    const product = net.product(query as NodeId, net.transposed(key as NodeId));
    const shares = net.same(
      { kind: 'softmax', variant: 'softmax', axis: 2 },
      net.same({ kind: 'sum', coefficients: [0.1, 1] }, product, table),
    );
    const mixed = net.product(shares, value as NodeId);
    const apart = net.add({ kind: 'reshape' }, [mixed], [samples, 2, 2, 4, 4, features]);
    const back = net.add({ kind: 'permute', order: [0, 1, 3, 2, 4, 5] }, [apart], [samples, 2, 4, 2, 4, features]);
    const whole = net.add({ kind: 'reshape' }, [back], [samples, 8, 8, features]);
    const sum = net.same({ kind: 'sum', coefficients: [1, 1] }, x, whole);
    const signal = net.signal(sum);
    assert.deepEqual(
      signal.filter(({ flags }) => flags.includes('unknown-upstream')),
      [],
    );
    near(
      signal[sum]?.activation?.log10Rms,
      root(1 + 0.1 * 10 ** (2 * (signal[shares]?.activation?.log10Rms ?? 0)) * 16),
      0.001,
    );
  });
});

suite('signal: places of a picture as channels', () => {
  test('a convolution over channels that are places of a window has a weight for each: √(σ² · channels) forth, √(σ² · outputs) back', () => {
    const net = new Builder();
    const x = net.linear(net.input(8, 8, 4), 4, variance(1 / 4));
    const cut = net.add({ kind: 'reshape' }, [x], [samples, 2, 4, 2, 4, 4]);
    const turned = net.add({ kind: 'permute', order: [0, 2, 4, 5, 1, 3] }, [cut], [samples, 4, 4, 4, 2, 2]);
    const channels = net.add({ kind: 'reshape' }, [turned], [samples, 64, 2, 2]);
    const none = [
      { before: 0, after: 0 },
      { before: 0, after: 0 },
    ];
    const convolution: Operation = {
      kind: 'convolution',
      rank: 2,
      inChannels: 64,
      outChannels: 10,
      kernel: [1, 1],
      stride: [1, 1],
      padding: none,
      paddingMode: 'zeros',
      dilation: [1, 1],
      groups: 1,
      transposed: false,
      channelAxis: 1,
    };
    const weights = [net.parameter('weight', [10, 64, 1, 1], variance(0.5)), net.parameter('bias', [10], variance(0))];
    const output = net.add(convolution, [channels], [samples, 10, 2, 2], weights);
    const gate = net.parameter('value', [10, 1, 1], variance(1));
    const scale = net.add({ kind: 'parameter' }, [], [10, 1, 1], [gate]);
    const scaled = net.same({ kind: 'product' }, output, scale);
    const signal = net.signal(scaled);
    near(signal[output]?.activation?.log10Rms, root(64 * 0.5), 0.01);
    near(signal[x]?.gradient?.log10Rms, root(10 * 0.5), 0.03);
  });
});

suite('signal: quotients', () => {
  const divide: Operation = {
    kind: 'elementwise',
    expression: {
      kind: 'apply',
      primitive: 'divide',
      operands: [
        { kind: 'input', index: 0 },
        { kind: 'input', index: 1 },
      ],
    },
  };

  test('x/s with s of mean 4 that varies by a tenth: E[1/s²] = (1 + 3 v)/16, and −x/s² in size', () => {
    const net = new Builder();
    const x = net.input(tokens, features);
    const value = net.linear(x, features, variance(1 / features));
    const noise = net.linear(x, features, variance(0.16 / features));
    const shift = net.add({ kind: 'constant', value: 4 }, [], []);
    const size = net.same({ kind: 'sum', coefficients: [1, 1] }, noise, shift);
    const quotient = net.same(divide, value, size);
    const signal = net.signal(quotient);
    near(signal[quotient]?.activation?.log10Rms, root(1.03 / 16));
    near(signal[value]?.gradient?.log10Rms, root(1.03 / 16));
    near(signal[size]?.gradient?.log10Rms, root(1.04 ** 2 / 256), 0.005);
  });

  test('a denominator that comes near zero is unknown, and so is one that the numerator is made of', () => {
    for (const own of [false, true]) {
      const net = new Builder();
      const x = net.input(tokens, features);
      const value = net.linear(x, features, variance(1 / features));
      const other = net.linear(x, features, variance(1 / features));
      const shift = net.add({ kind: 'constant', value: own ? 40 : 1 }, [], []);
      const size = net.same({ kind: 'sum', coefficients: [1, 1] }, own ? value : other, shift);
      const quotient = net.same(divide, value, size);
      assert.ok(net.signal(quotient)[quotient]?.flags.includes('unknown-upstream'));
    }
  });
});

suite('signal: resampling', () => {
  const resample = (mode: 'nearest' | 'linear', factor: number, count: number) => {
    const net = new NetworkBuilder();
    const x = net.input(8, 3, 3);
    const operation: Operation = { kind: 'upsample', factors: [factor, factor], mode, channelAxis: 1 };
    const output = net.add(operation, [x], [samples, 8, count, count]);
    const signal = propagate(net.network(output), 'standard-normal').nodes;
    return { output: signal[output], input: signal[x] };
  };

  test('of 3 × 3 independent pixels to 7 × 7: the mean of the squared weights (torch 2.13: F.interpolate of the identity)', () => {
    // Σ of the squares of F.interpolate(torch.eye(3)[None], size=7, mode='linear'), divided by 7.
    const mean = 0.7900874635568513;
    const { output, input } = resample('linear', 7 / 3, 7);
    near(output?.activation?.log10Rms, root(mean ** 2));
    // The squared weights are handed back to 3 pixels instead of 7.
    near(input?.gradient?.log10Rms, root(((mean * 7) / 3) ** 2));
  });

  test('the nearest pixel of 3 for 7, and every second of 3 for 1: variances stay, gradients add', () => {
    near(resample('nearest', 7 / 3, 7).output?.activation?.log10Rms, 0);
    near(resample('nearest', 7 / 3, 7).input?.gradient?.log10Rms, root((7 / 3) ** 2));
    near(resample('nearest', 1 / 3, 1).input?.gradient?.log10Rms, root((1 / 3) ** 2));
  });
});

suite('signal: which axis holds the channels', () => {
  test('a picture that is padded before its first convolution keeps its channels last', () => {
    const net = new NetworkBuilder();
    const x = net.input(64, 64, 3);
    const even = [
      { before: 0, after: 0 },
      { before: 1, after: 1 },
      { before: 1, after: 1 },
      { before: 0, after: 0 },
    ];
    const padded = net.add({ kind: 'pad', padding: even, value: 0 }, [x], [samples, 66, 66, 3]);
    const convolution: Operation = {
      kind: 'convolution',
      rank: 2,
      inChannels: 3,
      outChannels: 8,
      kernel: [3, 3],
      stride: [1, 1],
      padding: [even[0], even[0]] as { before: number; after: number }[],
      paddingMode: 'zeros',
      dilation: [1, 1],
      groups: 1,
      transposed: false,
      channelAxis: 3,
    };
    const weights = [net.parameter('weight', [8, 3, 3, 3], variance(1 / 27)), net.parameter('bias', [8], variance(0))];
    const output = net.add(convolution, [padded], [samples, 64, 64, 8], weights);
    const signal = propagate(net.network(output), 'standard-normal').nodes[output];
    // Of 3 × 64 taps along an axis two meet the padding; the rule spreads it over all positions.
    near(signal?.activation?.log10Rms, root(((3 * 64 - 2) / (3 * 64)) ** 2), 0.01);
  });
});
