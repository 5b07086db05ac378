import type { Fans } from '../../../network/initialisers';
import type { Dim, ParameterUse, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { tensorOf } from '../../numpy/arrays';
import { permute, reshape } from '../../tensor/rearranging';
import type { LayerCall, LayerTypes } from '../layerCall';

/** Attention. Signatures and weights: Keras 3.15.1, layers/attention. */
export const attentionLayers: LayerTypes = {
  MultiHeadAttention: {
    signature:
      "num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, attention_axes=None, sliding_window=None, flash_attention=None, kernel_initializer='glorot_uniform', bias_initializer='zeros'",
    call: multiHeadAttention,
  },
  Attention: { signature: "use_scale=False, score_mode='dot', dropout=0.0, seed=None", call: dotAttention },
  AdditiveAttention: {
    signature: 'use_scale=True, dropout=0.0',
    call: (call) => call.unknown('additive attention is not followed yet', call.input?.shape),
  },
  GroupQueryAttention: {
    signature: 'head_dim, num_query_heads, num_key_value_heads',
    call: (call) => call.unknown('grouped-query attention is not followed yet', call.input?.shape),
  },
};

/**
 * softmax(q·kᵀ/√key_dim)·v between four dense layers, each with the fans of a plain matrix
 * (Keras 3.15 `EinsumDense._update_kernel_initializer`).
 */
function multiHeadAttention(call: LayerCall): TracedTensor | undefined {
  const query = tensorOf(call.callValue('query', 0)) ?? call.input;
  const value = tensorOf(call.callValue('value', 1)) ?? query;
  const key = tensorOf(call.callValue('key', 2)) ?? value;
  const heads = call.int('num_heads');
  const keyWidth = call.int('key_dim');
  const valueWidth = call.isNone('value_dim') ? keyWidth : call.int('value_dim');
  if (!query || !key || !value || heads === undefined || keyWidth === undefined || valueWidth === undefined) {
    return undefined;
  }
  const features = call.sizeOf(query, -1);
  if (query.shape?.length !== 3 || features === undefined || !call.isNone('attention_axes')) {
    return call.unknown('attention over these axes is not followed yet', query.shape);
  }
  const outFeatures = call.isNone('output_shape') ? features : call.numbers('output_shape')?.at(-1);
  if (outFeatures === undefined) return undefined;
  const causal = call.args.named.get('use_causal_mask');
  const isCausal = causal !== undefined && call.context.truth(causal) === true;
  const isSquare = heads * keyWidth === features && valueWidth === keyWidth && outFeatures === features;
  if (isSquare) return asOneNode(call, [query, key, value], heads, keyWidth, isCausal);
  const projected = [
    split(call, project(call, 'query', query, [heads, keyWidth]), heads, keyWidth, 'query'),
    split(call, project(call, 'key', key, [heads, keyWidth]), heads, keyWidth, 'key'),
    split(call, project(call, 'value', value, [heads, valueWidth]), heads, valueWidth, 'value'),
  ];
  const [batch, steps]: readonly Dim[] = query.shape;
  const attended = call.add(
    { kind: 'attention', scale: 1 / Math.sqrt(keyWidth), isCausal, dropout: call.number('dropout') ?? 0 },
    projected,
    [batch, heads, steps, valueWidth],
    [],
    undefined,
    `MultiHeadAttention(${heads}×${keyWidth})`,
  );
  const back = permute(call.session, attended, [0, 2, 1, 3], call.site('join'));
  const joined = reshape(call.session, back, [batch, steps, heads * valueWidth], call.site('join'));
  return output(call, joined, heads, valueWidth, outFeatures);
}

/** Where all widths agree it is one multi-head attention as the network knows it, with the three input matrices apart. */
function asOneNode(
  call: LayerCall,
  [query, key, value]: readonly [TracedTensor, TracedTensor, TracedTensor],
  heads: number,
  width: number,
  isCausal: boolean,
): TracedTensor {
  const features = heads * width;
  const keyFeatures = call.sizeOf(key, -1);
  const valueFeatures = call.sizeOf(value, -1);
  if (keyFeatures === undefined || valueFeatures === undefined) {
    return call.unknown(`the features of ${call.own.name} are not known`, query.shape);
  }
  const input = (name: string, letter: string, size: number): readonly ParameterUse[] => [
    matrix(call, `${name}/kernel`, `${letter}_proj_weight`, [size, heads, width], { fanIn: size, fanOut: features }, [
      features,
      size,
    ]),
    ...biasOf(call, `${name}/bias`, `${letter}_proj_bias`, [heads, width], features),
  ];
  const parameters = [
    ...input('query', 'q', features),
    ...input('key', 'k', keyFeatures),
    ...input('value', 'v', valueFeatures),
    matrix(
      call,
      'attention_output/kernel',
      'out_proj.weight',
      [heads, width, features],
      { fanIn: features, fanOut: features },
      [features, features],
    ),
    ...biasOf(call, 'attention_output/bias', 'out_proj.bias', [features], features),
  ];
  return call.add(
    {
      kind: 'multiheadAttention',
      features,
      heads,
      keyFeatures,
      valueFeatures,
      dropout: call.number('dropout') ?? 0,
      batchFirst: true,
      isCausal,
    },
    [query, key, value],
    query.shape,
    parameters,
    undefined,
    `MultiHeadAttention(${heads}×${width})`,
  );
}

function project(call: LayerCall, name: string, input: TracedTensor, width: readonly [number, number]): TracedTensor {
  const features = call.sizeOf(input, -1);
  const size = width[0] * width[1];
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), size];
  if (features === undefined) return call.unknown(`the features of ${call.own.name} are not known`, shape);
  const parameters = [
    matrix(call, `${name}/kernel`, 'weight', [features, ...width], { fanIn: features, fanOut: size }, [size, features]),
    ...biasOf(call, `${name}/bias`, 'bias', width, size),
  ];
  return call.add({ kind: 'linear', inFeatures: features, outFeatures: size }, [input], shape, parameters, name);
}

function output(call: LayerCall, joined: TracedTensor, heads: number, width: number, features: number): TracedTensor {
  const size = heads * width;
  const parameters = [
    matrix(call, 'attention_output/kernel', 'weight', [heads, width, features], { fanIn: size, fanOut: features }, [
      features,
      size,
    ]),
    ...biasOf(call, 'attention_output/bias', 'bias', [features], features),
  ];
  const shape: Shape = joined.shape && [...joined.shape.slice(0, -1), features];
  const operation = { kind: 'linear', inFeatures: size, outFeatures: features } as const;
  return call.add(operation, [joined], shape, parameters, 'attention_output');
}

function matrix(
  call: LayerCall,
  name: string,
  role: string,
  shape: readonly number[],
  fans: Fans,
  stored: readonly number[],
): ParameterUse {
  return call.weight({ name, role, shape, fans, stored, argument: 'kernel_initializer' });
}

function biasOf(
  call: LayerCall,
  name: string,
  role: string,
  shape: readonly number[],
  size: number,
): readonly ParameterUse[] {
  if (call.flag('use_bias') === false) return [];
  return [call.weight({ name, role, shape, stored: [size], argument: 'bias_initializer' })];
}

/** [batch, steps, heads·width] to [batch, heads, steps, width]. */
function split(call: LayerCall, tensor: TracedTensor, heads: number, width: number, name: string): TracedTensor {
  const [batch, steps]: readonly Dim[] = tensor.shape ?? [];
  const site = call.site(`${name}_heads`);
  return permute(call.session, reshape(call.session, tensor, [batch, steps, heads, width], site), [0, 2, 1, 3], site);
}

/** Luong's attention of [query, value] or [query, value, key], without projections. */
function dotAttention(call: LayerCall): TracedTensor | undefined {
  const [query, value, key = value] = call.inputs;
  if (!query || !value || !key) return undefined;
  const isPlain = call.flag('use_scale') === false && call.text('score_mode') === 'dot';
  const shape: Shape = query.shape && [...query.shape.slice(0, -1), value.shape?.at(-1)];
  if (!isPlain) return call.unknown('attention scores of this kind are not followed yet', shape);
  return call.add(
    { kind: 'attention', scale: 1, isCausal: false, dropout: call.number('dropout') ?? 0 },
    [query, key, value],
    shape,
  );
}
