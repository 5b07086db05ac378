import type { Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { makeNative } from '../../../python/nativeClass';
import type { NativeFunctionValue } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { numberOf } from '../../tensor/dimValues';
import { permute } from '../../tensor/rearranging';
import { addNode, addUnknown } from '../../tensor/trace';
import type { FlaxState } from '../flaxState';
import { isCausalMask } from '../masks';

const swapHeads = [0, 2, 1, 3];

/**
 * `dot_product_attention(query, key, value)` over [batch, length, heads, width]: flax 0.12.8, linen/attention.py and nnx/nn/attention.py;
 * jax 0.10.2, _src/nn/functions.py.
 */
export function attentionFunction(state: () => FlaxState, module: string): NativeFunctionValue {
  return makeNative(`${module}.dot_product_attention`, (args, context) => {
    const { session } = state();
    const given = ['query', 'key', 'value'].map((name, index) => args.named.get(name) ?? args.positional[index]);
    const [query, key, value] = given.map(tensorOf);
    if (!query || !key || !value) {
      return (
        given.find((item) => item?.kind === 'unknown') ?? context.unknown('attention over something that is no array')
      );
    }
    const site = { trail: context.trail, name: 'dot_product_attention', label: 'attention' };
    const width = query.shape?.[3];
    const depth = value.shape?.[3];
    const shape: Shape = query.shape?.length === 4 ? [...query.shape.slice(0, 3), depth] : undefined;
    if (!shape || typeof width !== 'number') {
      const reason = 'attention over these axes is not followed';
      return state().tensorValue(addUnknown(session, reason, [query, key, value], query.shape, site));
    }
    const heads = (tensor: TracedTensor) => permute(session, tensor, swapHeads, site);
    const flag = args.named.get('is_causal');
    const isCausal =
      (flag !== undefined && context.truth(flag) === true) ||
      [...args.named.values(), ...args.positional].some(isCausalMask);
    const scale = numberOf(args.named.get('scale')) ?? 1 / Math.sqrt(width);
    const operation = { kind: 'attention', scale, isCausal, dropout: 0 } as const;
    const [batch, length, count] = shape;
    const attended = addNode(session, operation, [query, key, value].map(heads), [batch, count, length, depth], site);
    return state().tensorValue(heads(attended));
  });
}
