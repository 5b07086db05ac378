import type { Dim, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addNode, addUnknown, type Site } from '../../tensor/trace';
import type { TorchCall } from '../call';
import type { TorchState } from '../state';

/** Rows of the weight [count, features] picked by the ids. */
export function embed(
  state: TorchState,
  ids: TracedTensor,
  weight: Value | undefined,
  site: Site,
): TracedTensor | undefined {
  const [count, features] = state.payloadOf(weight)?.shape ?? [];
  const shape = ids.shape && [...ids.shape, features];
  const uses = state.use('weight', weight);
  if (typeof count !== 'number' || typeof features !== 'number' || uses.length === 0) {
    return addUnknown(state.session, 'an embedding of unknown size', [ids], shape, site);
  }
  return addNode(state.session, { kind: 'embedding', count, features }, [ids], shape, site, uses);
}

/** One row for each bag: each row of ids is one, or they are cut at the offsets. */
export function bagShape(call: TorchCall, features: Dim): Shape {
  const ids = call.payload('input')?.shape;
  if (ids?.length === 2) return [ids[0], features];
  return [call.payload('offsets')?.shape?.[0], features];
}
