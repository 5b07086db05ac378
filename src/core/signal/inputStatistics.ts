/** What the user's data is taken to be where no sample is given. */
export const inputPresets = [
  'standard-normal',
  'image-unit',
  'image-normalised',
  'mnist',
  'table',
  'tokens',
  'sequence-unit',
  'uniform-noise',
] as const;

export type InputPreset = (typeof inputPresets)[number];

/** A preset's data after x ↦ (x − shift) / scale: pictures in [0, 1] that the source normalises. */
export interface ScaledPreset {
  readonly kind: 'scaled';
  readonly preset: InputPreset;
  readonly shift: number;
  /** Not zero. */
  readonly scale: number;
}

/** What is known of the input: a distribution by name, scaled or not, or what a sample of the user's data shows. */
export type InputStatistics = InputPreset | ScaledPreset | SampleStatistics;

/** `mnist`, `mnist × 255`, `mnist, (x − 0.1307) / 0.3081`, `sample`. */
export function statisticsName(input: InputStatistics): string {
  if (typeof input === 'string') return input;
  if (input.kind === 'sample') return 'sample';
  const rounded = (value: number) => String(Number(value.toPrecision(4)));
  if (input.shift === 0) return `${input.preset} × ${rounded(1 / input.scale)}`;
  return `${input.preset}, (x − ${rounded(input.shift)}) / ${rounded(input.scale)}`;
}

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
   * Standard deviation over pairs of samples of their mean product: at equal positions, of their means over positions, and of any two of their
   * positions. Pairs of a bright and a dark image differ from pairs of two bright ones; what all pairs have on average does not tell.
   */
  readonly pairSpread?: { readonly own: number; readonly mean: number; readonly places: number };
  /** Samples of the batch themselves, row-major: as many as a run of the network may want. */
  readonly rows?: SampleRows;
}

export interface SampleRows {
  readonly count: number;
  readonly values: Float32Array;
}

export interface OffsetMoments {
  /** Extent of each spatial (or time) axis; empty for flat data. */
  readonly extents: readonly number[];
  /** Moments at offsets, row-major over [0, min(extent, cap)) an axis. */
  readonly values: readonly number[];
}
