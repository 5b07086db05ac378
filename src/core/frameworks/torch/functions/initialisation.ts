import { affine } from '../../../network/affine';
import {
  calculateGain,
  constant,
  type Fans,
  fansOf,
  identity,
  kaimingNormal,
  kaimingUniform,
  normal,
  ones,
  orthogonal,
  truncatedNormal,
  uniform,
  unknownDistribution,
  xavierNormal,
  xavierUniform,
  zeros,
} from '../../../network/initialisers';
import type { Distribution } from '../../../network/network';
import { makeFloat } from '../../../python/make';
import type { Value } from '../../../python/values';
import { bernoulli } from '../../tensor/bernoulli';
import { constantsOf } from '../../tensor/picking';
import type { NativeFunction, TorchCall } from '../call';
import { TensorPayload } from '../state';
import { type TensorFunction, tensorFunctions } from './entry';

/** Names without the underscore still work. */
const deprecated = new Set([
  ...['uniform_', 'normal_', 'constant_', 'eye_', 'dirac_', 'xavier_uniform_', 'xavier_normal_', 'kaiming_uniform_'],
  ...['kaiming_normal_', 'orthogonal_', 'sparse_'],
]);

/** `torch.nn.init` of PyTorch 2.13. */
export const initFunctions: readonly NativeFunction[] = [
  ...init('uniform_', 'tensor, a=0.0, b=1.0, generator=None', (call) =>
    numbers(call, ['a', 'b'], (low, high) => uniform(low, high)),
  ),
  ...init('normal_', 'tensor, mean=0.0, std=1.0, generator=None', (call) =>
    numbers(call, ['mean', 'std'], (mean, std) => normal(mean, std)),
  ),
  ...init('trunc_normal_', 'tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None', (call) =>
    numbers(call, ['mean', 'std', 'a', 'b'], (mean, std, low, high) => truncatedNormal(mean, std, low, high)),
  ),
  ...init('constant_', 'tensor, val', (call) => numbers(call, ['val'], (value) => constant(value))),
  ...init('ones_', 'tensor', () => ones),
  ...init('zeros_', 'tensor', () => zeros),
  ...init('eye_', 'tensor', () => identity()),
  ...init('dirac_', 'tensor, groups=1', () => identity()),
  ...init('xavier_uniform_', 'tensor, gain=1.0, generator=None', (call) =>
    withFans(call, (fans) => numbers(call, ['gain'], (gain) => xavierUniform(fans, gain))),
  ),
  ...init('xavier_normal_', 'tensor, gain=1.0, generator=None', (call) =>
    withFans(call, (fans) => numbers(call, ['gain'], (gain) => xavierNormal(fans, gain))),
  ),
  ...init('kaiming_uniform_', "tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None", (call) =>
    kaiming(call, kaimingUniform),
  ),
  ...init('kaiming_normal_', "tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None", (call) =>
    kaiming(call, kaimingNormal),
  ),
  ...init('orthogonal_', 'tensor, gain=1, generator=None', (call) => {
    const sizes = knownSizes(call.payload('tensor'));
    return sizes && numbers(call, ['gain'], (gain) => orthogonal(sizes, 'outputFirst', gain));
  }),
  // Zeros but for a share 1 − s of every column: as far as second moments go, a normal of variance (1 − s) std².
  ...init('sparse_', 'tensor, sparsity, std=0.01, generator=None', (call) =>
    numbers(call, ['sparsity', 'std'], (sparsity, std) => normal(0, Math.sqrt(Math.max(0, 1 - sparsity)) * std)),
  ),
  {
    name: 'torch.nn.init.calculate_gain',
    signature: 'nonlinearity, param=None',
    call: (call) => {
      const gain = calculateGain(call.text('nonlinearity') ?? '', call.number('param'));
      return gain === undefined ? undefined : makeFloat(gain);
    },
  },
  ...['_calculate_fan_in_and_fan_out', '_calculate_correct_fan'].map(
    (name): NativeFunction => ({
      name: `torch.nn.init.${name}`,
      signature: "tensor, mode='fan_in'",
      call: (call) => {
        const sizes = knownSizes(call.payload('tensor'));
        const fans = sizes && fansOf(sizes, 'outputFirst');
        if (!fans) return undefined;
        if (name === '_calculate_correct_fan') {
          return { kind: 'int', value: call.text('mode') === 'fan_out' ? fans.fanOut : fans.fanIn };
        }
        return { kind: 'tuple', items: [fans.fanIn, fans.fanOut].map((value): Value => ({ kind: 'int', value })) };
      },
    }),
  ),
];

/** Methods that draw or write a tensor's elements in place. */
export const inPlaceFunctions: readonly TensorFunction[] = [
  ...draw('normal_', 'mean=0.0, std=1.0, generator=None', (call) =>
    numbers(call, ['mean', 'std'], (mean, std) => normal(mean, std)),
  ),
  ...draw('uniform_', 'from=0.0, to=1.0, generator=None', (call) => {
    const low = call.number('from') ?? call.number('a') ?? 0;
    const high = call.number('to') ?? call.number('b') ?? 1;
    return uniform(low, high);
  }),
  ...draw('fill_', 'value', (call) => numbers(call, ['value'], (value) => constant(value))),
  ...draw('zero_', '', () => zeros),
  ...draw('exponential_ cauchy_ log_normal_ geometric_ random_', '*args', (call) =>
    unknownDistribution(`${call.shortName} is not followed`),
  ),
  ...tensorFunctions('bernoulli_', 'p=0.5, generator=None', drawBits, 'method'),
  ...draw(
    'copy_',
    'src, non_blocking=False',
    (call) => {
      const source = call.payload('src');
      return (source && distributionOf(call, source)) ?? unknownDistribution('copied from a tensor that is not known');
    },
    copiedConstants,
  ),
  ...draw('mul_', 'other', (call) => scaled(call, (value) => [value, 0])),
  ...draw('div_', 'other', (call) => scaled(call, (value) => [1 / value, 0])),
  ...draw('add_', 'other, alpha=1', (call) => scaled(call, (value) => [1, value])),
  ...draw('sub_', 'other, alpha=1', (call) => scaled(call, (value) => [1, -value])),
  ...draw('neg_', '', (call) => scaledBy(call, -1, 0)),
];

/** Writes a distribution into a parameter, or into a fresh tensor that is not one yet. */
export function setDistribution(
  call: TorchCall,
  target: Value | undefined,
  distribution: Distribution,
  scheme: string,
): void {
  const { state } = call;
  const payload = state.payloadOf(target);
  if (!payload || target?.kind !== 'instance') return;
  const { parameter, slice, isRecomputed } = payload.facts;
  if (isRecomputed) return;
  const [span] = call.context.trail;
  if (slice) {
    if (distribution.kind === 'constant')
      state.biasSlices.set(slice.parameter, { ...slice, value: distribution.value });
    return;
  }
  if (parameter === undefined) {
    target.payload = new TensorPayload(payload.shape, () => payload.tensor, {
      ...payload.facts,
      distribution,
      isConstant: false,
    });
    return;
  }
  state.biasSlices.delete(parameter);
  state.tracer.setInitialiser(parameter, { distribution, scheme, isDefault: false, ...(span && { span }) });
}

/** What a tensor's elements are drawn from, where it is a parameter or a fresh tensor. */
export function distributionOf(call: TorchCall, payload: TensorPayload): Distribution | undefined {
  const { parameter, distribution, isConstant } = payload.facts;
  if (parameter !== undefined) return call.state.tracer.parameter(parameter).initialiser.distribution;
  if (distribution) return distribution;
  return isConstant ? unknownDistribution('constants of several values') : undefined;
}

function init(
  name: string,
  signature: string,
  distribution: (call: TorchCall) => Distribution | undefined,
): readonly NativeFunction[] {
  const run = (call: TorchCall): Value | undefined => {
    const target = call.value('tensor');
    if (!call.payload('tensor')) return target?.kind === 'none' ? target : undefined;
    const reason = `the arguments of torch.nn.init.${name} are not known`;
    setDistribution(call, target, distribution(call) ?? unknownDistribution(reason), schemeText(call, name));
    return target;
  };
  const names = deprecated.has(name) ? [name, name.slice(0, -1)] : [name];
  return names.map((spelling) => ({ name: `torch.nn.init.${spelling}`, signature, call: run }));
}

function draw(
  names: string,
  signature: string,
  distribution: (call: TorchCall) => Distribution | undefined,
  replaced?: (call: TorchCall, target: Value, payload: TensorPayload) => Value | undefined,
): readonly TensorFunction[] {
  return tensorFunctions(
    names,
    signature,
    (call) => {
      const payload = call.payload('input');
      const target = call.value('input');
      if (!payload || !target) return undefined;
      const replacement = replaced?.(call, target, payload);
      if (replacement) return replacement;
      const drawn = distribution(call);
      const isTraced = payload.facts.parameter === undefined && !payload.facts.slice && !distributionOf(call, payload);
      if (isTraced) return rewriteTraced(call, target, payload);
      const reason = `the arguments of ${call.shortName} are not known`;
      setDistribution(call, target, drawn ?? unknownDistribution(reason), schemeText(call, call.shortName));
      return target;
    },
    'method',
  );
}

/** A buffer that constants of its own shape are copied into holds them: tables that are filled after they were registered. */
function copiedConstants(call: TorchCall, target: Value, payload: TensorPayload): Value | undefined {
  const [source, value] = [call.payload('src'), call.value('src')];
  const { parameter, slice, isOfParameters, isInteger } = payload.facts;
  const isBuffer = parameter === undefined && !slice && !isOfParameters;
  if (!isBuffer || !value || !source) return undefined;
  const [from, to] = [knownSizes(source), knownSizes(payload)];
  if (!from || !to || String(from) !== String(to)) return undefined;
  const values = constantsOf(call.state.session, source.tensor.node);
  // What is copied into integers loses its fractions.
  const isKept = !isInteger || source.facts.isInteger || values?.every(Number.isInteger);
  return isKept && (values || source.facts.isConstant) ? replacePayload(call, target, value) : undefined;
}

/** Ones and zeros: no distribution of those that parameters have. */
function drawBits(call: TorchCall): Value | undefined {
  const [payload, target, probability] = [call.payload('input'), call.value('input'), call.number('p')];
  if (!payload || !target) return undefined;
  if (payload.facts.parameter !== undefined || probability === undefined) {
    setDistribution(call, target, unknownDistribution('bernoulli_ is not followed'), 'bernoulli_');
    return target;
  }
  const { session } = call.state;
  const site = call.site();
  const drawn = call.state.lazyTensor(payload.shape, () => bernoulli(session, probability, payload.shape, site));
  return replacePayload(call, target, drawn);
}

/** `x.add_(y)` on a tensor of the network: x is from now on the result. */
function rewriteTraced(call: TorchCall, target: Value, payload: TensorPayload): Value | undefined {
  const operators: Readonly<Record<string, string>> = { mul_: '*', div_: '/', add_: '+', sub_: '-' };
  const operator = operators[call.shortName];
  const other = call.value('other');
  const result =
    operator && other
      ? call.context.binary(operator, target, other)
      : call.unknown(`torch.Tensor.${call.shortName} is not followed`, payload.shape);
  return replacePayload(call, target, result);
}

export function replacePayload(call: TorchCall, target: Value, result: Value): Value {
  const made = call.state.payloadOf(result);
  if (made && target.kind === 'instance') target.payload = made;
  return target;
}

function scaled(
  call: TorchCall,
  factors: (value: number) => readonly [scale: number, shift: number],
): Distribution | undefined {
  const value = call.number('other');
  if (value === undefined) return undefined;
  const [scale, shift] = factors(value * (call.number('alpha') ?? 1));
  return scaledBy(call, scale, shift);
}

function scaledBy(call: TorchCall, scale: number, shift: number): Distribution | undefined {
  const payload = call.payload('input');
  const distribution = payload && distributionOf(call, payload);
  return distribution && affine(distribution, scale, shift);
}

function kaiming(
  call: TorchCall,
  scheme: (fans: Fans, gain: number, mode: 'fan_in' | 'fan_out') => Distribution,
): Distribution | undefined {
  const slope = call.number('a');
  const mode = call.text('mode');
  const gain = calculateGain(call.text('nonlinearity') ?? '', slope);
  if (slope === undefined || gain === undefined || (mode !== 'fan_in' && mode !== 'fan_out')) return undefined;
  return withFans(call, (fans) => scheme(fans, gain, mode));
}

function withFans(call: TorchCall, scheme: (fans: Fans) => Distribution | undefined): Distribution | undefined {
  const sizes = knownSizes(call.payload('tensor'));
  const fans = sizes && fansOf(sizes, 'outputFirst');
  return fans && scheme(fans);
}

function numbers(
  call: TorchCall,
  names: readonly string[],
  scheme: (...values: readonly [number, number, number, number]) => Distribution,
): Distribution | undefined {
  const values = names.map((name) => call.number(name));
  if (values.some((value) => value === undefined)) return undefined;
  return scheme(values[0] ?? 0, values[1] ?? 0, values[2] ?? 0, values[3] ?? 0);
}

function knownSizes(payload: TensorPayload | undefined): readonly number[] | undefined {
  const sizes = payload?.shape?.filter((size) => typeof size === 'number');
  return sizes && sizes.length === payload?.shape?.length ? sizes : undefined;
}

/** `kaiming_normal_(mode='fan_out')`: what the source says, arguments of the call that are numbers or strings. */
function schemeText(call: TorchCall, name: string): string {
  const shown = [...call.args.values].flatMap(([key, value]) => {
    if (key === 'tensor' || key === 'input') return [];
    if (value.kind === 'int' || value.kind === 'float') return [`${key}=${Number(value.value.toPrecision(4))}`];
    return value.kind === 'str' ? [`${key}='${value.value}'`] : [];
  });
  return `${name}(${shown.join(', ')})`;
}
