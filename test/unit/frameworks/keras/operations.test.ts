import assert from 'node:assert/strict';
import { shapeOf } from '../../../../src/core/frameworks/numpy/arrays';
import type { Dim } from '../../../../src/core/network/network';
import type { Value } from '../../../../src/core/python/values';
import recorded from './operations.json';
import { nameValue, traceText } from './readKeras';

/** A shape, or those of a tuple of tensors. */
type RecordedShape = readonly (number | null | RecordedShape)[];

const head = `import keras
import numpy as np
from keras import ops
x, y = keras.Input((4, 6)), keras.Input((4, 6))
v, m, p, i = keras.Input((6,)), keras.Input((5, 5)), keras.Input((8, 10, 3)), keras.Input((4,), dtype="int32")
`;

suite('keras.ops: shapes as Keras itself gives them', () => {
  const rows = recorded.operations as unknown as readonly (readonly [string, RecordedShape])[];
  for (const [expression, expected] of rows) {
    test(expression, () => {
      const traced = traceText(`${head}result = ${expression}\n`);
      assert.deepEqual(traced.interpreter.unknowns, []);
      assert.deepEqual(traced.session.mismatches, []);
      const result = nameValue(traced, 'result');
      assert.ok(result);
      assert.deepEqual(described(result), expected);
    });
  }
});

function described(value: Value): RecordedShape | string {
  if (value.kind === 'tuple' || value.kind === 'list')
    return value.items.map((item) => described(item) as RecordedShape);
  if (value.kind === 'int' || value.kind === 'float' || value.kind === 'bool') return [];
  if (value.kind === 'unknown') return value.reason;
  return shapeOf(value)?.map(plainSize) ?? 'a shape that is not known';
}

/** Keras leaves the batch open, which stands first or is a multiple of it. */
function plainSize(dim: Dim): number | null {
  return typeof dim === 'number' ? dim : null;
}
