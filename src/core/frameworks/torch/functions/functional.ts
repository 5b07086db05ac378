import { torchNames } from '../../../activations/torchNames';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { reduce } from '../../tensor/combining';
import { repeatElements } from '../../tensor/rearranging';
import { addNode } from '../../tensor/trace';
import { ofUnitNorm } from '../../tensor/unitNorm';
import type { NativeFunction, TorchCall } from '../call';
import { argumentText } from '../layers/activation';
import { tensorArguments } from '../layers/loss';
import { floatEpsilon } from '../layers/normalisation';
import { axisValues } from '../layers/reshaping';
import { activate } from '../operations/activation';
import { convolution, type SpatialRank } from '../operations/convolution';
import { dropout } from '../operations/dropout';
import { embed } from '../operations/embedding';
import { linear } from '../operations/linear';
import { applyLoss, losses, lossOperation } from '../operations/loss';
import { normaliseChannels, normaliseFeatures } from '../operations/normalisation';
import { pad } from '../operations/padding';
import { pairedOperations, withIndices } from '../operations/paired';
import { adaptiveSize, pool, poolAdaptively } from '../operations/pooling';
import { interpolate } from '../operations/resampling';
import { elementwise } from './arithmetic';

const ranks: readonly SpatialRank[] = [1, 2, 3];

/** `torch.nn.functional` of PyTorch 2.13 by short name; activations stand in `activationFunctions`. */
export const functionalFunctions: readonly NativeFunction[] = [
  ...pairedOperations.map(
    ({ function: name, inputs, options, extra, call }): NativeFunction => ({
      name: `torch.nn.functional.${name}`,
      signature: [inputs, options, ...(extra ? [extra] : [])].join(', '),
      call,
    }),
  ),
  ...pairedOperations
    .filter((entry) => entry.function.startsWith('fractional_'))
    .map(
      ({ function: name, inputs, options, call }): NativeFunction => ({
        name: `torch.nn.functional.${name}_with_indices`,
        signature: `${inputs}, ${options}`,
        call: (bound) => withIndices(bound, call(bound)),
      }),
    ),
  functional('linear', 'input, weight, bias=None', (call, input) =>
    linear(call.state, input, call.value('weight'), call.value('bias'), call.site()),
  ),
  ...ranks.flatMap((rank) => [
    convolutionFunction(
      `conv${rank}d`,
      rank,
      false,
      'input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1',
    ),
    convolutionFunction(
      `conv_transpose${rank}d`,
      rank,
      true,
      'input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1',
    ),
    ...[`max_pool${rank}d`, `max_pool${rank}d_with_indices`].map((name) =>
      poolingFunction(
        name,
        rank,
        'max',
        'input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False',
      ),
    ),
    poolingFunction(
      `avg_pool${rank}d`,
      rank,
      'average',
      'input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True',
    ),
    adaptiveFunction(`adaptive_avg_pool${rank}d`, rank, 'average'),
    adaptiveFunction(`adaptive_max_pool${rank}d`, rank, 'max'),
    adaptiveFunction(`adaptive_max_pool${rank}d_with_indices`, rank, 'max'),
  ]),
  functional('embedding', 'input, weight, padding_idx=None, max_norm=None', (call, input) =>
    embed(call.state, input, call.value('weight'), call.site()),
  ),
  ...(['dropout', 'dropout1d', 'dropout2d', 'dropout3d', 'alpha_dropout', 'feature_alpha_dropout'] as const).map(
    (name) =>
      functional(name, 'input, p=0.5, training=True, inplace=False', (call, input) => {
        if (call.flag('training') === false) return input;
        const variant = name.includes('alpha') ? 'alpha' : name === 'dropout' ? 'element' : 'channel';
        return dropout(call.state, input, call.number('p'), variant, call.site());
      }),
  ),
  functional(
    'batch_norm',
    'input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05',
    (call, input) =>
      normaliseChannels(call.state, input, 'batch', channelOptions(call, input, 1), affineOf(call), call.site()),
  ),
  functional(
    'instance_norm',
    'input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05',
    (call, input) =>
      normaliseChannels(call.state, input, 'instance', channelOptions(call, input, 1), affineOf(call), call.site()),
  ),
  functional('group_norm', 'input, num_groups, weight=None, bias=None, eps=1e-05', (call, input) => {
    const groups = call.int('num_groups');
    return groups === undefined
      ? undefined
      : normaliseChannels(call.state, input, 'group', channelOptions(call, input, groups), affineOf(call), call.site());
  }),
  functional('layer_norm', 'input, normalized_shape, weight=None, bias=None, eps=1e-05', (call, input) =>
    featureNorm(call, input, 'layer'),
  ),
  functional('rms_norm', 'input, normalized_shape, weight=None, eps=None', (call, input) =>
    featureNorm(call, input, 'rms'),
  ),
  {
    name: 'torch.nn.functional.normalize',
    signature: 'input, p=2.0, dim=1, eps=1e-12',
    call: normalised,
  },
  functional('pad', "input, pad, mode='constant', value=None", (call, input) => {
    const sizes = call.ints('pad');
    return (
      sizes && pad(call.state, input, sizes, call.text('mode') ?? 'constant', call.number('value') ?? 0, call.site())
    );
  }),
  functional('interpolate', "input, size=None, scale_factor=None, mode='nearest', align_corners=None", interpolated),
  functional('upsample', "input, size=None, scale_factor=None, mode='nearest', align_corners=None", interpolated),
  functional('upsample_nearest', "input, size=None, scale_factor=None, mode='nearest'", interpolated),
  functional('upsample_bilinear', "input, size=None, scale_factor=None, mode='bilinear'", interpolated),
  functional(
    'scaled_dot_product_attention',
    'query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False',
    attention,
  ),
  {
    name: 'torch.nn.functional.linear_cross_entropy',
    signature:
      "input, linear_weight, target, linear_bias=None, weight=None, reduction='mean', ignore_index=None, label_smoothing=0.0, options=None",
    call: (call) => {
      const [input, target] = [call.tensor('input'), call.tensor('target')];
      const logits =
        input && linear(call.state, input, call.value('linear_weight'), call.value('linear_bias'), call.site());
      if (!logits || !target) return undefined;
      const operation = lossOperation('crossEntropyLogits', call);
      return call.result(applyLoss(call.state, operation, [logits, target], call.site()));
    },
  },
  ...losses.map(
    (entry): NativeFunction => ({
      name: `torch.nn.functional.${entry.function}`,
      signature: `${entry.inputs}, ${entry.options}`,
      call: (call) => {
        const composed = entry.composed?.(call);
        if (composed) return composed;
        const inputs = tensorArguments(call, entry.inputs);
        if (inputs.length === 0) return undefined;
        return call.result(
          applyLoss(call.state, lossOperation(entry.loss, call), inputs, call.site(), entry.unreduced),
        );
      },
    }),
  ),
];

/** The activations that the catalogue names, as functions of `torch.nn.functional`, `torch`, `torch.special` and methods, by qualified name. */
export const activationFunctions: readonly NativeFunction[] = torchNames
  .filter((alias) => alias.kind !== 'layer')
  .map((alias): NativeFunction => {
    const names = alias.arguments.map((argument) => argument.name);
    return {
      name: alias.name,
      signature: ['input', ...alias.arguments.map(argumentText)].join(', '),
      call: (call) => {
        const input = call.tensor('input');
        if (!input) return undefined;
        if (alias.id === 'prelu') return slopedRelu(call, alias.name, input);
        const isWave = call.shortName === 'sin' || call.shortName === 'cos';
        if (isWave && call.payload('input')?.facts.isConstant) {
          return elementwise(call.state, call.shortName, [call.value('input')], call.site());
        }
        const result = activate(call.state, alias.name, names, (name) => call.value(name), input, call.site());
        const isConstant = call.payload('input')?.facts.isConstant ?? false;
        return isConstant ? call.state.tensorValue(result, { isConstant }) : call.result(result);
      },
    };
  });

/** The slope is a tensor: a parameter that holds one number, or nothing that is known. */
function slopedRelu(call: TorchCall, qualifiedName: string, input: TracedTensor): Value | undefined {
  const weight = call.value('weight');
  const id = call.state.parameterOf(weight);
  const distribution = id === undefined ? undefined : call.state.tracer.parameter(id).initialiser.distribution;
  if (distribution?.kind !== 'constant') return undefined;
  const slope: Value = { kind: 'float', value: distribution.value };
  return call.result(
    activate(call.state, qualifiedName, ['weight'], () => slope, input, call.site(), call.state.use('weight', weight)),
  );
}

function functional(
  name: string,
  signature: string,
  body: (call: TorchCall, input: TracedTensor) => TracedTensor | undefined,
): NativeFunction {
  const first = signature.split(',', 1)[0] ?? 'input';
  return {
    name: `torch.nn.functional.${name}`,
    signature,
    call: (call) => {
      const input = call.tensor(first);
      return input && call.result(body(call, input));
    },
  };
}

function convolutionFunction(
  name: string,
  rank: SpatialRank,
  isTransposed: boolean,
  signature: string,
): NativeFunction {
  return functional(name, signature, (call, input) =>
    convolution(
      call.state,
      input,
      {
        rank,
        isTransposed,
        weight: call.value('weight'),
        bias: call.value('bias'),
        stride: call.value('stride'),
        padding: call.value('padding'),
        dilation: call.value('dilation'),
        outputPadding: call.value('output_padding'),
        groups: call.int('groups'),
        paddingMode: 'zeros',
      },
      call.site(),
    ),
  );
}

function poolingFunction(
  name: string,
  rank: SpatialRank,
  variant: 'max' | 'average',
  signature: string,
): NativeFunction {
  return pooling(name, signature, (call, input) =>
    pool(
      call.state,
      input,
      {
        rank,
        variant,
        kernel: call.value('kernel_size'),
        stride: call.value('stride'),
        padding: call.value('padding'),
        dilation: call.value('dilation'),
        ceil: call.flag('ceil_mode') ?? false,
      },
      call.site(),
    ),
  );
}

function adaptiveFunction(name: string, rank: SpatialRank, variant: 'max' | 'average'): NativeFunction {
  return pooling(name, 'input, output_size, return_indices=False', (call, input) =>
    poolAdaptively(call.state, input, rank, variant, adaptiveSize(call.value('output_size'), rank), call.site()),
  );
}

/** With the indices where they are asked for, or where the name promises them. */
function pooling(
  name: string,
  signature: string,
  body: (call: TorchCall, input: TracedTensor) => TracedTensor | undefined,
): NativeFunction {
  const plain = functional(name, signature, body);
  const givesIndices = name.endsWith('_with_indices');
  return {
    ...plain,
    call: (call) => {
      const result = plain.call(call);
      return givesIndices || call.flag('return_indices') ? withIndices(call, result) : result;
    },
  };
}

function interpolated(call: TorchCall, input: TracedTensor): TracedTensor {
  const request = {
    size: axisValues(call.value('size')),
    factors: axisValues(call.value('scale_factor')),
    mode: call.text('mode') ?? 'nearest',
  };
  return interpolate(call.state, input, request, call.site());
}

function featureNorm(call: TorchCall, input: TracedTensor, variant: 'layer' | 'rms'): TracedTensor | undefined {
  const sizes = call.ints('normalized_shape');
  const epsilon = call.number('eps') ?? floatEpsilon;
  return sizes && normaliseFeatures(call.state, input, variant, sizes, epsilon, affineOf(call), call.site());
}

function channelOptions(call: TorchCall, input: TracedTensor, groups: number) {
  const channels = input.shape?.[1];
  return { groups, epsilon: call.number('eps') ?? 1e-5, channels: typeof channels === 'number' ? channels : undefined };
}

function affineOf(call: TorchCall) {
  return { weight: call.value('weight'), bias: call.value('bias') };
}

/** x / max(‖x‖₂, eps) along one axis. */
function normalised(call: TorchCall): Value | undefined {
  const input = call.tensor('input');
  const axes = call.ints('dim');
  if (!input || !axes || call.number('p') !== 2) {
    return input && call.unknown('torch.nn.functional.normalize is not followed', input.shape);
  }
  const { state } = call;
  const unit = ofUnitNorm(state.session, input, axes, call.number('eps') ?? 0, call.site());
  if (unit) return call.result(unit);
  const norm = state.tensorValue(reduce(state.session, 'norm', input, axes, true, call.site()));
  const bounded = elementwise(state, 'maximum', [norm, call.value('eps')], call.site());
  return elementwise(state, 'divide', [call.value('input'), bounded], call.site());
}

/** softmax(q kᵀ · scale) v, scale 1/√features unless given; a mask is taken as causal. */
/** Grouped queries share a head of keys and values, PyTorch 2.13: as often as there are queries to it, `repeat_interleave` over axis -3. */
function forEveryQuery(call: TorchCall, query: TracedTensor, shared: TracedTensor): TracedTensor {
  const [heads, own] = [query.shape?.at(-3), shared.shape?.at(-3)];
  const axis = (shared.shape?.length ?? 0) - 3;
  if (typeof heads !== 'number' || typeof own !== 'number' || own === heads || heads % own !== 0) return shared;
  return repeatElements(call.state.session, shared, axis, heads / own, call.site());
}

function attention(call: TorchCall, query: TracedTensor): TracedTensor | undefined {
  const [key, value] = ['key', 'value'].map((name) => {
    const tensor = call.tensor(name);
    return tensor && call.flag('enable_gqa') ? forEveryQuery(call, query, tensor) : tensor;
  });
  const features = query.shape?.at(-1);
  const scale = call.number('scale') ?? (typeof features === 'number' ? 1 / Math.sqrt(features) : undefined);
  if (!key || !value || scale === undefined) return undefined;
  if (call.has('attn_mask')) call.context.assume('attention mask', 'causal');
  const isCausal = call.flag('is_causal') === true || call.has('attn_mask');
  const shape = query.shape && [...query.shape.slice(0, -1), value.shape?.at(-1)];
  const rate = call.number('dropout_p') ?? 0;
  return addNode(
    call.state.session,
    { kind: 'attention', scale, isCausal, dropout: rate },
    [query, key, value],
    shape,
    call.site(),
  );
}
