import type { Operation } from '../../network/network';
import { positionsAsUnits } from './axisRoles';
import { affineOf, productOf } from './binArithmetic';
import { correlationsOf } from './correlations';
import { consumed, type Field, type Gradient, pooledSegment, seedVariance } from './field';
import { extentOf } from './layout';
import { unmaskedLogits } from './maskedPlaces';
import { isMasked, isMultiplied } from './origins';
import { putBack, unitsAsPositions } from './regroup';
import type { Call, Step } from './rule';
import { softmaxByCorrelation, softmaxOfLargest } from './softmaxMoments';
import { softmaxOverPosition } from './softmaxPositions';

type Variant = Extract<Operation, { kind: 'softmax' }>['variant'];

/** Of masked elements those that are left (maskedPlaces.ts). Behind a product of matrices what the shares' gradients have in common counts, as it cancels: units are positions there. */
export function softmaxStep(call: Call, variant: Variant, axis: number): Step | undefined {
  const [input] = call.inputs;
  if (isMasked(call)) {
    const logits = variant === 'softmax' ? unmaskedLogits(call, axis) : undefined;
    return logits && softmaxOverPosition(logits.field, logits.position, logits.visible);
  }
  const spread = input && variant !== 'log-softmax' && isMultiplied(call) ? unitsAsPositions(input, axis) : undefined;
  const step = input && softmaxOver(spread?.field ?? input, variant, axis);
  return step && spread ? putBack(step, () => spread) : step;
}

/** Softmax over an axis of units, or of positions: softmaxPositions.ts. */
export function softmaxOver(input: Field, variant: Variant, axis: number): Step | undefined {
  const [atom, ...others] = input.layout.axes[axis] ?? [];
  if (atom?.kind !== 'position') return softmaxOverUnits(input, variant, axis);
  if (others.length > 0) return undefined;
  if (variant !== 'log-softmax') return softmaxOverPosition(input, atom.index);
  const classes = positionsAsUnits(input, axis);
  const step = classes && softmaxOverUnits(classes.field, variant, axis);
  return step && putBack(step, () => classes);
}

/** Softmax over units of independent Gaussian logits; its Jacobian diag(p) − p pᵀ applied to a gradient independent of p. */
function softmaxOverUnits(raw: Field, variant: Variant, axis: number): Step | undefined {
  const atoms = raw.layout.axes[axis];
  if (!atoms || atoms.some((atom) => atom.kind !== 'units')) return undefined;
  const ranked = raw.open ?? raw.ranked;
  if (ranked && variant !== 'softmax') return undefined;
  const input = ranked?.source ?? consumed(raw);
  const classes = atoms.reduce((size, atom) => size * (atom.kind === 'units' ? atom.size : 1), 1);
  const segment = pooledSegment(input);
  const scale = Math.exp(Math.min(600, Math.max(-600, input.logScale)));
  const variance = Math.max(0, (segment.within[0] as number) - segment.mean ** 2);
  const spread = variance * scale;
  const { within: withinRho, across: acrossRho } = correlationsOf(segment, variance);
  const even = 1 / classes;
  if (variant === 'log-softmax') return logSoftmaxStep(raw, input, classes, variance, scale);
  const logits = ranked ? (extentOf(input.layout, axis) ?? classes) : classes;
  const moments = ranked ? softmaxOfLargest(logits, ranked.count, spread) : softmaxByCorrelation(classes, spread);
  const own = moments(1);
  const product = (rho: number) => moments(rho).product / classes;
  const within = withinRho.map(product);
  within[0] = own.product / classes;
  const output: Field = {
    layout: raw.layout,
    segments: [
      {
        channels: segment.channels,
        mean: even,
        within,
        across: acrossRho.map(product),
      },
    ],
    logScale: 0,
    inherited: 0,
    fresh: 0,
    excess: 0,
    fixedNorm: 0,
    batch: input.batch,
    logits: raw,
  };
  return {
    output,
    backward: (gradient) => {
      if (gradient.beforeSoftmax) return { inputs: [gradient.beforeSoftmax] };
      const jacobian = (rho: number) => moments(rho).jacobian / classes;
      const through = { within: withinRho.map(jacobian), across: acrossRho.map(jacobian) };
      through.within[0] = own.jacobian / classes;
      const segments = gradient.segments.map((part) => ({
        within: productOf(part.within, through.within),
        across: productOf(part.across, through.across),
      }));
      return { inputs: [{ ...gradient, segments, inherited: gradient.inherited + seedVariance(input) }] };
    },
    isApproximate: true,
  };
}

/** log p = z − log Σ exp z; the subtracted part is nearly constant, m + log K + v/2. */
function logSoftmaxStep(raw: Field, input: Field, classes: number, variance: number, scale: number): Step {
  const segment = pooledSegment(input);
  const shift =
    -Math.log(classes) - Math.min((variance * scale) / 2, Math.sqrt(2 * Math.log(classes) * variance * scale));
  const mean = shift;
  const move = (values: Float64Array) => affineOf(values, scale, mean * mean - segment.mean ** 2 * scale);
  const output: Field = {
    ...input,
    logScale: 0,
    segments: [{ channels: segment.channels, mean, within: move(segment.within), across: move(segment.across) }],
    logits: raw,
    madeBy: undefined,
  };
  return {
    output,
    backward: (gradient): { inputs: (Gradient | undefined)[] } => {
      if (gradient.beforeSoftmax) return { inputs: [gradient.beforeSoftmax] };
      const moments = softmaxByCorrelation(classes, variance * scale);
      const { within: withinRho, across: acrossRho } = correlationsOf(segment, variance);
      const factor = (rho: number) => 1 - 2 / classes + moments(rho).product;
      const through = { within: withinRho.map(factor), across: acrossRho.map(factor) };
      through.within[0] = factor(1);
      return {
        inputs: [
          {
            ...gradient,
            segments: gradient.segments.map((part) => ({
              within: productOf(part.within, through.within),
              across: productOf(part.across, through.across),
            })),
          },
        ],
      };
    },
    isApproximate: true,
  };
}
