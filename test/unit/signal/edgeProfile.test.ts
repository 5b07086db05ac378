import assert from 'node:assert/strict';
import { mixedProfiles, passWindows, raisedProfile } from '../../../src/core/signal/moments/edgeProfile';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { axisWindow } from '../../../src/core/signal/moments/windows';
import { NetworkBuilder, variance } from './networkBuilder';

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);

suite('signal: edges that zeros around a map make weaker', () => {
  const layout = { axes: [[{ kind: 'position', index: 0 } as const]], extents: [3] };
  const window = axisWindow(3, 3, 3, 1, 1, 1, false);

  test('three positions under windows of three: 2, 3, 2 of the taps, then 5, 7, 5', () => {
    const first = passWindows({ layout }, [0], [window], 'gather');
    near(first.gain, 1);
    [2, 3, 2].forEach((taps, at) => {
      near(first.profile[0]?.[at] as number, taps / (7 / 3));
    });
    const second = passWindows({ layout, profile: first.profile }, [0], [window], 'gather');
    near(second.gain, 17 / 3 / (7 / 3) ** 2);
    const back = passWindows({ layout, profile: first.profile }, [0], [window], 'scatter');
    near(back.gain, second.gain);
  });

  test('reflected padding keeps a map even, strides take every second place', () => {
    const even = passWindows({ layout }, [0], [axisWindow(3, 3, 3, 1, 1, 1, true)], 'gather');
    even.profile[0]?.forEach((value) => {
      near(value, 1);
    });
    const strided = passWindows({ layout }, [0], [axisWindow(3, 2, 3, 2, 1, 1, false)], 'gather');
    assert.deepEqual([...(strided.profile[0] ?? [])], [1, 1]);
  });

  test('a profile for axes of other sizes counts as none; mixtures and powers average to one', () => {
    const stale = passWindows({ layout, profile: [Float64Array.of(2, 0)] }, [0], [window], 'gather');
    near(stale.gain, 1);
    const mixed = mixedProfiles(layout, [
      [{ layout, profile: [Float64Array.of(0, 3, 0)] }, 0.5],
      [{ layout }, 0.5],
    ]);
    assert.deepEqual([...(mixed?.[0] ?? [])], [0.5, 2, 0.5]);
    // Two tensors that each have 0.4 of the mean square of their sum, the rest being the product of their means.
    const sharing = mixedProfiles(layout, [
      [{ layout, profile: [Float64Array.of(0, 3, 0)] }, 0.4],
      [{ layout }, 0.4],
    ]);
    assert.deepEqual([...(sharing?.[0] ?? [])], [0.5, 2, 0.5]);
    const raised = raisedProfile([Float64Array.of(0.5, 2, 0.5)], 2);
    near((raised?.[0] ?? Float64Array.of()).reduce((sum, value) => sum + value, 0) / 3, 1);
  });

  test('two convolutions over three places, weights of variance v: the mean square is exactly 17/3 v²', () => {
    const v = 0.3;
    const builder = new NetworkBuilder(4);
    let at = builder.input(1, 3);
    for (const [inChannels, outChannels] of [
      [1, 64],
      [64, 1],
    ] as const) {
      at = builder.add(
        {
          ...{ kind: 'convolution', rank: 1, inChannels, outChannels, kernel: [3], stride: [1], dilation: [1] },
          ...{ padding: [{ before: 1, after: 1 }], paddingMode: 'zeros', groups: 1, transposed: false, channelAxis: 1 },
        },
        [at],
        [{ perBatch: 1 }, outChannels, 3],
        [builder.parameter('weight', [outChannels, inChannels, 3], variance(v / inChannels))],
      );
    }
    const field = propagate(builder.network(at), 'standard-normal').nodes[2]?.activation;
    // Less what the finite number of channels takes from the typical logarithm.
    const typical = (field?.log10Rms ?? 0) * 2 + (field?.sd ?? 0) ** 2 * Math.LN10 * 2;
    assert.ok(Math.abs(typical - Math.log10((17 / 3) * v * v)) < 0.01, `${typical}`);
  });
});
