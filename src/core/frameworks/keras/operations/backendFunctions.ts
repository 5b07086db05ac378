import { makeTuple, none } from '../../../python/make';
import type { Value } from '../../../python/values';
import { arrayFunctions } from '../../numpy/arrayFunctions';
import { type ArrayCall, type ArrayFunction, type ArrayFunctions, shapeOf, tensorOf } from '../../numpy/arrays';
import { creationFunctions } from '../../numpy/creation';
import { shapeValue } from '../../tensor/dimValues';
import { einsumTensors } from '../../tensor/einsum';
import { expand, flatten, unsqueeze } from '../../tensor/rearranging';
import { addNode } from '../../tensor/trace';
import { neuralOperations } from './neuralOperations';
import { backendRandomFunctions } from './randomOperations';
import { windowOperations } from './windowOperations';

const known: ArrayFunctions = { ...arrayFunctions, ...creationFunctions, ...neuralOperations, ...windowOperations };

/** Other names, and the signature where the arguments stand in another order. */
const renamed: Readonly<Record<string, readonly [other: string, signature?: string]>> = {
  batch_flatten: ['reshape'],
  bias_add: ['add', 'x, y, data_format=None'],
  conv1d: ['conv'],
  conv2d: ['conv'],
  conv3d: ['conv'],
  depthwise_conv2d: ['depthwise_conv'],
  gather: ['take', 'x, indices'],
  permute_dimensions: ['transpose', 'x, axes'],
  repeat_elements: ['repeat', 'x, repeats, axis'],
  reverse: ['flip', 'x, axis'],
};

/** `keras.backend` as Keras 2 had it (2.15, backend.py), beside what NumPy has under the same names. */
export const backendFunctionTable: ArrayFunctions = {
  ...backendRandomFunctions,
  ...Object.fromEntries(
    Object.entries(renamed).flatMap(([name, [other, signature]]): [string, ArrayFunction][] => {
      const entry = known[other];
      return entry ? [[name, signature === undefined ? entry : { ...entry, signature }]] : [];
    }),
  ),
  batch_flatten: { signature: 'x', call: onTensor((call, tensor) => flatten(call.session, tensor, 1, -1, call.site)) },
  repeat: {
    signature: 'x, n',
    call: onTensor((call, tensor) => {
      const count = call.number('n');
      if (count === undefined) return undefined;
      return expand(call.session, unsqueeze(call.session, tensor, 1, call.site), [-1, count, -1], call.site);
    }),
  },
  batch_dot: { signature: 'x, y, axes=None', call: batchDot },
  resize_images: {
    signature: "x, height_factor, width_factor, data_format, interpolation='nearest'",
    call: onTensor((call, tensor) => {
      const factors = [call.number('height_factor'), call.number('width_factor')];
      const [batch, rows, columns, channels] = tensor.shape ?? [];
      const [down = 0, across = 0] = factors;
      if (typeof rows !== 'number' || typeof columns !== 'number' || !down || !across) return undefined;
      const operation = { kind: 'upsample', factors: [down, across], mode: 'nearest', channelAxis: 3 } as const;
      return addNode(call.session, operation, [tensor], [batch, rows * down, columns * across, channels], call.site);
    }),
  },
  int_shape: {
    signature: 'x',
    call: (call) => {
      const shape = shapeOf(call.first);
      const sizes = shape && shapeValue(shape, call.session.tracer.batchSize);
      if (sizes?.kind !== 'tuple') return sizes;
      return makeTuple(sizes.items.map((size, axis) => (typeof shape?.[axis] === 'object' ? none : size)));
    },
  },
  in_train_phase: { signature: 'x, alt', call: (call) => call.first },
  in_test_phase: { signature: 'x, alt', call: (call) => call.value('alt') },
  print_tensor: { signature: 'x', call: (call) => call.first },
  get_value: { signature: 'x', call: (call) => call.first },
};

type TensorBody = (call: ArrayCall, tensor: NonNullable<ReturnType<typeof tensorOf>>) => ReturnType<typeof tensorOf>;

function onTensor(body: TensorBody): ArrayFunction['call'] {
  return (call) => {
    const { tensor } = call;
    const result = tensor && body(call, tensor);
    return result && call.result(result);
  };
}

/** Sums over one axis of each, the batch kept; without axes over the last of the first and the last but one of the second. */
function batchDot(call: ArrayCall): Value | undefined {
  const left = tensorOf(call.first);
  const right = tensorOf(call.second);
  const leftRank = left?.shape?.length;
  const rightRank = right?.shape?.length;
  if (!left || !right || !leftRank || !rightRank) return undefined;
  const given = call.axes('axes');
  const first = given?.[0] ?? leftRank - 1;
  const second = given?.[1] ?? given?.[0] ?? Math.max(1, rightRank - 2);
  const letters = 'abcdefghijklmnopqrst';
  const terms = [...letters.slice(0, leftRank)];
  const summed = terms.at(first) ?? '';
  const others = Array.from({ length: rightRank }, (_, axis) =>
    axis === 0 ? 'a' : axis === (second < 0 ? second + rightRank : second) ? summed : (letters[leftRank + axis] ?? ''),
  );
  const kept = [...terms, ...others.slice(1)].filter((letter) => letter !== summed);
  const equation = `${terms.join('')},${others.join('')}->${kept.join('')}`;
  const answer = einsumTensors(call.session, equation, [left, right], call.site);
  if (!answer?.tensor) return call.unknown('batch_dot is not followed', answer?.shape);
  const isRow = answer.shape?.length === 1;
  return call.result(isRow ? unsqueeze(call.session, answer.tensor, 1, call.site) : answer.tensor);
}
