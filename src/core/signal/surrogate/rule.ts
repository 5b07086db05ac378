import type { Network, NetworkNode, Parameter } from '../../network/network';
import type { Multiply } from './matrix';
import type { RandomSource } from './random';
import type { Tensor } from './tensor';

/** A parameter with the values drawn for this run. */
export interface DrawnParameter {
  readonly parameter: Parameter;
  readonly value: Tensor;
}

export interface Backward {
  /** dL/d input, by input; undefined where no gradient flows, `unknown` where it cannot be worked out. */
  readonly inputs: readonly (Tensor | 'unknown' | undefined)[];
  /** dL/d parameter by the node's roles. */
  readonly parameters?: Readonly<Record<string, Tensor>>;
  /** Gradients that the profile names apart: `query`, `key`, `value`, `input`, `recurrent`. */
  readonly parts?: Readonly<Record<string, Tensor>>;
  /** Natural logarithm of the root mean square gradient at each time step. */
  readonly stepLogs?: readonly number[];
}

/** One operation run forward, with what its backward pass needs kept in the closure. */
export interface Step {
  readonly output: Tensor;
  /** Undefined where nothing before the operation has a gradient. */
  readonly backward?: (gradient: Tensor) => Backward;
  readonly saturated?: number;
  readonly preactivation?: { readonly mean: number; readonly std: number; readonly slopeRms: number };
  /** Natural logarithm of the root mean square at each time step. */
  readonly stepLogs?: readonly number[];
  /** True where something had to be put in that the network does not tell. */
  readonly isApproximate?: boolean;
}

/** What a rule sees of the run. */
export interface Call {
  readonly node: NetworkNode;
  readonly network: Network;
  readonly inputs: readonly Tensor[];
  readonly inputNodes: readonly (NetworkNode | undefined)[];
  readonly batch: number;
  readonly random: RandomSource;
  readonly multiply: Multiply;
  /** The node's output shape with this batch; undefined where a size is not known. */
  readonly shape: readonly number[] | undefined;
  readonly parameter: (role: string) => DrawnParameter | undefined;
}
