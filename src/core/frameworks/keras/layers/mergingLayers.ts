import { resolveAxis } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { reduce } from '../../tensor/combining';
import { einsumTensors } from '../../tensor/einsum';
import { addSum, applyElementwise } from '../../tensor/elementwise';
import { concat, unsqueeze } from '../../tensor/rearranging';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';
import { unitNorm } from './normalisationLayers';

/** Layers of several inputs. Signatures: Keras 3.15.1, layers/merging. */
export const mergingLayers: LayerTypes = {
  Add: merging((call, tensors) =>
    addSum(
      call.session,
      tensors,
      tensors.map(() => 1),
      call.site(),
    ),
  ),
  Subtract: merging((call, tensors) => addSum(call.session, tensors, [1, -1], call.site())),
  Average: merging((call, tensors) =>
    addSum(
      call.session,
      tensors,
      tensors.map(() => 1 / tensors.length),
      call.site(),
    ),
  ),
  Multiply: merging((call, tensors) => folded(call, tensors, 'multiply')),
  Maximum: merging((call, tensors) => folded(call, tensors, 'maximum')),
  Minimum: merging((call, tensors) => folded(call, tensors, 'minimum')),
  Concatenate: {
    signature: 'axis=-1',
    call: (call) => {
      const axis = call.int('axis');
      return axis === undefined || call.inputs.length === 0
        ? undefined
        : concat(call.session, call.inputs, axis, call.site());
    },
  },
  Dot: { signature: 'axes, normalize=False', call: dot },
};

function merging(merge: (call: LayerCall, tensors: readonly TracedTensor[]) => TracedTensor): LayerType {
  return { signature: '', call: (call) => (call.inputs.length > 0 ? merge(call, call.inputs) : undefined) };
}

function folded(
  call: LayerCall,
  tensors: readonly TracedTensor[],
  primitive: 'multiply' | 'maximum' | 'minimum',
): TracedTensor {
  const [first, ...others] = tensors;
  if (!first) return call.unknown('nothing is merged', undefined);
  return others.reduce((left, right) => applyElementwise(call.session, primitive, [left, right], call.site()), first);
}

/** Sums over one axis of each input, the batch kept: of two matrices the row-wise product, else a matrix product (Keras 3.15 `batch_dot`). */
function dot(call: LayerCall): TracedTensor | undefined {
  const given = call.numbers('axes');
  const [first, second = first] = given ?? [];
  const [left, right] = call.inputs;
  if (!left?.shape || !right?.shape || first === undefined || second === undefined) return undefined;
  const leftAxis = resolveAxis(first, left.shape.length);
  const rightAxis = resolveAxis(second, right.shape.length);
  if (leftAxis === undefined || rightAxis === undefined) return undefined;
  const isNormalised = call.flag('normalize') === true;
  const unit = (tensor: TracedTensor, axis: number) => (isNormalised ? unitNorm(call, tensor, [axis]) : tensor);
  const factors = [unit(left, leftAxis), unit(right, rightAxis)] as const;
  if (left.shape.length === 2 && right.shape.length === 2) {
    const product = call.add({ kind: 'product' }, factors, left.shape, [], 'product');
    return reduce(call.session, 'sum', product, [1], true, call.site());
  }
  const equation = dotEquation(left.shape.length, leftAxis, right.shape.length, rightAxis);
  const result = einsumTensors(call.session, equation, factors, call.site());
  if (!result?.tensor) return call.unknown('a dot product of this kind is not followed', result?.shape);
  // A single number a sample keeps an axis.
  return result.shape?.length === 1 ? unsqueeze(call.session, result.tensor, 1, call.site('axis')) : result.tensor;
}

/** `abc,adb->acd`: `a` is the batch, the axes summed over have one letter. */
function dotEquation(leftRank: number, leftAxis: number, rightRank: number, rightAxis: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const left = letters.slice(0, leftRank);
  const summed = left[leftAxis] ?? '';
  const right = Array.from({ length: rightRank }, (_, axis) =>
    axis === 0 ? 'a' : axis === rightAxis ? summed : (letters[leftRank + axis] ?? ''),
  );
  const kept = [...left, ...right.slice(1)].filter((letter) => letter !== summed);
  return `${left},${right.join('')}->${kept.join('')}`;
}
