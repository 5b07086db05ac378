import type { TracedTensor } from '../../../network/tracer';
import { addNode, addUnknown, type Site } from '../../tensor/trace';
import type { TorchState } from '../state';

/** As in training; a rate of zero is still a node, so that the layer's path is found. */
export function dropout(
  state: TorchState,
  input: TracedTensor,
  rate: number | undefined,
  variant: 'element' | 'channel' | 'alpha',
  site: Site,
): TracedTensor {
  if (rate === undefined) return addUnknown(state.session, 'a dropout of unknown rate', [input], input.shape, site);
  return addNode(state.session, { kind: 'dropout', rate, variant }, [input], input.shape, site);
}
