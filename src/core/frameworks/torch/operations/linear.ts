import type { Shape } from '../../../network/network';
import { mayBeEqual, shapeText } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { matmul } from '../../tensor/combining';
import { addSum } from '../../tensor/elementwise';
import { swapAxes } from '../../tensor/rearranging';
import { addNode, addUnknown, reportProblem, type Site } from '../../tensor/trace';
import type { TorchState } from '../state';

/** y = x Wᵀ + b over the last axis; a weight that is no parameter is multiplied as any tensor. */
export function linear(
  state: TorchState,
  input: TracedTensor,
  weight: Value | undefined,
  bias: Value | undefined,
  site: Site,
): TracedTensor | undefined {
  const { session } = state;
  const weightShape = state.payloadOf(weight)?.shape;
  const outFeatures = weightShape?.[0];
  const inFeatures = weightShape?.[1];
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), outFeatures];
  if (state.parameterOf(weight) === undefined) return linearOfTensors(state, input, weight, bias, site);
  if (typeof inFeatures !== 'number' || typeof outFeatures !== 'number') {
    return addUnknown(session, 'a linear layer of unknown size', [input], shape, site);
  }
  if (input.shape && !mayBeEqual(input.shape.at(-1), inFeatures)) {
    reportProblem(
      session,
      `${site.label ?? 'linear'} expects ${inFeatures} features, got ${shapeText(input.shape)}`,
      site,
    );
  }
  const uses = [...state.use('weight', weight), ...state.use('bias', bias)];
  return addNode(session, { kind: 'linear', inFeatures, outFeatures }, [input], shape, site, uses);
}

function linearOfTensors(
  state: TorchState,
  input: TracedTensor,
  weight: Value | undefined,
  bias: Value | undefined,
  site: Site,
): TracedTensor | undefined {
  const weightTensor = state.tensorOf(weight);
  if (!weightTensor) return undefined;
  const product = matmul(state.session, input, swapAxes(state.session, weightTensor, 0, 1, site), site);
  const biasTensor = state.tensorOf(bias);
  return biasTensor ? addSum(state.session, [product, biasTensor], [1, 1], site) : product;
}
