import { useActivation } from '../../../activations/catalogue';
import type { Dim } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { expand, reshapeTo } from '../../tensor/rearranging';
import type { LayerCall } from '../layerCall';
import { attend, attentionInputs, project, projectBack, projectHeads, withScores } from './multiHeadAttention';

/** Several query heads share one head of keys and values (Keras 3.15.1, layers/attention/grouped_query_attention.py). */
export function groupQueryAttention(call: LayerCall): TracedTensor | Value | undefined {
  const inputs = attentionInputs(call);
  const width = call.int('head_dim');
  const heads = call.int('num_query_heads');
  const shared = call.int('num_key_value_heads');
  if (!inputs || width === undefined || heads === undefined || !shared) return undefined;
  const [query, value, key] = inputs;
  const features = call.sizeOf(query, -1);
  if (features === undefined || inputs.some(({ shape }) => shape?.length !== 3)) {
    return call.unknown('attention over these axes is not followed yet', query.shape);
  }
  const repeated = (name: string, tensor: TracedTensor): TracedTensor =>
    repeatHeads(call, name, projectHeads(call, name, tensor, shared, width), heads / shared);
  const projected = [projectHeads(call, 'query', query, heads, width), repeated('key', key), repeated('value', value)];
  const attended = attend(call, projected, heads, width, width);
  const gated = call.flag('use_gate') === true ? gate(call, query, attended, heads, width) : attended;
  const output = projectBack(call, gated, heads, width, features);
  return withScores(call, output, [query.shape?.[0], heads, query.shape?.[1], key.shape?.[1]]);
}

function repeatHeads(call: LayerCall, name: string, tensor: TracedTensor, times: number): TracedTensor {
  const [batch, heads, steps, width]: readonly Dim[] = tensor.shape ?? [];
  if (times === 1 || typeof heads !== 'number') return tensor;
  const site = call.site(`${name}_groups`);
  const single = reshapeTo(call.session, tensor, [batch, heads, 1, steps, width], site);
  const repeated = expand(call.session, single, [batch, heads, times, steps, width], site);
  return reshapeTo(call.session, repeated, [batch, heads * times, steps, width], site);
}

function gate(
  call: LayerCall,
  query: TracedTensor,
  attended: TracedTensor,
  heads: number,
  width: number,
): TracedTensor {
  const projected = project(call, 'gate', query, heads, width);
  const operation = { kind: 'activation', activation: useActivation('sigmoid') } as const;
  const opened = call.add(operation, [projected], projected.shape, [], 'gate_sigmoid', 'sigmoid');
  return call.add({ kind: 'product' }, [attended, opened], attended.shape, [], 'gated');
}
