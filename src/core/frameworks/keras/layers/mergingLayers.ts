import type { TracedTensor } from '../../../network/tracer';
import { reduce } from '../../tensor/combining';
import { addSum, applyElementwise } from '../../tensor/elementwise';
import { concat } from '../../tensor/rearranging';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

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

/** Of two matrices [batch, features] the row-wise product; other ranks and normalised ones stay unknown. */
function dot(call: LayerCall): TracedTensor | undefined {
  const [left, right] = call.inputs;
  if (!left || !right) return undefined;
  const isRowWise = left.shape?.length === 2 && right.shape?.length === 2 && call.flag('normalize') === false;
  if (!isRowWise) return call.unknown('a dot product of this kind is not followed yet', undefined);
  const product = call.add({ kind: 'product' }, [left, right], left.shape, [], 'product');
  return reduce(call.session, 'sum', product, [1], true, call.site());
}
