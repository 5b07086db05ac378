import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addSum } from '../../tensor/elementwise';
import { sliceAxis } from '../../tensor/rearranging';
import type { LayerCall } from '../layerCall';
import { cellOf, innerCall, listOf, run, statesOf } from './recurrence';

/** A recurrence run both ways (Keras 3.15.1, layers/rnn/bidirectional.py). */
export function bidirectional(call: LayerCall): TracedTensor | Value | undefined {
  const { input } = call;
  const inner = innerCall(call, call.value('layer'));
  const cell = inner && cellOf(inner.layer);
  if (!input) return undefined;
  if (!inner || !cell) return call.unknown('a bidirectional layer of this kind is not followed yet', undefined);
  const returnsSequence = inner.flag('return_sequences') === true;
  const both = run({ call, described: inner, cell, isBidirectional: true, input, returnsSequence });
  const units = inner.int('units');
  const last = (both?.shape?.length ?? 0) - 1;
  if (!both || units === undefined) return undefined;
  const mode = call.isNone('merge_mode') ? 'none' : call.text('merge_mode');
  const hasStates = inner.flag('return_state') === true;
  if (mode === 'concat' && !hasStates) return both;
  if (last < 1) return call.unknown('the directions cannot be told apart', undefined);
  const half = (from: number): TracedTensor =>
    sliceAxis(call.session, both, last, { from, to: from + units, step: 1, drop: false }, call.site('direction'));
  const halves = [half(0), half(units)] as const;
  const merged = mode === 'concat' ? [both] : mergedHalves(call, halves, mode);
  const states = hasStates ? [...statesOf(call, halves[0], cell, -1), ...statesOf(call, halves[1], cell, 0)] : [];
  const [only] = merged;
  return merged.length === 1 && states.length === 0 ? only : listOf(call, [...merged, ...states]);
}

function mergedHalves(
  call: LayerCall,
  halves: readonly [TracedTensor, TracedTensor],
  mode: string | undefined,
): readonly TracedTensor[] {
  if (mode === 'mul') return [call.add({ kind: 'product' }, halves, halves[0].shape, [], 'merge')];
  if (mode !== 'sum' && mode !== 'ave') return halves;
  const weight = mode === 'ave' ? 0.5 : 1;
  return [addSum(call.session, halves, [weight, weight], call.site('merge'))];
}
