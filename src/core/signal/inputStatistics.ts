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
  readonly mean: number;
  /** E[x²]. */
  readonly square: number;
  /** Offsets per spatial axis in row-major order over [0..extent) each, with sign variants as the engine documents. */
  readonly within: OffsetMoments;
  readonly across: OffsetMoments;
}

export interface OffsetMoments {
  /** Extent of each spatial (or time) axis; empty for flat data. */
  readonly extents: readonly number[];
  /** Moments at offsets, row-major; see `offsetIndex` in the engine. */
  readonly values: readonly number[];
}
