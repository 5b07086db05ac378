import { makeList } from '../../../python/make';
import type { Value } from '../../../python/values';
import { sourceNode } from '../../numpy/arrayFunctions';
import { type ArrayCall, type ArrayFunctions, ArrayPayload, payloadValue, shapeOf, tensorOf } from '../../numpy/arrays';

const windows = ['bartlett', 'blackman', 'hamming', 'hanning', 'kaiser'];

/** Arrays of known shape whose elements are not followed, which `keras.ops` makes from nothing (Keras 3.15.1, ops/numpy.py). */
export const creationOperations: ArrayFunctions = {
  ...Object.fromEntries(
    windows.map((name) => [name, { signature: 'x', call: (call: ArrayCall) => made(call, [call.number('x')]) }]),
  ),
  eye: {
    signature: 'N, M=None, k=0',
    call: (call) => {
      const rows = call.number('N') ?? call.number('num_rows') ?? call.number('size');
      return made(call, [rows, call.number('M') ?? call.number('num_columns') ?? rows]);
    },
  },
  identity: {
    signature: 'n',
    call: (call) => {
      // TensorFlow has another function of this name, which gives its tensor back.
      const given = call.value('n') ?? call.first;
      return tensorOf(given) ? given : made(call, [call.number('n'), call.number('n')]);
    },
  },
  tri: {
    signature: 'N, M=None, k=0',
    call: (call) => made(call, [call.number('N'), call.number('M') ?? call.number('N')]),
  },
  logspace: { signature: 'start, stop, num=50', call: (call) => made(call, [call.number('num')]) },
  geomspace: { signature: 'start, stop, num=50', call: (call) => made(call, [call.number('num')]) },
  vander: {
    signature: 'x, N=None',
    call: (call) => made(call, [shapeOf(call.first)?.[0], call.number('N') ?? shapeOf(call.first)?.[0]]),
  },
  empty_like: { signature: 'x', call: (call) => made(call, shapeOf(call.first)) },
  meshgrid: {
    signature: "*xs, indexing='xy'",
    call: (call) => {
      const sizes = call.args.rest.map((value) => shapeOf(value)?.[0]);
      const indexing = call.value('indexing');
      const isMatrix = indexing?.kind === 'str' && indexing.value === 'ij';
      const [first, second, ...others] = sizes;
      const shape = isMatrix || sizes.length < 2 ? sizes : [second, first, ...others];
      const grids = sizes.map(() => made(call, shape)).filter((grid) => grid !== undefined);
      return grids.length === sizes.length ? makeList(grids) : undefined;
    },
  },
};

function made(call: ArrayCall, shape: ReturnType<typeof shapeOf>): Value | undefined {
  if (!shape) return undefined;
  const node = sourceNode(call, { kind: 'constant', value: undefined }, shape);
  return payloadValue(call.room, new ArrayPayload(shape, node));
}
