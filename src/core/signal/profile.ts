import type { NodeId } from '../network/network';

/** log10 of a root mean square over all elements, and its standard deviation over initialisation seeds. */
export interface Estimate {
  readonly log10Rms: number;
  /** Seed-to-seed standard deviation, in dex. */
  readonly sd: number;
  /** Half-width, in dex, of the band in which the mean over twenty runs lies with a probability of 0.9; undefined where nothing tells. */
  readonly band?: number;
  /** Of runs of a smaller copy: how many times as large the variance from seed to seed was there. */
  readonly inflation?: number;
}

/** Why a number means little, or is missing: where a signal is exactly zero there is no logarithm, and the flag says so. */
export type SignalFlag =
  | 'unknown-upstream'
  | 'finite-width'
  | 'chaotic'
  | 'collapsed'
  | 'approximate'
  | 'overflow'
  | 'zero-activation'
  /** The layer's weights start as NaN or infinite. */
  | 'invalid-weights'
  /** The layer has none. */
  | 'no-units'
  /** What either does to the rest of the network. */
  | 'broken-elsewhere'
  | 'zero-gradient';

export interface NodeSignal {
  readonly node: NodeId;
  readonly activation: Estimate | undefined;
  /** dL/d output of this node. */
  readonly gradient: Estimate | undefined;
  /** dL/d weight; for attention and recurrence see `weightGradients`. */
  readonly weightGradient: Estimate | undefined;
  /** By role: `query`, `key`, `value`, `input`, `recurrent`. */
  readonly weightGradients: Readonly<Record<string, Estimate>>;
  /** Mean and standard deviation over units of the node's output. */
  readonly outputMean: number | undefined;
  readonly outputStd: number | undefined;
  /** Fraction of output units in the flat part, as the activation's catalogue entry defines it; undefined for other nodes. */
  readonly saturated: number | undefined;
  /** Of that share: seed-to-seed standard deviation and band, as in `Estimate`. */
  readonly saturatedSpread?: Omit<Estimate, 'log10Rms'>;
  /** Activations: mean and standard deviation of the pre-activation z, and root mean square of f′(z). */
  readonly preactivation: { readonly mean: number; readonly std: number; readonly slopeRms: number } | undefined;
  /** Recurrent nodes: log10 RMS at each time step. */
  readonly steps: StepSignals | undefined;
  readonly flags: readonly SignalFlag[];
}

/** Per time step. `sd` and `band` as in `Estimate`, where they are known. */
export interface StepSignals {
  readonly activation: readonly number[];
  readonly gradient: readonly number[];
  readonly sd?: StepNumbers;
  readonly band?: StepNumbers;
}

export interface StepNumbers {
  readonly activation: readonly number[];
  readonly gradient: readonly number[];
}

/** One entry a node of the network, in the same order. */
export interface SignalProfile {
  readonly nodes: readonly NodeSignal[];
  /** How many real initialisations refined the numbers; undefined where the analytic engine alone speaks. */
  readonly runs?: number;
  /** True where those were runs of a smaller copy, the network itself being too large. */
  readonly isOfCopy?: boolean;
}
