import assert from 'node:assert/strict';
import { parseNpy } from '../../../src/core/signal/npy';
import { sampleStatistics } from '../../../src/core/signal/sampleStatistics';

interface NpyParts {
  readonly version?: number;
  readonly header: string;
  readonly data: ArrayBuffer;
}

function npy({ version = 1, header, data }: NpyParts): Uint8Array {
  const text = `${header}\n`;
  const prefix = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(prefix + text.length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  for (let i = 0; i < text.length; i++) bytes[prefix + i] = text.charCodeAt(i);
  bytes.set(new Uint8Array(data), prefix + text.length);
  return bytes;
}

const header = (descriptor: string, shape: string, order = 'False') =>
  `{'descr': '${descriptor}', 'fortran_order': ${order}, 'shape': (${shape}), }`;

function bigEndian(values: readonly number[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, index) => {
    view.setFloat64(index * 8, value, false);
  });
  return view.buffer;
}

const six = [0, 1, 2, 3, 4, 5];

suite('signal: .npy samples', () => {
  for (const [name, bytes] of [
    ['float32, version 1', npy({ header: header('<f4', '2, 3'), data: Float32Array.from(six).buffer })],
    ['float64, version 2', npy({ version: 2, header: header('<f8', '2, 3'), data: Float64Array.from(six).buffer })],
    ['float64 big-endian, version 3', npy({ version: 3, header: header('>f8', '2, 3'), data: bigEndian(six) })],
    ['bytes', npy({ header: header('|u1', '2, 3'), data: Uint8Array.from(six).buffer })],
    ['int64', npy({ header: header('<i8', '2, 3'), data: BigInt64Array.from(six.map(BigInt)).buffer })],
    ['Fortran order', npy({ header: header('<f4', '2, 3', 'True'), data: Float32Array.of(0, 3, 1, 4, 2, 5).buffer })],
  ] as const) {
    test(`reads ${name}`, () => {
      const array = parseNpy(bytes);
      assert.equal(array.kind, 'array');
      assert.deepEqual([array.shape, [...array.values]], [[2, 3], six]);
    });
  }

  const good = npy({ header: header('<f4', '2, 3'), data: Float32Array.from(six).buffer });
  for (const [name, bytes, reason] of [
    ['an empty file', new Uint8Array(0), /not a \.npy file/],
    ['text', new TextEncoder().encode('import torch  # no array'), /not a \.npy file/],
    ['a pickle', Uint8Array.of(0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0), /pickle.*never loaded/],
    ['an object array', npy({ header: header('|O', '2'), data: new ArrayBuffer(16) }), /pickled.*never loaded/],
    ['complex numbers', npy({ header: header('<c8', '2'), data: new ArrayBuffer(16) }), /element type <c8/],
    ['strings', npy({ header: header('<U8', '2'), data: new ArrayBuffer(64) }), /element type <U8/],
    ['records', npy({ header: "{'descr': [('a', '<f4')], 'shape': (2,)}", data: new ArrayBuffer(8) }), /structure/],
    ['truncated data', good.subarray(0, good.length - 1), /truncated: 24 bytes of data expected, 23 found/],
    ['a truncated header', good.subarray(0, 20), /truncated in its header/],
    ['no elements', npy({ header: header('<f4', '0, 3'), data: new ArrayBuffer(0) }), /no elements/],
    ['an absurd shape', npy({ header: header('<f4', '99999999999, 99999'), data: new ArrayBuffer(8) }), /at most/],
    ['a negative shape', npy({ header: header('<f4', '-2, 3'), data: new ArrayBuffer(24) }), /shape/],
    ['an unknown version', Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 9, 0, 0, 0, 0), /version 9/],
  ] as const) {
    test(`refuses ${name} in one line`, () => {
      const array = parseNpy(bytes);
      assert.equal(array.kind, 'refused');
      assert.match(array.reason, reason);
      assert.ok(!array.reason.includes('\n'));
    });
  }

  test('refuses samples with NaN, and those without a batch axis', () => {
    const values = Float64Array.of(1, Number.NaN);
    const withNaN = sampleStatistics({ kind: 'array', shape: [2, 1], values });
    assert.equal(withNaN.kind, 'refused');
    assert.match(withNaN.reason, /element 1 is NaN/);
    assert.equal(sampleStatistics({ kind: 'array', shape: [2], values: Float64Array.of(1, 2) }).kind, 'refused');
  });

  test('moments of a tiny sequence batch, by hand', () => {
    const values = Float64Array.of(1, 2, 3, 5, 7, 11);
    const statistics = sampleStatistics({ kind: 'array', shape: [2, 3, 1], values });
    assert.equal(statistics.kind, 'sample');
    assert.deepEqual(statistics.positionAxes, [0]);
    assert.equal(statistics.mean, 29 / 6);
    assert.equal(statistics.square, 209 / 6);
    const near = (found: readonly number[], expected: readonly number[]) => {
      assert.equal(found.length, expected.length);
      found.forEach((value, index) => {
        assert.ok(Math.abs(value - (expected[index] as number)) < 1e-9, `${index}: ${value}`);
      });
    };
    near(statistics.within.values, [209 / 6, (2 + 6 + 35 + 77) / 4, (3 + 55) / 2]);
    near(statistics.across.values, [(5 + 14 + 33) / 3, (1 * 7 + 5 * 2 + 2 * 11 + 7 * 3) / 4, (11 + 15) / 2]);
  });

  test('of a batch too large to look at whole, the mean and the variance are those of all samples', () => {
    // Images of one value each: the first half ±1, the others 1 and 3.
    const [count, side] = [124, 40];
    const imageValue = (sample: number) => (sample % 2 === 0 ? 1 : -1) + (sample < count / 2 ? 0 : 2);
    const values = Float64Array.from({ length: count * side * side }, (_, at) =>
      imageValue(Math.floor(at / side ** 2)),
    );
    const statistics = sampleStatistics({ kind: 'array', shape: [count, 1, side, side], values });
    assert.equal(statistics.kind, 'sample');
    const near = (value: number, expected: number) => assert.ok(Math.abs(value - expected) < 1e-9, `${value}`);
    for (const value of statistics.within.values) near(value, 1 + 2);
    const likeness = ((statistics.across.values[0] as number) - 1) / 2;
    assert.ok(Math.abs(likeness) < 0.02, `${likeness}`);
  });

  test('a constant image batch is fully correlated everywhere', () => {
    const statistics = sampleStatistics({ kind: 'array', shape: [4, 1, 5, 6], values: new Float64Array(120).fill(2) });
    assert.equal(statistics.kind, 'sample');
    for (const value of [...statistics.within.values, ...statistics.across.values])
      assert.ok(Math.abs(value - 4) < 1e-12);
  });

  test('pairs of a bright and a dark picture differ: by ±1 at any two places of even ones, by the chance of three channels of noise', () => {
    const spreadOf = (value: (sample: number, index: number) => number) => {
      const values = Float64Array.from({ length: 40 * 108 }, (_, at) => value(Math.floor(at / 108), at));
      const statistics = sampleStatistics({ kind: 'array', shape: [40, 3, 6, 6], values });
      assert.equal(statistics.kind, 'sample');
      return statistics.pairSpread;
    };
    const even = spreadOf((sample) => (sample % 2 === 0 ? 1 : -1));
    for (const own of [even?.own, even?.mean, even?.places]) assert.ok(Math.abs((own ?? 0) - 1) < 0.01, `${own}`);
    // Signs without a pattern: the low bits of a linear congruential generator's upper half.
    let state = 7;
    const noise = spreadOf(() => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state & 0x10000 ? 1 : -1;
    });
    assert.ok(Math.abs((noise?.places ?? 0) - Math.sqrt(1 / 3)) < 0.03, `${noise?.places}`);
    assert.ok((noise?.mean ?? 1) < 0.1, `${noise?.mean}`);
  });
});
