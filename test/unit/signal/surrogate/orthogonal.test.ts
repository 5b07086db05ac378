import assert from 'node:assert/strict';
import { plainMultiply } from '../../../../src/core/signal/surrogate/matrix';
import { orthogonal } from '../../../../src/core/signal/surrogate/orthogonal';
import { RandomSource } from '../../../../src/core/signal/surrogate/random';
import { builtKernels } from './kernels';

suite('surrogate: orthogonal matrices', () => {
  // Sizes on both sides of a block of rows, and between two.
  for (const [rows, columns] of [
    [5, 5],
    [100, 100],
    [40, 130],
    [130, 40],
  ] as const) {
    for (const [name, multiply] of [
      ['kernels', builtKernels()],
      ['plain', plainMultiply],
    ] as const) {
      test(`${rows}×${columns}, ${name}: the shorter side's vectors have the gain's length and stand at right angles`, () => {
        const drawn = orthogonal({ gain: 2, rows, columns }, [rows, columns], new RandomSource(3), multiply);
        assert.ok(drawn);
        const few = Math.min(rows, columns);
        const at = (vector: number, place: number) =>
          drawn.data[rows <= columns ? vector * columns + place : place * columns + vector] as number;
        for (let one = 0; one < few; one++) {
          for (let other = 0; other <= one; other++) {
            let product = 0;
            for (let place = 0; place < Math.max(rows, columns); place++) product += at(one, place) * at(other, place);
            assert.ok(Math.abs(product - (one === other ? 4 : 0)) < 1e-5, `rows ${one} and ${other}: ${product}`);
          }
        }
      });
    }
  }

  test('a matrix of another size than the tensor is unknown', () => {
    assert.equal(orthogonal({ gain: 1, rows: 4, columns: 4 }, [4, 5], new RandomSource(1), plainMultiply), undefined);
  });
});
