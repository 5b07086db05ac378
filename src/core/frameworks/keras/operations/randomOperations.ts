import { unknownDistribution } from '../../../network/initialisers';
import type { Operation, Shape } from '../../../network/network';
import { none } from '../../../python/make';
import type { Value } from '../../../python/values';
import { sourceNode } from '../../numpy/arrayFunctions';
import { type ArrayCall, type ArrayFunctions, ArrayPayload, payloadValue, tensorOf } from '../../numpy/arrays';
import { tensorRandomFunctions } from '../../numpy/creation';
import { addNode } from '../../tensor/trace';

/** Distributions of which the signal engine knows nothing: the shape is known. */
const others = ['beta', 'binomial', 'gamma', 'poisson', 'stateless_uniform', 'stateless_normal'];

/** `keras.random` (Keras 3.15.1, random/random.py) and `tf.random`. */
export const randomOperations: ArrayFunctions = {
  ...tensorRandomFunctions,
  ...Object.fromEntries(
    others.map((name) => [
      name,
      {
        signature: 'shape, *parameters',
        call: (call: ArrayCall) => drawn(call, call.sizes('shape'), unknownDistribution(`a draw of ${name}`)),
      },
    ]),
  ),
  randint: {
    signature: 'shape, minval, maxval',
    call: (call) => drawn(call, call.sizes('shape'), { kind: 'integers', below: call.number('maxval') ?? Number.NaN }),
  },
  categorical: {
    signature: 'x, num_samples',
    call: (call) => {
      const logits = call.tensor;
      const [rows, classes] = logits?.shape ?? [];
      const below = typeof classes === 'number' ? classes : Number.NaN;
      return drawn(call, [rows, call.number('num_samples')], { kind: 'integers', below });
    },
  },
  shuffle: { signature: 'x, axis=0', call: (call) => call.first },
  dropout: { signature: 'x, rate', call: dropout },
  set_seed: { signature: 'seed', call: () => none },
};

/** What `keras.backend` calls the draws (Keras 2.15). */
export const backendRandomFunctions: ArrayFunctions = {
  ...Object.fromEntries(
    Object.entries(tensorRandomFunctions).map(([name, entry]) => [
      name === 'truncated_normal' ? name : `random_${name}`,
      entry,
    ]),
  ),
  random_bernoulli: {
    signature: 'shape, p=0.0',
    call: (call) => drawn(call, call.sizes('shape'), unknownDistribution('a draw of zeros and ones')),
  },
};

function drawn(
  call: ArrayCall,
  shape: Shape,
  distribution: Extract<Operation, { kind: 'random' }>['distribution'],
): Value | undefined {
  if (!shape) return undefined;
  return payloadValue(call.room, new ArrayPayload(shape, sourceNode(call, { kind: 'random', distribution }, shape)));
}

/** Applied as while training. */
export function dropout(call: ArrayCall): Value | undefined {
  const tensor = tensorOf(call.first);
  const rate = call.number('rate') ?? call.number('level');
  if (!tensor || rate === undefined) return undefined;
  const operation = { kind: 'dropout', rate, variant: 'element' } as const;
  return call.result(addNode(call.session, operation, [tensor], tensor.shape, call.site));
}
