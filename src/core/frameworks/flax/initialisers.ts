import {
  constant,
  type FanMode,
  fansOverAxes,
  identity,
  normal,
  type ScalingDistribution,
  truncatedNormal,
  uniform,
  unknownDistribution,
  varianceScaling,
} from '../../network/initialisers';
import type { Distribution, Initialiser } from '../../network/network';
import { bindArguments } from '../../python/arguments';
import { instanceMethod, makeNative, makeNativeClass } from '../../python/nativeClass';
import type { CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import type { Span } from '../../span';
import { ArrayPayload, payloadValue, shapeOf, sizesOf, tensorOf } from '../numpy/arrays';
import { numberOf } from '../tensor/dimValues';
import { drawnDistribution } from '../tensor/drawnDistribution';
import { addNode } from '../tensor/trace';
import { type FlaxState, InitialiserPayload } from './flaxState';

/** What an initialiser draws for a weight of this shape, in JAX's own order of axes. */
export type InitialiserType = (shape: readonly number[]) => Distribution;

interface Factory {
  readonly signature: string;
  readonly type: (value: (name: string) => Value | undefined, context: CallContext) => InitialiserType;
}

const axes = 'in_axis=-2, out_axis=-1, batch_axis=(), dtype=None';

/** `jax.nn.initializers` with the defaults of jax 0.10.2 (jax/_src/nn/initializers.py); Flax 0.12.8 re-exports them. */
const factories: Readonly<Record<string, Factory>> = {
  variance_scaling: {
    signature: `scale, mode, distribution, ${axes}, mean=0.0`,
    type: (value, context) => {
      const scale = numberOf(value('scale'));
      const mode = value('mode');
      const distribution = value('distribution');
      const known = distribution?.kind === 'str' ? scalingDistributions[distribution.value] : undefined;
      const fanMode = mode?.kind === 'str' ? fanModes.find((name) => name === mode.value) : undefined;
      if (scale === undefined || !known || !fanMode) return notKnown;
      return scaled(scale, fanMode, known, axisOf(value, 'in_axis', context), axisOf(value, 'out_axis', context));
    },
  },
  lecun_normal: scaling(1, 'fan_in', 'truncated_normal'),
  lecun_uniform: scaling(1, 'fan_in', 'uniform'),
  glorot_normal: scaling(1, 'fan_avg', 'truncated_normal'),
  glorot_uniform: scaling(1, 'fan_avg', 'uniform'),
  xavier_normal: scaling(1, 'fan_avg', 'truncated_normal'),
  xavier_uniform: scaling(1, 'fan_avg', 'uniform'),
  he_normal: scaling(2, 'fan_in', 'truncated_normal'),
  he_uniform: scaling(2, 'fan_in', 'uniform'),
  kaiming_normal: scaling(2, 'fan_in', 'truncated_normal'),
  kaiming_uniform: scaling(2, 'fan_in', 'uniform'),
  normal: { signature: 'stddev=0.01, dtype=None', type: (value) => ofNumber(value('stddev'), (std) => normal(0, std)) },
  uniform: {
    signature: 'scale=0.01, dtype=None',
    type: (value) => ofNumber(value('scale'), (scale) => uniform(0, scale)),
  },
  truncated_normal: {
    signature: 'stddev=0.01, dtype=None, lower=-2.0, upper=2.0',
    type: (value) => {
      const lower = numberOf(value('lower'));
      const upper = numberOf(value('upper'));
      if (lower === undefined || upper === undefined) return notKnown;
      return ofNumber(value('stddev'), (std) => truncatedNormal(0, std, lower * std, upper * std));
    },
  },
  constant: { signature: 'value, dtype=None', type: (value) => ofNumber(value('value'), constant) },
  zeros_init: { signature: '', type: () => () => constant(0) },
  ones_init: { signature: '', type: () => () => constant(1) },
  orthogonal: {
    signature: 'scale=1.0, column_axis=-1, dtype=None',
    type: (value) => {
      const gain = numberOf(value('scale'));
      const axis = numberOf(value('column_axis'));
      if (gain === undefined || axis === undefined) return notKnown;
      return (shape) => orthogonalOver(shape, axis, gain);
    },
  },
  delta_orthogonal: {
    signature: 'scale=1.0, column_axis=-1, dtype=None',
    type: (value) => ofNumber(value('scale'), (gain) => identity(gain)),
  },
};

const scalingDistributions: Readonly<Record<string, ScalingDistribution>> = {
  uniform: 'uniform',
  normal: 'untruncated_normal',
  truncated_normal: 'truncated_normal',
};
const fanModes: readonly FanMode[] = ['fan_in', 'fan_out', 'fan_avg'];

const notKnown: InitialiserType = () => unknownDistribution('the arguments of the initialiser are not known');

/** Flax's own defaults, by the name under which the layer tables ask for them. */
export const defaultInitialisers = {
  lecun_normal: () => scaled(1, 'fan_in', 'truncated_normal'),
  zeros: () => () => constant(0),
  ones: () => () => constant(1),
  orthogonal: () => (shape: readonly number[]) => orthogonalOver(shape, -1, 1),
  /** `default_embed_init`, flax/linen/linear.py and flax/nnx/nn/linear.py: `variance_scaling(1.0, 'fan_in', 'normal', out_axis=0)`. */
  embedding: () => scaled(1, 'fan_in', 'untruncated_normal', [-2], [0]),
} satisfies Readonly<Record<string, () => InitialiserType>>;

export type DefaultInitialiser = keyof typeof defaultInitialisers;

/** `Initializer` objects: called with a key and a shape they draw. */
export function initialiserClass(state: () => FlaxState): ClassValue {
  return makeNativeClass('jax.nn.initializers.Initializer', [], {
    __call__: instanceMethod('jax.nn.initializers.Initializer.__call__', (self, args, context) => {
      const sizes = sizesOf(args.named.get('shape') ?? args.positional[1], context);
      if (!sizes || !(self.payload instanceof InitialiserPayload)) {
        return context.unknown('the shape of an array that an initialiser draws is not known');
      }
      const known = sizes.every((size): size is number => typeof size === 'number') ? sizes : undefined;
      const distribution = known ? self.payload.draw(known) : unknownDistribution('the shape is not known');
      const site = { trail: context.trail, name: self.payload.name };
      const operation = { kind: 'random', distribution } as const;
      const draw = () => addNode(state().session, operation, [], sizes, site);
      return payloadValue(state(), new ArrayPayload(sizes, draw));
    }),
  });
}

/** Members of `jax.nn.initializers` and of `flax.linen.initializers`. */
export function initialiserMembers(state: () => FlaxState): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>();
  for (const [name, { signature, type }] of Object.entries(factories)) {
    const factory = makeNative(`jax.nn.initializers.${name}`, (args, context) => {
      const bound = bindArguments(signature, args, context);
      const draw = bound instanceof Map ? type((argument) => bound.get(argument), context) : notKnown;
      return initialiserValue(state(), name.replace(/_init$/, ''), draw);
    });
    members.set(name, factory);
  }
  const lazily = (name: 'zeros' | 'ones'): Value =>
    makeNative(`jax.nn.initializers.${name}`, (args, context) =>
      context.call(initialiserValue(state(), name, defaultInitialisers[name]()), args.positional, args.named),
    );
  members.set('zeros', lazily('zeros'));
  members.set('ones', lazily('ones'));
  members.set('Initializer', state().classes.initialiser);
  return members;
}

/** The initialiser that an argument names, for a weight of this shape. Without a value it is the default. */
export function initialiserOf(
  state: FlaxState,
  value: Value | undefined,
  fallback: DefaultInitialiser,
  shape: readonly number[],
  span: Span | undefined,
  context: CallContext,
): Initialiser {
  const placed = { isDefault: span === undefined, ...(span && { span }) };
  if (!value || value.kind === 'none') {
    return { distribution: defaultInitialisers[fallback]()(shape), scheme: fallback, ...placed, isDefault: true };
  }
  if (value.kind === 'instance' && value.payload instanceof InitialiserPayload) {
    return { distribution: value.payload.draw(shape), scheme: value.payload.name, ...placed };
  }
  const number = numberOf(value);
  if (number !== undefined) return { distribution: constant(number), scheme: 'constant', ...placed };
  if (value.kind === 'unknown')
    return { distribution: unknownDistribution(value.reason), scheme: 'unknown', ...placed };
  const sizes: Value = { kind: 'tuple', items: shape.map((size) => ({ kind: 'int', value: size })) };
  const drawn = drawnBy(state, context.call(value, [{ kind: 'none' }, sizes, { kind: 'str', value: 'float32' }]));
  return { distribution: drawn.distribution, scheme: nameOf(value), ...placed };
}

/** Distribution and shape of an array that code of the user's has made for a weight. */
export function drawnBy(
  state: FlaxState,
  array: Value,
): { readonly distribution: Distribution; readonly shape: readonly number[] | undefined } {
  const sizes = shapeOf(array);
  const shape = sizes?.every((size): size is number => typeof size === 'number') ? sizes : undefined;
  if (array.kind === 'unknown') return { distribution: unknownDistribution(array.reason), shape };
  const tensor = tensorOf(array);
  const distribution = drawnDistribution(state.session.tracer.nodes, tensor?.node);
  return { distribution: distribution ?? unknownDistribution('an initialiser of the code itself'), shape };
}

export function initialiserValue(state: FlaxState, name: string, draw: InitialiserType): InstanceValue {
  const payload = new InitialiserPayload(name, draw);
  return { kind: 'instance', class: state.classes.initialiser, attributes: new Map(), payload, made: [] };
}

function scaling(scale: number, mode: FanMode, distribution: ScalingDistribution): Factory {
  return {
    signature: axes,
    type: (value, context) =>
      scaled(scale, mode, distribution, axisOf(value, 'in_axis', context), axisOf(value, 'out_axis', context)),
  };
}

function scaled(
  scale: number,
  mode: FanMode,
  distribution: ScalingDistribution,
  inAxes: readonly number[] = [-2],
  outAxes: readonly number[] = [-1],
): InitialiserType {
  return (shape) => {
    const fans = fansOverAxes(shape, inAxes, outAxes);
    return fans
      ? varianceScaling({ scale, mode, distribution }, fans)
      : unknownDistribution('a weight of this shape has no fans');
  };
}

function axisOf(
  value: (name: string) => Value | undefined,
  name: string,
  context: CallContext,
): readonly number[] | undefined {
  const given = value(name);
  const single = numberOf(given);
  if (single !== undefined) return [single];
  const items = given && context.iterate(given)?.map(numberOf);
  return items?.every((item) => item !== undefined) ? items : undefined;
}

/** Rows are the column axis, the rest is flattened (jax 0.10.2 `orthogonal`). */
function orthogonalOver(shape: readonly number[], axis: number, gain: number): Distribution {
  const rows = shape.at(axis);
  if (rows === undefined || shape.length < 2)
    return unknownDistribution('an orthogonal matrix needs at least two axes');
  const columns = shape.reduce((total, size) => total * size, 1) / Math.max(1, rows);
  return { kind: 'orthogonal', gain, rows, columns };
}

function ofNumber(value: Value | undefined, distribution: (number: number) => Distribution): InitialiserType {
  const number = numberOf(value);
  return number === undefined ? notKnown : () => distribution(number);
}

function nameOf(value: Value): string {
  if (value.kind === 'function') return value.name;
  return value.kind === 'native' ? value.name.slice(value.name.lastIndexOf('.') + 1) : 'initialiser';
}
