import type { Distribution } from '../../network/network';
import type { ScaledUse } from './scaledUse';

/** The initialiser with its variance times what the fan-in lost. */
export function scaledDistribution(
  distribution: Distribution,
  shape: readonly number[],
  { shape: scaled, fanIn }: ScaledUse,
): Distribution {
  const factor = Math.sqrt(fanIn);
  switch (distribution.kind) {
    case 'constant':
      return { ...distribution, value: distribution.value * factor };
    case 'normal':
      return { ...distribution, mean: distribution.mean * factor, std: distribution.std * factor };
    case 'truncatedNormal':
      return {
        ...distribution,
        mean: distribution.mean * factor,
        std: distribution.std * factor,
        low: distribution.low * factor,
        high: distribution.high * factor,
      };
    case 'uniform':
      return { ...distribution, low: distribution.low * factor, high: distribution.high * factor };
    case 'orthogonal': {
      const count = scaled.reduce((product, size) => product * size, 1);
      const first = scaled[0] ?? 1;
      const [rows, columns] = distribution.rows === shape[0] ? [first, count / first] : [count / first, first];
      // Elements have a variance of gain² over the longer side.
      const longer = Math.max(rows, columns) / Math.max(distribution.rows, distribution.columns);
      return { kind: 'orthogonal', gain: distribution.gain * factor * Math.sqrt(longer), rows, columns };
    }
    case 'values': {
      // Of a table that is cut the first numbers stay.
      const kept = distribution.values.slice(
        0,
        scaled.reduce((product, size) => product * size, 1),
      );
      return { kind: 'values', values: kept.map((value) => value * factor) };
    }
    case 'identity':
    case 'unknown':
      return distribution;
  }
}
