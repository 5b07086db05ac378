import type { InputPreset, ScaledPreset } from './inputStatistics';

/** Closed-form moments of a preset: `within` takes the distance between positions as a share of the extent. */
export interface PresetMoments {
  readonly mean: number;
  readonly within: (distance: number) => number;
  readonly across: number;
}

/** What a preset's values are the sum of. */
export interface PresetParts {
  readonly mean: number;
  readonly variance: number;
  /** Share of the variance that all samples have in common at a place. */
  readonly common: number;
  /** Share that a sample has in common over all its positions. */
  readonly plateau: number;
  /** Distance over which the rest loses its correlation, as a share of the extent; 0 for independent positions. */
  readonly length: number;
}

/**
 * Standard normal data and uniform noise (`torch.rand`) are exactly that. Images: mean and standard deviation of ImageNet (0.485 … 0.406, 0.229 … 0.225 in [0,1]), of MNIST
 * (0.1307, 0.3081); correlation lengths are those of smooth natural images.
 */
const presets: Readonly<Record<InputPreset, PresetParts>> = {
  'standard-normal': { mean: 0, variance: 1, common: 0, plateau: 0, length: 0 },
  table: { mean: 0, variance: 1, common: 0, plateau: 0, length: 0 },
  'image-unit': { mean: 0.45, variance: 0.26 ** 2, common: 0.05, plateau: 0.25, length: 0.2 },
  'image-normalised': { mean: 0, variance: 1, common: 0.05, plateau: 0.25, length: 0.2 },
  mnist: { mean: 0.1307, variance: 0.3081 ** 2, common: 0.25, plateau: 0, length: 0.1 },
  tokens: { mean: 0, variance: 1, common: 0, plateau: 0, length: 0 },
  'sequence-unit': { mean: 0.5, variance: 0.25 ** 2, common: 0, plateau: 0.25, length: 0.2 },
  'uniform-noise': { mean: 0.5, variance: 1 / 12, common: 0, plateau: 0, length: 0 },
};

/** The preset's own numbers, shifted and scaled where the source says so. */
export function presetParts(input: InputPreset | ScaledPreset): PresetParts {
  if (typeof input === 'string') return presets[input];
  const { mean, variance, ...rest } = presets[input.preset];
  return { ...rest, mean: (mean - input.shift) / input.scale, variance: variance / (input.scale * input.scale) };
}

export function presetMoments(input: InputPreset | ScaledPreset): PresetMoments {
  const { mean, variance, common, plateau, length } = presetParts(input);
  return {
    mean,
    within: (distance) => {
      if (distance === 0) return mean * mean + variance;
      const decaying = length > 0 ? Math.exp(-distance / length) : 0;
      return mean * mean + variance * (common + (1 - common) * (plateau + (1 - plateau) * decaying));
    },
    across: mean * mean + variance * common,
  };
}
