import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addNode, addUnknown, type Site } from '../../tensor/trace';
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
