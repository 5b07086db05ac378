import { useActivation } from '../../../activations/catalogue';
import type { Dim, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { reduce } from '../../tensor/combining';
import { addSum } from '../../tensor/elementwise';
import { unsqueeze } from '../../tensor/rearranging';
import type { LayerCall } from '../layerCall';
import { isCausalCall, withScores } from './multiHeadAttention';

/** Luong's attention of [query, value] or [query, value, key], without projections. */
export function dotAttention(call: LayerCall): TracedTensor | Value | undefined {
  const [query, value, key = value] = call.inputs;
  if (!query || !value || !key) return undefined;
  // With use_scale=True scores are multiplied by a number that is 1 at first.
  const isScaled = call.flag('use_scale') === true;
  if (call.text('score_mode') === 'concat') {
    const scale = isScaled ? scalar(call, 'scale') : undefined;
    return sumOfTanh(call, [query, key, value], { before: scale, scores: scalar(call, 'concat_score_weight') });
  }
  const parameters = isScaled ? [call.weight({ name: 'scale', role: 'scale', shape: [], initial: 'ones' })] : [];
  const shape: Shape = query.shape && [...query.shape.slice(0, -1), value.shape?.at(-1)];
  const dropout = call.number('dropout') ?? 0;
  const operation = { kind: 'attention', scale: 1, isCausal: isCausalCall(call), dropout } as const;
  return withScores(call, call.add(operation, [query, key, value], shape, parameters), scoresShape(query, key));
}

/** Bahdanau's attention: scores are Σ scale · tanh(query + key). */
export function additiveAttention(call: LayerCall): TracedTensor | Value | undefined {
  const [query, value, key = value] = call.inputs;
  if (!query || !value || !key) return undefined;
  const features = call.sizeOf(query, -1);
  if (features === undefined) return call.unknown(`the features of ${call.own.name} are not known`, undefined);
  const isScaled = call.flag('use_scale') === true;
  const scale = isScaled
    ? call.parameter({ name: 'scale', role: 'value', shape: [features], initial: 'glorot_uniform' })
    : undefined;
  return sumOfTanh(call, [query, key, value], { behind: scale });
}

function scalar(call: LayerCall, name: string): TracedTensor {
  return call.parameter({ name, role: 'value', shape: [], initial: 'ones' });
}

function scoresShape(query: TracedTensor, key: TracedTensor): readonly Dim[] {
  return [...(query.shape?.slice(0, -1) ?? []), key.shape?.at(-2)];
}

/** Scores that are sums of tanh over the features; what the query and key, the tanh and the sum are multiplied with. */
function sumOfTanh(
  call: LayerCall,
  [query, key, value]: readonly [TracedTensor, TracedTensor, TracedTensor],
  factors: {
    readonly before?: TracedTensor | undefined;
    readonly behind?: TracedTensor | undefined;
    readonly scores?: TracedTensor;
  },
): TracedTensor | Value {
  const { session } = call;
  const times = (tensor: TracedTensor, factor: TracedTensor | undefined) =>
    factor ? call.add({ kind: 'product' }, [tensor, factor], tensor.shape, [], 'product') : tensor;
  const rows = unsqueeze(session, query, -2, call.site('query'));
  const columns = unsqueeze(session, key, -3, call.site('key'));
  const both = times(addSum(session, [rows, columns], [1, 1], call.site('sum')), factors.before);
  const tanh = { kind: 'activation', activation: useActivation('tanh') } as const;
  const squashed = times(call.add(tanh, [both], both.shape, [], 'tanh'), factors.behind);
  const scores = times(reduce(session, 'sum', squashed, [-1], false, call.site('scores')), factors.scores);
  const softmax = { kind: 'softmax', variant: 'softmax', axis: (scores.shape?.length ?? 3) - 1 } as const;
  const soft = call.add(softmax, [scores], scores.shape, [], 'softmax');
  const rate = call.number('dropout') ?? 0;
  const weights =
    rate > 0 ? call.add({ kind: 'dropout', rate, variant: 'element' }, [soft], soft.shape, [], 'dropout') : soft;
  const shape: Shape = query.shape && [...query.shape.slice(0, -1), value.shape?.at(-1)];
  return withScores(call, call.add({ kind: 'matmul' }, [weights, value], shape, []), scoresShape(query, key));
}
