/** What dropout makes of x: factor · x + shift, where it drops it factor · dropped + shift. */
export interface DropoutScale {
  readonly factor: number;
  readonly dropped: number;
  readonly shift: number;
}

/**
 * Inverted dropout (Srivastava et al. 2014) drops to zero and keeps the mean; `alpha` drops to SELU's lower end −1.7581 and keeps mean and
 * variance of standard values (Klambauer et al. 2017, section 3; PyTorch 2.13 `alpha_dropout`, Keras 3.15 `AlphaDropout`). 0 < rate < 1.
 */
export function dropoutScale(rate: number, variant: 'element' | 'channel' | 'alpha'): DropoutScale {
  if (variant !== 'alpha') return { factor: 1 / (1 - rate), dropped: 0, shift: 0 };
  const dropped = -1.7580993408473766;
  const factor = 1 / Math.sqrt((dropped * dropped * rate + 1) * (1 - rate));
  return { factor, dropped, shift: -factor * dropped * rate };
}

/** What values and gradients are multiplied by on average. */
export function meanDropoutFactor(rate: number, variant: 'element' | 'channel' | 'alpha'): number {
  return variant === 'alpha' && rate < 1 ? dropoutScale(rate, variant).factor * (1 - rate) : 1;
}
