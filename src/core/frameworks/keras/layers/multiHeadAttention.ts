import type { Fans } from '../../../network/initialisers';
import type { Dim, ParameterUse, Shape } from '../../../network/network';
import { elementCount, multiplyDims, resolveAxis } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { permute, reshape, reshapeTo } from '../../tensor/rearranging';
import { addUnknown } from '../../tensor/trace';
import type { LayerCall } from '../layerCall';

/** Query, value and key of a call, in that order; the key is the value where it is not given. */
export function attentionInputs(call: LayerCall): readonly [TracedTensor, TracedTensor, TracedTensor] | undefined {
  const query = tensorOf(call.callValue('query', 0)) ?? call.input;
  const value = tensorOf(call.callValue('value', 1)) ?? query;
  const key = tensorOf(call.callValue('key', 2)) ?? value;
  return query && value && key ? [query, value, key] : undefined;
}

export function isCausalCall(call: LayerCall): boolean {
  const causal = call.args.named.get('use_causal_mask');
  return causal !== undefined && call.context.truth(causal) === true;
}

/** The output, and with `return_attention_scores=True` the scores beside it. */
export function withScores(call: LayerCall, output: TracedTensor, scores: readonly Dim[]): TracedTensor | Value {
  const asked = call.args.named.get('return_attention_scores');
  if (!asked || call.context.truth(asked) !== true) return output;
  const reason = 'attention scores are not followed by themselves';
  const beside = addUnknown(call.session, reason, [output], scores, call.site('scores'));
  return makeTuple([output, beside].map((tensor) => call.state.tensorValue(tensor)));
}

/**
 * softmax(q·kᵀ/√key_dim)·v between four dense layers, each with the fans of a plain matrix
 * (Keras 3.15 `EinsumDense._update_kernel_initializer`).
 */
export function multiHeadAttention(call: LayerCall): TracedTensor | Value | undefined {
  const inputs = attentionInputs(call);
  const heads = call.int('num_heads');
  const keyWidth = call.int('key_dim');
  const valueWidth = call.isNone('value_dim') ? keyWidth : call.int('value_dim');
  if (!inputs || heads === undefined || keyWidth === undefined || valueWidth === undefined) return undefined;
  const features = call.sizeOf(inputs[0], -1);
  const folded = foldAxes(call, inputs);
  if (features === undefined || !folded) {
    return call.unknown('attention over these axes is not followed yet', inputs[0].shape);
  }
  const outFeatures = call.isNone('output_shape') ? features : call.numbers('output_shape')?.at(-1);
  if (outFeatures === undefined) return undefined;
  const [query, value, key] = folded.inputs;
  const isSquare = heads * keyWidth === features && valueWidth === keyWidth && outFeatures === features;
  const output = isSquare
    ? asOneNode(call, [query, key, value], heads, keyWidth)
    : apart(call, [query, key, value], { heads, keyWidth, valueWidth, outFeatures });
  const [batch, steps] = query.shape ?? [];
  return withScores(call, folded.unfold(output), [batch, heads, steps, key.shape?.[1]]);
}

interface Widths {
  readonly heads: number;
  readonly keyWidth: number;
  readonly valueWidth: number;
  readonly outFeatures: number;
}

function apart(
  call: LayerCall,
  [query, key, value]: readonly [TracedTensor, TracedTensor, TracedTensor],
  { heads, keyWidth, valueWidth, outFeatures }: Widths,
): TracedTensor {
  const projected = [
    projectHeads(call, 'query', query, heads, keyWidth),
    projectHeads(call, 'key', key, heads, keyWidth),
    projectHeads(call, 'value', value, heads, valueWidth),
  ];
  return projectBack(call, attend(call, projected, heads, keyWidth, valueWidth), heads, valueWidth, outFeatures);
}

/** Of tensors [batch, heads, steps, width]; heads beside each other in the result, [batch, steps, heads·width]. */
export function attend(
  call: LayerCall,
  projected: readonly TracedTensor[],
  heads: number,
  keyWidth: number,
  valueWidth: number,
): TracedTensor {
  const [batch, , steps]: readonly Dim[] = projected[0]?.shape ?? [];
  const attended = call.add(
    {
      kind: 'attention',
      scale: 1 / Math.sqrt(keyWidth),
      isCausal: isCausalCall(call),
      dropout: call.number('dropout') ?? 0,
    },
    projected,
    [batch, heads, steps, valueWidth],
    [],
    'attention',
    `${call.label}(${heads}×${keyWidth})`,
  );
  const back = permute(call.session, attended, [0, 2, 1, 3], call.site('join'));
  return reshape(call.session, back, [batch, steps, heads * valueWidth], call.site('join'));
}

/** Where all widths agree it is one multi-head attention as the network knows it, with the three input matrices apart. */
function asOneNode(
  call: LayerCall,
  [query, key, value]: readonly [TracedTensor, TracedTensor, TracedTensor],
  heads: number,
  width: number,
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
      isCausal: isCausalCall(call),
    },
    [query, key, value],
    query.shape,
    parameters,
    undefined,
    `MultiHeadAttention(${heads}×${width})`,
  );
}

/** [batch, steps, features] to [batch, heads, steps, width] by a dense layer. */
export function projectHeads(
  call: LayerCall,
  name: string,
  input: TracedTensor,
  heads: number,
  width: number,
): TracedTensor {
  const projected = project(call, name, input, heads, width);
  const [batch, steps]: readonly Dim[] = projected.shape ?? [];
  const site = call.site(`${name}_heads`);
  const apartHeads = reshape(call.session, projected, [batch, steps, heads, width], site);
  return permute(call.session, apartHeads, [0, 2, 1, 3], site);
}

/** [batch, steps, features] to [batch, steps, heads·width]. */
export function project(
  call: LayerCall,
  name: string,
  input: TracedTensor,
  heads: number,
  width: number,
): TracedTensor {
  const features = call.sizeOf(input, -1);
  const size = heads * width;
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), size];
  if (features === undefined) return call.unknown(`the features of ${call.own.name} are not known`, shape);
  const fans = { fanIn: features, fanOut: size };
  const parameters = [
    matrix(call, `${name}/kernel`, 'weight', [features, heads, width], fans, [size, features]),
    ...biasOf(call, `${name}/bias`, 'bias', [heads, width], size),
  ];
  return call.add({ kind: 'linear', inFeatures: features, outFeatures: size }, [input], shape, parameters, name);
}

/** The dense layer after the heads are beside each other again. */
export function projectBack(
  call: LayerCall,
  joined: TracedTensor,
  heads: number,
  width: number,
  features: number,
): TracedTensor {
  const size = heads * width;
  const fans = { fanIn: size, fanOut: features };
  const parameters = [
    matrix(call, 'attention_output/kernel', 'weight', [heads, width, features], fans, [features, size]),
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

interface Folded {
  readonly inputs: readonly [TracedTensor, TracedTensor, TracedTensor];
  readonly unfold: (output: TracedTensor) => TracedTensor;
}

/** Inputs of more axes as [batch, steps, features]: the axes that are attended over become one, the others go with the batch. */
function foldAxes(call: LayerCall, inputs: readonly [TracedTensor, TracedTensor, TracedTensor]): Folded | undefined {
  const [query, value, key] = inputs;
  const rank = query.shape?.length;
  if (rank === undefined || inputs.some(({ shape }) => shape?.length !== rank)) return undefined;
  const given = call.isNone('attention_axes') ? undefined : call.numbers('attention_axes');
  const axes = given?.map((axis) => resolveAxis(axis, rank)) ?? Array.from({ length: rank - 2 }, (_, axis) => axis + 1);
  if (!axes.every((axis) => axis !== undefined) || axes.length === 0) return undefined;
  if (rank === 3) return { inputs, unfold: (output) => output };
  const others = Array.from({ length: rank - 1 }, (_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes, rank - 1];
  const site = call.site('axes');
  const fold = (tensor: TracedTensor): TracedTensor => {
    const sizes = order.map((axis) => tensor.shape?.[axis]);
    const batch = sizes.slice(0, others.length).reduce<Dim>(multiplyDims, 1);
    const steps = elementCount(sizes.slice(others.length, -1));
    const moved = isInOrder(order) ? tensor : permute(call.session, tensor, order, site);
    return reshapeTo(call.session, moved, [batch, steps, sizes.at(-1)], site);
  };
  const unfold = (output: TracedTensor): TracedTensor => {
    const sizes = order.slice(0, -1).map((axis) => query.shape?.[axis]);
    const apartAxes = reshapeTo(call.session, output, [...sizes, output.shape?.at(-1)], site);
    const back = order.map((_, axis) => order.indexOf(axis));
    return isInOrder(order) ? apartAxes : permute(call.session, apartAxes, back, site);
  };
  return { inputs: [fold(query), fold(value), fold(key)], unfold };
}

function isInOrder(order: readonly number[]): boolean {
  return order.every((axis, index) => axis === index);
}
