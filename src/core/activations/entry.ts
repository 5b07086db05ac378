import type { Expression } from './expression';

/**
 * Coarse kind. `saturating`: flat on both sides; `rectifier`: zero or nearly linear below a kink; `smooth-rectifier`: a rectifier without
 * kink; `gate`: a product of two halves; `normalising`: couples the elements of an axis; `shrinkage`: zero around the origin;
 * `unbounded`: grows on both sides or faster than linear; `oscillating`: periodic; `bump`: falls to zero on both sides.
 */
export type ActivationFamily =
  | 'saturating'
  | 'rectifier'
  | 'smooth-rectifier'
  | 'gate'
  | 'normalising'
  | 'shrinkage'
  | 'unbounded'
  | 'oscillating'
  | 'bump';

export type ActivationParameters = Readonly<Record<string, number>>;

/** All values that the function takes; an end that is approached but not reached is not attained. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly isLowAttained: boolean;
  readonly isHighAttained: boolean;
}

/** Largest |f′(z)| (its supremum where no z attains it). */
export interface SlopeMaximum {
  readonly value: number;
  /** For people: `z = 0`, `all z > 0`. */
  readonly where: string;
}

/** A unit counts as saturated where z ≤ `below` or z ≥ `above`. */
export interface Saturation {
  readonly below: number | undefined;
  readonly above: number | undefined;
}

export interface ActivationParameter {
  /** The catalogue's own name: `negativeSlope`. */
  readonly name: string;
  /** The value in the paper or, where the paper gives none, in PyTorch. */
  readonly default: number;
  readonly isTrainable?: boolean;
}

/** Initialisers as what-if edits name them. */
export type InitialiserId = 'xavier-normal' | 'xavier-uniform' | 'he-normal' | 'lecun-normal' | 'siren-uniform';

export interface RecommendedInitialiser {
  readonly id: InitialiserId;
  readonly reason: string;
}

/** What the tables say of one activation. Functions take the bound parameters. */
export interface ActivationDefinition {
  readonly title: string;
  /** f in plain Unicode text; z is the pre-activation. */
  readonly formula: string;
  /** f′ in plain Unicode text. */
  readonly derivative: string;
  readonly family: ActivationFamily;
  readonly parameters: readonly ActivationParameter[];
  /** Undefined for what is not elementwise: softmax, the gated linear units. */
  readonly expression: ((parameters: ActivationParameters) => Expression) | undefined;
  readonly range: (parameters: ActivationParameters) => Interval;
  /** Undefined where the derivative is no function of one number. */
  readonly slopeMaximum: ((parameters: ActivationParameters) => SlopeMaximum) | undefined;
  /** Undefined where the notion does not apply. */
  readonly saturation: ((parameters: ActivationParameters) => Saturation | undefined) | undefined;
  /** In words, for the pages. */
  readonly saturates: string;
  readonly strengths: readonly string[];
  readonly weaknesses: readonly string[];
  readonly typicalUse: string;
  readonly initialiser: RecommendedInitialiser | undefined;
  /** Author, year, title. */
  readonly source: string;
}

export type FrameworkName = 'torch' | 'keras' | 'flax' | 'numpy';

/** What is written in source text as an argument, as far as activations take one. */
export type ArgumentValue = number | boolean | string | null;

export interface FrameworkArgument {
  readonly name: string;
  /** Undefined where the framework demands the argument. */
  readonly default: ArgumentValue | undefined;
  /** The catalogue's parameter that it sets. */
  readonly parameter?: string;
  /** True where it changes nothing that the curve shows: `inplace`, `name`, `dim`. */
  readonly isInert?: boolean;
  /** Its name in an earlier version that is still accepted. */
  readonly formerly?: string;
}

/** One name of an activation in a framework. */
export interface FrameworkAlias {
  readonly framework: FrameworkName;
  /** `torch.nn.functional.leaky_relu`; for Keras strings the bare string. */
  readonly name: string;
  /** `method` names are those of tensors: `relu` for `x.relu()`. `function` arguments exclude the tensor itself. */
  readonly kind: 'layer' | 'function' | 'method' | 'string';
  readonly arguments: readonly FrameworkArgument[];
  /** Another entry where an argument has a certain value: GELU with `approximate='tanh'`. */
  readonly variants: readonly { readonly argument: string; readonly equals: ArgumentValue; readonly id: string }[];
  /** Parameters that hold whatever the arguments are. */
  readonly fixed: ActivationParameters;
}

export interface ActivationEntry extends ActivationDefinition {
  readonly id: string;
  readonly names: readonly FrameworkAlias[];
}

/** Every value strictly between the ends. */
export function open(low: number, high: number): Interval {
  return { low, high, isLowAttained: false, isHighAttained: false };
}

export function closed(low: number, high: number): Interval {
  return { low, high, isLowAttained: Number.isFinite(low), isHighAttained: Number.isFinite(high) };
}

/** The upper end is not attained. */
export function rightOpen(low: number, high: number): Interval {
  return { low, high, isLowAttained: true, isHighAttained: false };
}

/** The lower end is not attained. */
export function leftOpen(low: number, high: number): Interval {
  return { low, high, isLowAttained: false, isHighAttained: true };
}

export const realLine: Interval = open(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);

/** The bound value, the table's default where none was given. */
export function bound(parameters: ActivationParameters, name: string): number {
  return parameters[name] ?? Number.NaN;
}
