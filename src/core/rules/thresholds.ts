/** Limits that findings start at; each can be set by `gradlens.thresholds`. Ratios are plain numbers, shares lie in [0, 1]. */
export const defaultThresholds = {
  /** First-layer gradient over last-layer gradient below which it vanishes. A five-layer ReLU network at PyTorch's defaults has 4e-3 and trains well; a sigmoid one 5e-5 and does not. */
  vanishingHint: 1e-2,
  vanishingWarning: 1e-4,
  vanishingError: 1e-6,
  /** First-layer gradient over last-layer gradient above which it explodes. */
  explodingGradientWarning: 1e3,
  explodingGradientError: 1e8,
  /** Growth of the activation RMS over the input's, and the RMS itself. */
  explodingActivationWarning: 1e3,
  /** Largest float16 number (IEEE 754 binary16). */
  explodingActivationError: 65504,
  /** RMS of what reaches the last layer, over the input's. */
  collapsingWarning: 1e-3,
  /** Share of saturated units. */
  saturatedWarning: 0.5,
  /** Share of a ReLU layer's units that are off. */
  deadWarning: 0.97,
  /** Chance that some ReLU layer is wholly off at initialisation. */
  bornDeadHint: 0.05,
  bornDeadWarning: 0.15,
} as const;

export type ThresholdName = keyof typeof defaultThresholds;
export type Thresholds = Readonly<Record<ThresholdName, number>>;

/** Defaults overlaid with what the user set; unknown names and values that are no finite numbers are passed over. */
export function resolveThresholds(settings: Readonly<Record<string, number>> | undefined): Thresholds {
  const resolved: Record<string, number> = { ...defaultThresholds };
  for (const [name, value] of Object.entries(settings ?? {})) {
    if (name in defaultThresholds && Number.isFinite(value)) resolved[name] = value;
  }
  return resolved as Thresholds;
}
