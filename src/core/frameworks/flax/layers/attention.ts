import type { Dim, ParameterUse, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { tensorOf } from '../../numpy/arrays';
import { permute, reshapeTo } from '../../tensor/rearranging';
import type { LayerCall, LayerTypes } from '../layerCall';
import { isCausalMask } from '../masks';

const linenFields =
  'num_heads, dtype=None, param_dtype=None, qkv_features=None, out_features=None, broadcast_dropout=True, dropout_rate=0.0, deterministic=None, precision=None, kernel_init=None, out_kernel_init=None, bias_init=None, out_bias_init=None, use_bias=True, attention_fn=None, decode=False, normalize_qk=False, force_fp32_for_softmax=False, qkv_dot_general=None, out_dot_general=None, qkv_dot_general_cls=None, out_dot_general_cls=None, qk_attn_weights_einsum_cls=None, attn_weights_value_einsum_cls=None';
const nnxArguments =
  'num_heads, in_features, qkv_features=None, out_features=None, num_kv_heads=None, in_kv_features=None, *, dtype=None, param_dtype=None, broadcast_dropout=True, dropout_rate=0.0, deterministic=None, precision=None, kernel_init=None, out_kernel_init=None, bias_init=None, out_bias_init=None, use_bias=True, attention_fn=None, decode=None, normalize_qk=False, qkv_promote_dtype=None, out_promote_dtype=None, ln_promote_dtype=None, qkv_dot_general=None, out_dot_general=None, qkv_dot_general_cls=None, out_dot_general_cls=None, rngs=None, keep_rngs=True, kernel_metadata=None, out_kernel_metadata=None, bias_metadata=None, out_bias_metadata=None, query_ln_scale_metadata=None, key_ln_scale_metadata=None';

/** Multi-head attention. Fields, arguments and kernel shapes: flax 0.12.8, linen/attention.py and nnx/nn/attention.py. */
export const attentionLayers: LayerTypes = {
  MultiHeadDotProductAttention: { linen: linenFields, call: attention },
  MultiHeadAttention: {
    linen: linenFields,
    nnx: nnxArguments,
    weights: (call) => {
      const sizes = sizesOf(call, call.inFeatures());
      if (sizes) weightsOf(call, sizes);
    },
    call: attention,
  },
  SelfAttention: { linen: linenFields, call: attention },
};

interface Sizes {
  readonly heads: number;
  /** Of one head. */
  readonly width: number;
  readonly features: number;
  readonly keyFeatures: number;
  readonly valueFeatures: number;
  readonly outFeatures: number;
}

interface Weights {
  readonly query: readonly ParameterUse[];
  readonly key: readonly ParameterUse[];
  readonly value: readonly ParameterUse[];
  readonly out: readonly ParameterUse[];
}

function sizesOf(
  call: LayerCall,
  features: number | undefined,
  keyFeatures = call.bound.has('in_kv_features') && !call.isNone('in_kv_features')
    ? call.int('in_kv_features')
    : features,
  valueFeatures = keyFeatures,
): Sizes | undefined {
  const heads = call.int('num_heads');
  const inner = call.isNone('qkv_features') ? features : call.int('qkv_features');
  const outFeatures = call.isNone('out_features') ? features : call.int('out_features');
  if (heads === undefined || inner === undefined || features === undefined || outFeatures === undefined)
    return undefined;
  if (keyFeatures === undefined || valueFeatures === undefined || inner % heads !== 0) return undefined;
  return { heads, width: inner / heads, features, keyFeatures, valueFeatures, outFeatures };
}

/** Four dense layers over [heads, width] axes, each drawn as a plain matrix. */
function weightsOf(call: LayerCall, sizes: Sizes): Weights {
  const { heads, width, outFeatures } = sizes;
  const inner = heads * width;
  const into = (name: string, letter: string, features: number): readonly ParameterUse[] => [
    call.parameter(`${letter}_proj_weight`, {
      name: `${name}.kernel`,
      shape: [features, heads, width],
      stored: [inner, features],
      drawn: [features, inner],
      argument: 'kernel_init',
      fallback: 'lecun_normal',
    }),
    ...biasOf(call, `${letter}_proj_bias`, `${name}.bias`, [heads, width], 'bias_init'),
  ];
  const ownOut = (argument: string, other: string) => (call.isNone(argument) ? other : argument);
  return {
    query: into('query', 'q', sizes.features),
    key: into('key', 'k', sizes.keyFeatures),
    value: into('value', 'v', sizes.valueFeatures),
    out: [
      call.parameter('out_proj.weight', {
        name: 'out.kernel',
        shape: [heads, width, outFeatures],
        stored: [outFeatures, inner],
        drawn: [inner, outFeatures],
        argument: ownOut('out_kernel_init', 'kernel_init'),
        fallback: 'lecun_normal',
      }),
      ...biasOf(call, 'out_proj.bias', 'out.bias', [outFeatures], ownOut('out_bias_init', 'bias_init')),
    ],
  };
}

function biasOf(
  call: LayerCall,
  role: string,
  name: string,
  shape: readonly number[],
  argument: string,
): readonly ParameterUse[] {
  if (call.flag('use_bias') === false) return [];
  const size = shape.reduce((total, length) => total * length, 1);
  return [call.parameter(role, { name, shape, stored: [size], drawn: [size], argument, fallback: 'zeros' })];
}

function attention(call: LayerCall): TracedTensor | undefined {
  const query = call.input;
  const both = call.args.named.get('inputs_kv');
  const isSelf = call.label === 'SelfAttention';
  const key = tensorOf(both ?? (isSelf ? undefined : call.argument(1, 'inputs_k'))) ?? query;
  const value = tensorOf(both ?? (isSelf ? undefined : call.argument(2, 'inputs_v'))) ?? key;
  if (!query || !key || !value) return undefined;
  const width = (tensor: TracedTensor) => {
    const size = tensor.shape?.at(-1);
    return typeof size === 'number' ? size : undefined;
  };
  const sizes = sizesOf(call, width(query), width(key), width(value));
  if (!sizes || query.shape?.length !== 3 || key.shape?.length !== 3) {
    return call.unknown(`the axes of ${call.title} are not followed`, query.shape);
  }
  const weights = weightsOf(call, sizes);
  const { heads, features, outFeatures } = sizes;
  const mask = call.argument(isSelf ? 1 : 3, 'mask');
  const isCausal = mask !== undefined && isCausalMask(mask);
  const dropout = call.number('dropout_rate') ?? 0;
  const isSquare = heads * sizes.width === features && outFeatures === features && call.flag('normalize_qk') === false;
  if (!isSquare) return spelledOut(call, [query, key, value], sizes, weights, isCausal, dropout);
  const { keyFeatures, valueFeatures } = sizes;
  const operation = {
    kind: 'multiheadAttention',
    features,
    heads,
    keyFeatures,
    valueFeatures,
    dropout,
    batchFirst: true,
    isCausal,
  } as const;
  const parameters = [...weights.query, ...weights.key, ...weights.value, ...weights.out];
  return call.add(operation, [query, key, value], query.shape, parameters, `${call.label}(${heads}×${sizes.width})`);
}

/** softmax(q·kᵀ/√width)·v between four dense layers, where the widths differ or queries and keys are normalised. */
function spelledOut(
  call: LayerCall,
  [query, key, value]: readonly [TracedTensor, TracedTensor, TracedTensor],
  sizes: Sizes,
  weights: Weights,
  isCausal: boolean,
  dropout: number,
): TracedTensor {
  const { heads, width, outFeatures } = sizes;
  const inner = heads * width;
  const isNormalised = call.flag('normalize_qk') === true;
  const projected = (name: string, input: TracedTensor, features: number, uses: readonly ParameterUse[]) => {
    const shape: Shape = input.shape && [...input.shape.slice(0, -1), inner];
    const made = linear(call, name, input, features, inner, shape, uses);
    const [batch, steps]: readonly Dim[] = input.shape ?? [];
    const split = reshapeTo(call.session, made, [batch, steps, heads, width], call.site(name));
    const normed = isNormalised && name !== 'value' ? normalised(call, `${name}_ln`, split, width) : split;
    return permute(call.session, normed, [0, 2, 1, 3], call.site(name));
  };
  const [batch, steps]: readonly Dim[] = query.shape ?? [];
  const attended = call.add(
    { kind: 'attention', scale: 1 / Math.sqrt(width), isCausal, dropout },
    [
      projected('query', query, sizes.features, weights.query),
      projected('key', key, sizes.keyFeatures, weights.key),
      projected('value', value, sizes.valueFeatures, weights.value),
    ],
    [batch, heads, steps, width],
    [],
    `${call.label}(${heads}×${width})`,
  );
  const back = permute(call.session, attended, [0, 2, 1, 3], call.site('join'));
  const joined = reshapeTo(call.session, back, [batch, steps, inner], call.site('join'));
  return linear(call, 'out', joined, inner, outFeatures, [batch, steps, outFeatures], weights.out);
}

function linear(
  call: LayerCall,
  part: string,
  input: TracedTensor,
  inFeatures: number,
  outFeatures: number,
  shape: Shape,
  uses: readonly ParameterUse[],
): TracedTensor {
  const parameters = uses.map((use, index) => ({ ...use, role: index === 0 ? 'weight' : 'bias' }));
  const label = `${part}(${inFeatures}, ${outFeatures})`;
  return call.add({ kind: 'linear', inFeatures, outFeatures }, [input], shape, parameters, label, part);
}

function normalised(call: LayerCall, name: string, tensor: TracedTensor, width: number): TracedTensor {
  const scale = call.parameter('weight', { name: `${name}.scale`, shape: [width], fallback: 'ones' });
  const axis = (tensor.shape?.length ?? 1) - 1;
  const operation = {
    kind: 'normalisation',
    variant: 'layer',
    axes: [axis],
    channelAxis: axis,
    groups: 1,
    epsilon: 1e-6,
  } as const;
  return call.add(operation, [tensor], tensor.shape, [scale], 'LayerNorm', name);
}
