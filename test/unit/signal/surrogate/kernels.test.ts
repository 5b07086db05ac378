import assert from 'node:assert/strict';
import {
  type Multiply,
  type Product,
  plainMultiply,
  rowMajor,
  transposed,
} from '../../../../src/core/signal/surrogate/matrix';
import { instantiateKernels } from '../../../../src/refinement/instantiateKernels';
import { builtKernels } from './kernels';
import { wave } from './ruleCase';

suite('surrogate kernels', () => {
  const sizes = [
    [1, 1, 1],
    [3, 7, 5],
    [4, 8, 16],
    [5, 9, 17],
    [33, 31, 64],
    [64, 10, 3],
  ] as const;
  for (const [rows, columns, inner] of sizes) {
    for (const layout of ['plain', 'left transposed', 'right transposed', 'added'] as const) {
      test(`${rows}×${inner}·${inner}×${columns}, ${layout}: as in plain JavaScript`, () => {
        const fast = run(builtKernels(), rows, columns, inner, layout);
        const plain = run(plainMultiply, rows, columns, inner, layout);
        fast.forEach((value, at) => {
          assert.ok(Math.abs(value - (plain[at] as number)) < 1e-4, `${at}: ${value} for ${plain[at]}`);
        });
      });
    }
  }

  test('a product taller than one band of rows', () => {
    const rows = 60_001;
    const left = new Float32Array(rows * 2).fill(1);
    const right = Float32Array.of(2, 3);
    const data = new Float32Array(rows);
    const product: Product = {
      rows,
      columns: 1,
      inner: 2,
      left: rowMajor(left, 2),
      right: rowMajor(right, 1),
      target: { data, start: 0 },
    };
    builtKernels()(product);
    assert.ok(data.every((value) => value === 5));
  });

  test('bytes that are no WebAssembly: the plain product serves', () => {
    assert.equal(instantiateKernels(Uint8Array.of(1, 2, 3)), plainMultiply);
  });
});

function run(
  multiply: Multiply,
  rows: number,
  columns: number,
  inner: number,
  layout: 'plain' | 'left transposed' | 'right transposed' | 'added',
): Float32Array {
  const a = wave([rows * inner], 1).data;
  const b = wave([inner * columns], 2).data;
  const data = Float32Array.from(wave([rows * columns], 3).data);
  multiply({
    rows,
    columns,
    inner,
    left: layout === 'left transposed' ? transposed(a, rows) : rowMajor(a, inner),
    right: layout === 'right transposed' ? transposed(b, inner) : rowMajor(b, columns),
    target: { data, start: 0 },
    adds: layout === 'added',
  });
  return data;
}
