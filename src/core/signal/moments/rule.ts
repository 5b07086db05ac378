import type { Network, NetworkNode, Parameter } from '../../network/network';
import type { Field, Gradient, Pair } from './field';
import type { SaturatedShare } from './saturation';

/** Second moment of something over seeds, in logarithms so that it may vanish or explode, and its seed-to-seed variance. */
export interface LogMoment {
  /** Natural logarithm of the mean square. */
  readonly logSquare: number;
  /** Variance over seeds of that logarithm. */
  readonly variance: number;
}

export interface Backward {
  /** dL/d input, by input; undefined where no gradient flows, `unknown` where it cannot be worked out. */
  readonly inputs: readonly (Gradient | 'unknown' | undefined)[];
  readonly weight?: LogMoment;
  readonly weights?: Readonly<Record<string, LogMoment>>;
  /** Natural logarithm of the mean square gradient at each time step. */
  readonly stepLogSquares?: readonly number[];
}

/** One operation worked forward, with what its backward pass needs kept in the closure. */
export interface Step {
  readonly output: Field;
  readonly backward: (gradient: Gradient) => Backward;
  readonly saturated?: SaturatedShare;
  readonly preactivation?: { readonly mean: number; readonly std: number; readonly slopeRms: number };
  readonly stepLogSquares?: readonly number[];
  /** Activations: relative variance of one sample's mean square that the finite number of units adds. */
  readonly sampleSpread?: () => number;
  /** Layers with weights: E[y y′] of two inputs of which E[x x′] is given, the weights the same; true scale. */
  readonly alike?: (products: Pair) => Pair;
  /** The same for the gradients that two uses of the weights hand back. */
  readonly alikeBack?: (gradients: Pair) => Pair;
  /** What two uses add to the mean square of the weight's gradient, from E[g g′] of outputs and E[x x′] of inputs. */
  readonly weightTogether?: (gradients: Pair, products: Pair) => number;
  /** True where the rule leaves out something that may matter. */
  readonly isApproximate?: boolean;
}

/** What a rule sees of the network. */
export interface Call {
  readonly node: NetworkNode;
  readonly network: Network;
  /** One a node input; undefined where it is unknown. */
  readonly inputs: readonly (Field | undefined)[];
  readonly inputNodes: readonly (NetworkNode | undefined)[];
  readonly batch: number;
  /** How many classes of pairs of samples every tensor's moments tell apart. */
  readonly pairClasses: number;
  /** For a source of values: the tensor it will be combined with. */
  readonly partner: Field | undefined;
  /** Covariance of two inputs, in true scale, where weights before them are the same. */
  readonly common?: (first: number, second: number) => Pair | undefined;
  readonly parameter: (role: string) => Parameter | undefined;
}
