import { apply, where, z } from '../../../activations/construct';
import { mostConstants } from '../../../network/constantValues';
import type { Dim, Shape } from '../../../network/network';
import { broadcastShapes } from '../../../network/shapes';
import { makeTuple, none } from '../../../python/make';
import type { Value } from '../../../python/values';
import { reshapeTo } from '../../tensor/rearranging';
import { addNode } from '../../tensor/trace';
import { type NativeFunction, sizesOf, type TorchCall } from '../call';
import { bagShape } from '../operations/embedding';
import { several, shaped, shapeOf } from './shapeRule';

/** Functions of `torch.nn.functional` 2.13 (and of `torch`) of which only the shape is worked out. */
export const functionalShapes: readonly NativeFunction[] = [
  functional('bilinear', 'input1, input2, weight, bias=None', (call) => {
    const [first, weight] = [shapeOf(call, 'input1'), shapeOf(call, 'weight')];
    return first && [...first.slice(0, -1), weight?.[0]];
  }),
  functional('conv_tbc', 'input, weight, bias, pad=0', (call) => {
    const [shape, weight, padding] = [shapeOf(call), shapeOf(call, 'weight'), call.int('pad')];
    const [time, kernel] = [shape?.[0], weight?.[0]];
    const isKnown = typeof time === 'number' && typeof kernel === 'number' && padding !== undefined;
    return shape && [isKnown ? time + 2 * padding - kernel + 1 : undefined, shape[1], weight?.[2]];
  }),
  functional('native_channel_shuffle', 'input, groups', (call) => shapeOf(call)),
  functional(
    'embedding_bag',
    "input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean'",
    (call) => bagShape(call, shapeOf(call, 'weight')?.[1]),
  ),
  functional('grid_sample', "input, grid, mode='bilinear', padding_mode='zeros', align_corners=None", sampledShape),
  { ...functional('grid_sampler', 'input, grid, *args', sampledShape), name: 'torch.grid_sampler' },
  functional('affine_grid', 'theta, size, align_corners=None', (call) => {
    const size = call.value('size');
    const [batch, , ...positions] = (size && sizesOf(size)) ?? [];
    return positions.length > 0 ? [batch, ...positions, positions.length] : undefined;
  }),
  functional('pdist', 'input, p=2.0', (call) => {
    const [count] = shapeOf(call) ?? [];
    return [typeof count === 'number' ? (count * (count - 1)) / 2 : undefined];
  }),
  {
    name: 'torch.cdist',
    signature: 'x1, x2, p=2.0, compute_mode=None',
    call: (call) => {
      const [first, second] = [shapeOf(call, 'x1'), shapeOf(call, 'x2')];
      const lead = first && second && broadcastShapes([first.slice(0, -2), second.slice(0, -2)]).shape;
      return shaped(call, lead && [...lead, first.at(-2), second.at(-2)]);
    },
  },
  {
    name: 'torch.nn.functional.one_hot',
    signature: 'input, num_classes=-1',
    call: oneHot,
  },
  {
    name: 'torch.nn.functional.multi_head_attention_forward',
    signature:
      'query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None, need_weights=True, attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None, k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None, average_attn_weights=True, is_causal=False',
    call: attentionForward,
  },
];

/** 1 where the id equals the place along the new axis. */
function oneHot(call: TorchCall): Value | undefined {
  const [shape, classes] = [shapeOf(call), call.int('num_classes')];
  const isCounted = classes !== undefined && classes > 0 && classes <= mostConstants;
  const { session } = call.state;
  const follow = () => {
    const ids = call.tensor('input');
    if (!ids?.shape || !isCounted) return undefined;
    const site = call.site();
    const values = Array.from({ length: classes }, (_, place) => place);
    const places = addNode(session, { kind: 'constant', value: undefined, values }, [], [classes], site);
    const wide = reshapeTo(session, ids, [...ids.shape, 1], site);
    const expression = where(apply('equal', z, { kind: 'input', index: 1 }), 1, 0);
    return addNode(session, { kind: 'elementwise', expression }, [wide, places], [...ids.shape, classes], site);
  };
  return shaped(call, shape && [...shape, isCounted ? classes : undefined], 'integers', follow);
}

function functional(name: string, signature: string, rule: (call: TorchCall) => Shape): NativeFunction {
  return { name: `torch.nn.functional.${name}`, signature, call: (call) => shaped(call, rule(call)) };
}

/** N×C×… sampled at N×positions×axes. */
function sampledShape(call: TorchCall): Shape {
  const [shape, grid] = [shapeOf(call), shapeOf(call, 'grid')];
  return shape && grid && [shape[0], shape[1], ...grid.slice(1, -1)];
}

/** Time first; the weights are [N, target, source], one for each head unless they are averaged. */
function attentionForward(call: TorchCall): Value | undefined {
  const [query, key] = [shapeOf(call, 'query'), shapeOf(call, 'key')];
  const width: Dim = shapeOf(call, 'out_proj_weight')?.[0] ?? query?.at(-1);
  const output = query && [...query.slice(0, -1), width];
  if (call.flag('need_weights') === false) {
    const only = shaped(call, output);
    return only && makeTuple([only, none]);
  }
  const batch = query?.length === 3 ? [query[1]] : [];
  const heads = call.flag('average_attn_weights') === false ? [call.dim('num_heads')] : [];
  return several(call, [
    [output, 'reals'],
    [query && key && [...batch, ...heads, query[0], key[0]], 'reals'],
  ]);
}
