import {
  constant,
  type FanMode,
  type Fans,
  fansOf,
  identity,
  normal,
  orthogonal,
  type ScalingDistribution,
  truncatedNormal,
  uniform,
  unknownDistribution,
  type VarianceScaling,
  varianceScaling,
} from '../../network/initialisers';
import type { Distribution, Initialiser } from '../../network/network';
import { bindArguments, parseSignature } from '../../python/arguments';
import { getEntry, makeStr } from '../../python/make';
import { makeNative, makeNativeClass } from '../../python/nativeClass';
import type { CallContext, ClassValue, DictValue, Value } from '../../python/values';
import type { Span } from '../../span';
import { tensorOf } from '../numpy/arrays';
import { numberOf } from '../tensor/dimValues';
import { drawnDistribution } from '../tensor/drawnDistribution';
import type { KerasState } from './kerasState';
import { passing } from './modules/utilities';

/** A weight as an initialiser sees it: shape in Keras's own order, and fans where they do not follow from it. */
export interface InitialisedShape {
  readonly shape: readonly number[];
  readonly fans?: Fans;
}

type DistributionOf = (weight: InitialisedShape) => Distribution;

/** What an initialiser object keeps with its instance. */
class InitialiserScheme {
  constructor(
    readonly name: string,
    readonly distribution: DistributionOf,
  ) {}
}

interface InitialiserType {
  readonly aliases?: readonly string[];
  readonly signature: string;
  readonly distribution: (value: (name: string) => Value | undefined) => DistributionOf;
}

const scaled = (scheme: VarianceScaling): InitialiserType => ({
  signature: 'seed=None, input_axes=None, output_axes=None',
  distribution: () => (weight) => scaling(scheme, weight),
});

const notKnown: DistributionOf = () => unknownDistribution('the arguments of the initialiser are not known');

/** `keras.initializers` with the defaults of Keras 3.15.1 (initializers/random_initializers.py, constant_initializers.py). */
const initialiserTypes: Readonly<Record<string, InitialiserType>> = {
  GlorotUniform: scaled({ scale: 1, mode: 'fan_avg', distribution: 'uniform' }),
  GlorotNormal: scaled({ scale: 1, mode: 'fan_avg', distribution: 'truncated_normal' }),
  HeUniform: scaled({ scale: 2, mode: 'fan_in', distribution: 'uniform' }),
  HeNormal: scaled({ scale: 2, mode: 'fan_in', distribution: 'truncated_normal' }),
  LecunUniform: scaled({ scale: 1, mode: 'fan_in', distribution: 'uniform' }),
  LecunNormal: scaled({ scale: 1, mode: 'fan_in', distribution: 'truncated_normal' }),
  VarianceScaling: {
    signature:
      "scale=1.0, mode='fan_in', distribution='truncated_normal', seed=None, input_axes=None, output_axes=None",
    distribution: (value) => {
      const scale = numberOf(value('scale'));
      const mode = fanModeOf(value('mode'));
      const distribution = scalingDistributionOf(value('distribution'));
      if (scale === undefined || !mode || !distribution) return notKnown;
      return (weight) => scaling({ scale, mode, distribution }, weight);
    },
  },
  RandomNormal: {
    aliases: ['normal'],
    signature: 'mean=0.0, stddev=0.05, seed=None',
    distribution: (value) => ofNumbers(value, ['mean', 'stddev'], normal),
  },
  TruncatedNormal: {
    signature: 'mean=0.0, stddev=0.05, seed=None',
    distribution: (value) =>
      ofNumbers(value, ['mean', 'stddev'], (mean, std) => truncatedNormal(mean, std, mean - 2 * std, mean + 2 * std)),
  },
  RandomUniform: {
    aliases: ['uniform'],
    signature: 'minval=-0.05, maxval=0.05, seed=None',
    distribution: (value) => ofNumbers(value, ['minval', 'maxval'], uniform),
  },
  Orthogonal: {
    aliases: ['OrthogonalInitializer'],
    signature: 'gain=1.0, seed=None',
    distribution: (value) => {
      const gain = numberOf(value('gain'));
      return gain === undefined ? notKnown : ({ shape }) => orthogonal(shape, 'outputLast', gain);
    },
  },
  Identity: {
    aliases: ['IdentityInitializer'],
    signature: 'gain=1.0',
    distribution: (value) => {
      const gain = numberOf(value('gain'));
      return gain === undefined ? notKnown : () => identity(gain);
    },
  },
  Constant: {
    signature: 'value=0.0',
    distribution: (value) => {
      const number = numberOf(value('value'));
      return number === undefined ? notKnown : () => constant(number);
    },
  },
  STFT: {
    aliases: ['STFTInitializer'],
    signature: "side='real', window='hann', scaling='density', periodic=False",
    distribution: () => () => unknownDistribution('the waves of a Fourier transform'),
  },
  Zeros: { aliases: ['zero'], signature: '', distribution: () => () => constant(0) },
  Ones: { aliases: ['one'], signature: '', distribution: () => () => constant(1) },
};

const typesByName: ReadonlyMap<string, { readonly name: string; readonly type: InitialiserType }> = new Map(
  Object.entries(initialiserTypes).flatMap(([name, type]) =>
    [name, snakeCase(name), ...(type.aliases ?? [])].map((alias) => [alias, { name, type }] as const),
  ),
);

/** The classes of `keras.initializers` under all their names, for modules. */
export function initialiserClasses(base: ClassValue): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>([['Initializer', base]]);
  for (const [name, type] of Object.entries(initialiserTypes)) {
    const cls = initialiserClass(name, type, base);
    for (const alias of [name, snakeCase(name), ...(type.aliases ?? [])]) members.set(alias, cls);
  }
  // A name or a configuration is taken wherever an initialiser is.
  for (const name of ['get', 'deserialize', 'serialize']) members.set(name, passing(`keras.initializers.${name}`));
  return members;
}

/** The initialiser that a `kernel_initializer=` argument names. `span` is where it is written; without one it is the default. */
export function initialiserOf(
  state: KerasState,
  value: Value | undefined,
  weight: InitialisedShape,
  span: Span | undefined,
  context: CallContext,
): Initialiser {
  const isDefault = span === undefined;
  const made = (scheme: string, distribution: Distribution): Initialiser => ({
    distribution,
    scheme,
    isDefault,
    ...(span && { span }),
  });
  if (!value || value.kind === 'none') return made('Zeros', constant(0));
  if (value.kind === 'str') {
    const known = typesByName.get(value.value);
    if (!known) return made(value.value, unknownDistribution(`no initialiser is called ${value.value}`));
    return made(known.name, schemeOf(known.name, known.type).distribution(weight));
  }
  if (value.kind === 'dict') {
    const scheme = schemeOfConfig(value);
    if (scheme) return made(scheme.name, scheme.distribution(weight));
  }
  if (value.kind === 'instance' && value.payload instanceof InitialiserScheme) {
    return made(value.payload.name, value.payload.distribution(weight));
  }
  if (value.kind === 'class' && value.isNative) {
    const known = typesByName.get(value.name.slice(value.name.lastIndexOf('.') + 1));
    if (known) return made(known.name, schemeOf(known.name, known.type).distribution(weight));
  }
  return made(nameOf(value), drawnBy(state, value, weight, context));
}

/** `{"class_name": "VarianceScaling", "config": {"scale": 2.0}}`. */
function schemeOfConfig(config: DictValue): InitialiserScheme | undefined {
  const name = getEntry(config, makeStr('class_name'));
  const known = name?.kind === 'str' ? typesByName.get(name.value) : undefined;
  const given = getEntry(config, makeStr('config'));
  return known && schemeOf(known.name, known.type, given?.kind === 'dict' ? given : undefined);
}

/** What the user's own function or object draws for this shape. */
function drawnBy(state: KerasState, value: Value, weight: InitialisedShape, context: CallContext): Distribution {
  const unknown = unknownDistribution('an initialiser of the code itself');
  if (value.kind === 'unknown') return unknownDistribution(value.reason);
  const shape: Value = { kind: 'tuple', items: weight.shape.map((size) => ({ kind: 'int', value: size })) };
  const drawn = tensorOf(context.call(value, [shape]));
  return drawnDistribution(state.session.tracer.nodes, drawn?.node) ?? unknown;
}

function initialiserClass(name: string, type: InitialiserType, base: ClassValue): ClassValue {
  const qualified = `keras.initializers.${name}`;
  const construct = makeNative(`${qualified}.__init__`, (args, context) => {
    const [self, ...positional] = args.positional;
    if (self?.kind !== 'instance') return context.unknown(`${qualified} is called without an object`);
    const bound = bindArguments(
      `${type.signature}${type.signature ? ', ' : ''}**kwargs`,
      { ...args, positional, positionalSpans: args.positionalSpans.slice(1) },
      context,
    );
    self.payload =
      bound instanceof Map
        ? new InitialiserScheme(
            name,
            type.distribution((argument) => bound.get(argument)),
          )
        : new InitialiserScheme(name, notKnown);
    return { kind: 'none' };
  });
  return makeNativeClass(qualified, [base], { __init__: construct });
}

function schemeOf(name: string, type: InitialiserType, given?: DictValue): InitialiserScheme {
  const parameters = parseSignature(type.signature);
  return new InitialiserScheme(
    name,
    type.distribution(
      (argument) =>
        (given && getEntry(given, makeStr(argument))) ??
        parameters.find((parameter) => parameter.name === argument)?.default,
    ),
  );
}

function scaling(scheme: VarianceScaling, weight: InitialisedShape): Distribution {
  const fans = weight.fans ?? fansOf(weight.shape, 'outputLast');
  return fans ? varianceScaling(scheme, fans) : unknownDistribution('the fans of the weight are not known');
}

function ofNumbers(
  value: (name: string) => Value | undefined,
  names: readonly [string, string],
  distribution: (first: number, second: number) => Distribution,
): DistributionOf {
  const first = numberOf(value(names[0]));
  const second = numberOf(value(names[1]));
  return first === undefined || second === undefined ? notKnown : () => distribution(first, second);
}

function fanModeOf(value: Value | undefined): FanMode | undefined {
  const modes: readonly FanMode[] = ['fan_in', 'fan_out', 'fan_avg'];
  return value?.kind === 'str' ? modes.find((mode) => mode === value.value) : undefined;
}

function scalingDistributionOf(value: Value | undefined): ScalingDistribution | undefined {
  const names: readonly ScalingDistribution[] = ['uniform', 'normal', 'truncated_normal', 'untruncated_normal'];
  return value?.kind === 'str' ? names.find((name) => name === value.value) : undefined;
}

function nameOf(value: Value): string {
  if (value.kind === 'function') return value.name;
  if (value.kind === 'instance') return value.class.name;
  return 'initialiser';
}

function snakeCase(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}
