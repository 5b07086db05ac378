import { strict as assert } from 'node:assert';
import type { Shape } from '../../../../src/core/network/network';
import {
  broadcastShapes,
  convolvedSize,
  divideDims,
  flattenedShape,
  matmulShape,
  pooledSize,
  reshapedShape,
  samePadding,
  shapeText,
  transposedSize,
} from '../../../../src/core/network/shapes';

const batch = { perBatch: 1 } as const;

suite('shape arithmetic', () => {
  const broadcasts: readonly (readonly [Shape, Shape, string, boolean])[] = [
    [[batch, 8], [8], '[N, 8]', true],
    [[batch, 1, 3], [5, 1], '[N, 5, 3]', true],
    [[2, 3], [4, 3], '[?, 3]', false],
    [[batch, undefined], [1, 7], '[N, 7]', true],
    [undefined, [3], '[?]', true],
  ];
  for (const [first, second, expected, fits] of broadcasts) {
    test(`${shapeText(first)} with ${shapeText(second)} is ${expected}`, () => {
      const answer = broadcastShapes([first, second]);
      assert.equal(shapeText(answer.shape), expected);
      assert.equal(answer.problem === undefined, fits);
    });
  }

  const reshapes: readonly (readonly [Shape, Shape & object, string, boolean])[] = [
    [[batch, 3, 4], [-1, 12], '[N, 12]', true],
    [[batch, 3, 4], [batch, -1], '[N, 12]', true],
    [[6, 4], [3, -1], '[3, 8]', true],
    [[6, 4], [5, -1], '[5, ?]', false],
    [[6, 4], [5, 5], '[5, 5]', false],
    [[undefined, 4], [-1, 2], '[?, 2]', true],
  ];
  for (const [shape, sizes, expected, fits] of reshapes) {
    test(`${shapeText(shape)} viewed as ${shapeText(sizes)} is ${expected}`, () => {
      const answer = reshapedShape(shape, sizes);
      assert.equal(shapeText(answer.shape), expected);
      assert.equal(answer.problem === undefined, fits);
    });
  }

  test('convolution and transposed convolution undo each other where the stride divides', () => {
    const padding = { before: 1, after: 1 };
    for (const size of [4, 7, 16]) {
      const down = convolvedSize(2 * size, 4, 2, padding, 1);
      assert.equal(down, size);
      assert.equal(transposedSize(down, 4, 2, padding, 1, 0), 2 * size);
    }
  });

  test('a ceiled pooling does not begin a window in the right padding (PyTorch 2.13 `max_pool1d`)', () => {
    assert.equal(pooledSize(5, 2, 2, { before: 0, after: 0 }, 1, true), 3);
    assert.equal(pooledSize(5, 2, 2, { before: 0, after: 0 }, 1, false), 2);
    assert.equal(pooledSize(4, 1, 3, { before: 0, after: 0 }, 1, true), 2);
    assert.equal(pooledSize(2, 2, 3, { before: 1, after: 1 }, 1, true), 1);
  });

  test('same padding keeps the size divided by the stride', () => {
    for (const [size, kernel, stride] of [
      [7, 3, 2],
      [8, 5, 3],
      [10, 2, 1],
    ] as const) {
      const output = convolvedSize(size, kernel, stride, samePadding(size, kernel, stride, 1), 1);
      assert.equal(output, Math.ceil(size / stride));
    }
  });

  test('matrix products promote vectors and broadcast the leading axes', () => {
    assert.equal(shapeText(matmulShape([batch, 1, 3, 4], [5, 4, 2]).shape), '[N, 5, 3, 2]');
    assert.equal(shapeText(matmulShape([4], [4, 2]).shape), '[2]');
    assert.equal(shapeText(matmulShape([3, 4], [4]).shape), '[3]');
    assert.ok(matmulShape([3, 4], [5, 2]).problem);
  });

  test('the batch size stays symbolic through flattening and division', () => {
    assert.equal(shapeText(flattenedShape([batch, 3, 4], 0, 1)), '[3N, 4]');
    assert.deepEqual(divideDims({ perBatch: 6 }, 3), { perBatch: 2 });
    assert.equal(divideDims({ perBatch: 6 }, 4), undefined);
    assert.equal(divideDims({ perBatch: 6 }, { perBatch: 2 }), 3);
    assert.equal(divideDims(6, { perBatch: 2 }), undefined);
  });
});
