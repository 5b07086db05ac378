import type { Distribution } from './network';

/** The distribution of scale · x + shift; undefined where no kind says it. */
export function affine(distribution: Distribution, scale: number, shift: number): Distribution | undefined {
  switch (distribution.kind) {
    case 'constant':
      return { kind: 'constant', value: distribution.value * scale + shift };
    case 'normal':
      return { kind: 'normal', mean: distribution.mean * scale + shift, std: distribution.std * Math.abs(scale) };
    case 'uniform': {
      const ends = [distribution.low * scale + shift, distribution.high * scale + shift] as const;
      return { kind: 'uniform', low: Math.min(...ends), high: Math.max(...ends) };
    }
    case 'truncatedNormal': {
      const ends = [distribution.low * scale + shift, distribution.high * scale + shift] as const;
      return {
        kind: 'truncatedNormal',
        mean: distribution.mean * scale + shift,
        std: distribution.std * Math.abs(scale),
        low: Math.min(...ends),
        high: Math.max(...ends),
      };
    }
    case 'orthogonal':
      return shift === 0 ? { ...distribution, gain: distribution.gain * scale } : undefined;
    case 'identity':
      return shift === 0 ? { kind: 'identity', gain: distribution.gain * scale } : undefined;
    case 'values':
      return { kind: 'values', values: distribution.values.map((value) => value * scale + shift) };
    case 'unknown':
      return distribution;
  }
}
