/** What the user's data is taken to be where no sample is given. */
export const inputPresets = [
  'standard-normal',
  'image-unit',
  'image-normalised',
  'mnist',
  'table',
  'tokens',
  'sequence-unit',
] as const;

export type InputPreset = (typeof inputPresets)[number];

/**
 * Moments measured on a sample batch of the user's data. Raw second moments over units:
 * `R(d) = E[x(p)x(p+d)]` within a sample at position offset d, `S(d)` the same across two samples.
 */
export interface SampleStatistics {
  readonly kind: 'sample';
  /** Shape without the batch axis. */
  readonly shape: readonly number[];
  readonly count: number;
  /** Axes of `shape` that are positions, in the order of the extents; the last axes where it is missing. */
  readonly positionAxes?: readonly number[];
  readonly mean: number;
  /** E[x²]. */
  readonly square: number;
  /** By offset per position axis, row-major; offsets of both signs are averaged. The last bin of an axis holds all offsets beyond the cap. */
  readonly within: OffsetMoments;
  readonly across: OffsetMoments;
  /**
   * Standard deviation over pairs of samples of their mean product: at equal positions, and of their means over positions. Pairs of a bright
   * and a dark image differ from pairs of two bright ones; what all pairs have on average does not tell.
   */
  readonly pairSpread?: { readonly own: number; readonly mean: number };
}

export interface OffsetMoments {
  /** Extent of each spatial (or time) axis; empty for flat data. */
  readonly extents: readonly number[];
  /** Moments at offsets, row-major over [0, min(extent, cap)) an axis. */
  readonly values: readonly number[];
}
