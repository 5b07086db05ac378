import type { ParameterUse, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import type { LayerCall } from '../layerCall';
import { isCausalCall, withScores } from './multiHeadAttention';

/** Luong's attention of [query, value] or [query, value, key], without projections. */
export function dotAttention(call: LayerCall): TracedTensor | Value | undefined {
  const [query, value, key = value] = call.inputs;
  if (!query || !value || !key) return undefined;
  const scalars: ParameterUse[] = [];
  // With use_scale=True scores are multiplied by a number that is 1 at first.
  if (call.flag('use_scale') === true) scalars.push(scalar(call, 'scale'));
  const isConcat = call.text('score_mode') === 'concat';
  if (isConcat) scalars.push(scalar(call, 'concat_score_weight'));
  return attended(call, [query, key, value], isConcat ? 'attention by a sum of tanh' : undefined, scalars);
}

/** Bahdanau's attention: scores are Σ scale · tanh(query + key). */
export function additiveAttention(call: LayerCall): TracedTensor | Value | undefined {
  const [query, value, key = value] = call.inputs;
  if (!query || !value || !key) return undefined;
  const features = call.sizeOf(query, -1);
  if (features === undefined) return call.unknown(`the features of ${call.own.name} are not known`, undefined);
  const isScaled = call.flag('use_scale') === true;
  const weights = isScaled
    ? [call.weight({ name: 'scale', role: 'scale', shape: [features], initial: 'glorot_uniform' })]
    : [];
  return attended(call, [query, key, value], 'additive attention', weights);
}

function scalar(call: LayerCall, name: string): ParameterUse {
  return call.weight({ name, role: name, shape: [], initial: 'ones' });
}

function attended(
  call: LayerCall,
  inputs: readonly [TracedTensor, TracedTensor, TracedTensor],
  unfollowed: string | undefined,
  parameters: readonly ParameterUse[],
): TracedTensor | Value {
  const [query, key, value] = inputs;
  const shape: Shape = query.shape && [...query.shape.slice(0, -1), value.shape?.at(-1)];
  const dropout = call.number('dropout') ?? 0;
  const output = unfollowed
    ? call.add({ kind: 'unknown', reason: `${unfollowed} is not followed yet` }, inputs, shape, parameters)
    : call.add({ kind: 'attention', scale: 1, isCausal: isCausalCall(call), dropout }, inputs, shape, parameters);
  return withScores(call, output, [...(query.shape?.slice(0, -1) ?? []), key.shape?.at(-2)]);
}
