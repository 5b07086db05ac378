import type { Expression } from './expression';

/** An elementwise activation as a network uses it: a catalogue entry with its parameters bound, or the user's own expression. */
export interface ActivationUse {
  /** The catalogue's id (`sigmoid`, `leaky-relu`), or `custom` for an expression that no entry matches. */
  readonly id: string;
  /** Bound parameters by the catalogue's names, such as `negativeSlope`. */
  readonly parameters: Readonly<Record<string, number>>;
  /** f(z) with the parameters bound. */
  readonly expression: Expression;
}
