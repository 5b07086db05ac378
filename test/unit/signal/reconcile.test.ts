import assert from 'node:assert/strict';
import { compareWithMeasured } from '../../../bench/accuracyRows';
import { familyCases, sourceOf } from '../../../bench/familyCases';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { analyzeText } from '../analyzeText';
import { NetworkBuilder, variance } from './networkBuilder';

const residual = '        x = x + y\n';
const flattened = '        x = (x.flatten(1, 2) + y.flatten(1, 2)).view(x.shape)\n';

suite('signal: axes that divide otherwise', () => {
  test('places of a picture and of its windows, flattened, add up as they do unflattened: measured by PyTorch', async () => {
    const windowed = familyCases().find(({ file, constants }) => file === 'swin.py' && !('COSINE' in constants));
    assert.ok(windowed);
    const source = sourceOf(windowed);
    assert.ok(source.includes(residual));
    const [model] = (await analyzeText(source.replace(residual, flattened), {}, windowed.file)).models;
    assert.ok(model);
    const { errors, missing } = compareWithMeasured(windowed, model.network, model.signal);
    assert.equal(missing, 0);
    assert.ok(Math.max(...errors.activation) < 0.035, `activation ${Math.max(...errors.activation)}`);
    assert.ok(Math.max(...errors.gradient) < 0.03, `gradient ${Math.max(...errors.gradient)}`);
    assert.ok(Math.max(...errors.weightGradient) < 0.08, `weight gradient ${Math.max(...errors.weightGradient)}`);
  });

  /** Tokens that are all alike, reshaped and averaged over all axes but the first two. */
  const reshaped = (tokens: number, features: number, ...shape: readonly number[]) => {
    const net = new NetworkBuilder(16);
    const x = net.input(1, features);
    const alike = net.add({ kind: 'expand' }, [x], [{ perBatch: 1 }, tokens, features]);
    const cut = net.add({ kind: 'reshape' }, [alike], [{ perBatch: 1 }, ...shape]);
    const axes = shape.flatMap((_, axis) => (axis === 0 ? [] : [axis + 1]));
    const mean = net.add({ kind: 'reduction', variant: 'mean', axes }, [cut], [{ perBatch: 1 }, shape[0] ?? 1]);
    const { nodes } = propagate(net.network(mean), 'standard-normal');
    return { x: nodes[x], cut: nodes[cut], mean: nodes[mean] };
  };

  test('rows of units whose elements are counted anew as the places of channels: no two places of a channel are alike', () => {
    const { x, cut, mean } = reshaped(4, 16, 16, 2, 2);
    assert.ok(Math.abs(cut?.activation?.log10Rms ?? 1) < 0.001);
    assert.ok(Math.abs((mean?.activation?.log10Rms ?? 1) - Math.log10(1 / 2)) < 0.001);
    // Each of the four copies has a quarter of the gradient of another channel's mean.
    assert.ok(Math.abs((x?.gradient?.log10Rms ?? 1) - Math.log10(1 / 2)) < 0.001);
  });

  test('the largest of rectified values is found through a change of shape: E max² of 16 normal ones is 3.41 σ²', () => {
    const net = new NetworkBuilder(16);
    const conv = net.pointwise(net.input(8, 16), 32, variance(1 / 8));
    const relu = net.activation(conv, 'relu');
    const wide = net.add({ kind: 'reshape' }, [relu], [{ perBatch: 1 }, 32, 1, 16]);
    const flat = net.add({ kind: 'reshape' }, [wide], [{ perBatch: 1 }, 32, 16]);
    const pooling = { kind: 'pooling', variant: 'max', rank: 1, kernel: [16], stride: [16], channelAxis: 1 } as const;
    const largest = net.add({ ...pooling, padding: [{ before: 0, after: 0 }] }, [flat], [{ perBatch: 1 }, 32, 1]);
    const { nodes } = propagate(net.network(largest), 'standard-normal');
    // The largest of 16 has mean 1.766 and variance 0.295 (Harter 1961).
    const expected = Math.log10(1.766 ** 2 + 0.295) / 2;
    assert.ok(Math.abs((nodes[largest]?.activation?.log10Rms ?? 9) - expected) < 0.01);
    // One of sixteen places has each gradient.
    assert.ok(Math.abs((nodes[conv]?.gradient?.log10Rms ?? 9) - Math.log10(1 / 4)) < 0.01);
  });

  test('channels longer than a row, in which units recur: unknown', () => {
    const { cut, mean } = reshaped(6, 4, 4, 6);
    for (const signal of [cut, mean]) assert.ok(signal?.flags.includes('unknown-upstream'));
  });
});
