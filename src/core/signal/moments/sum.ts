import { addTo } from './binArithmetic';
import { type Alignment, unbroadcast } from './broadcast';
import { centredCorrelation } from './correlations';
import { mixedProfiles } from './edgeProfile';
import type { Field, Gradient, GradientSegment, Pair, Segment } from './field';
import { isOnce, type Operands, operandsOf, twinsOf } from './operands';
import type { Call, Step } from './rule';

/** Variance of the logarithm of a squared normal. */
const logChiSquareVariance = Math.PI ** 2 / 2;

/** Σ cᵢ xᵢ: moments add, with 2·c₁c₂·m₁m₂ where the operands are independent but for their means (Yang & Schoenholz 2017). */
export function sumStep(call: Call, coefficients: readonly number[]): Step | undefined {
  const operands = operandsOf(call);
  if (!operands) return undefined;
  const { fields, layout } = operands;
  const logScale = Math.max(...fields.map((field) => field.logScale));
  const factors = fields.map((field, index) => Math.exp((field.logScale - logScale) / 2) * (coefficients[index] ?? 1));
  const groups = groupsOf(call);
  const twins = twinsOf(call, fields);
  const crossed = crossedPairs(call, groups, coefficients, logScale, twins);
  const count = operands.segments[0]?.length ?? 0;
  const segments: Segment[] = [];
  for (let s = 0; s < count; s++) {
    const parts = operands.segments.map((list) => list[s] as Segment);
    const means = parts.map((part, index) => part.mean * (factors[index] as number));
    const mean = means.reduce((sum, value) => sum + value, 0);
    const terms = groups.map((group) => ({
      part: parts[group[0] as number] as Segment,
      factor: group.reduce((sum, index) => sum + (factors[index] as number), 0),
    }));
    const constant = terms.reduce((rest, { part, factor }) => rest - (part.mean * factor) ** 2, mean * mean);
    const combine = (key: 'within' | 'across') => {
      const result = new Float64Array(parts[0]?.[key].length ?? 0).fill(constant);
      for (const { part, factor } of terms) addTo(result, part[key], factor * factor);
      for (const [first, second] of twins) {
        const [one, other] = [parts[first], parts[second]];
        if (!one || !other) continue;
        const product = (factors[first] as number) * (factors[second] as number);
        const square = 2 * product * one.mean * other.mean;
        for (let bin = 0; bin < result.length; bin++) {
          result[bin] = (result[bin] as number) + 2 * product * (one.across[bin] as number) - square;
        }
      }
      for (const { covariance, factor } of crossed) {
        if (covariance[key].length === result.length) addTo(result, covariance[key], factor);
      }
      return result;
    };
    segments.push({
      channels: Math.max(...parts.map((part) => part.channels)),
      mean,
      within: combine('within'),
      across: combine('across'),
    });
  }
  const shares = fields.map((_, index) => {
    const total = (segments[0]?.within[0] ?? 0) || 1;
    return ((operands.segments[index]?.[0]?.within[0] ?? 0) * (factors[index] as number) ** 2) / total;
  });
  const blend = (value: (field: Field) => number) => {
    const sum = fields.reduce((total, field, index) => total + (shares[index] as number) * Math.sqrt(value(field)), 0);
    // Twins grow and shrink together, and so does their difference.
    if (twins.length > 0) return Math.max(...fields.map(value));
    // Of means that cancel a normal difference is left, one of all seeds' own.
    return Math.min(sum ** 2, Math.max(logChiSquareVariance, ...fields.map(value)));
  };
  const output: Field = {
    layout,
    segments,
    logScale,
    inherited: blend((field) => field.inherited),
    fresh: blend((field) => field.fresh),
    excess: blend((field) => field.excess),
    fixedNorm: 0,
    batch: fields[0]?.batch ?? 1,
    grain: fields.find((field) => field.layout === layout && field.grain)?.grain,
    profile: mixedProfiles(
      layout,
      fields.map((field, index) => [field, shares[index] as number]),
    ),
  };
  return {
    output,
    backward: (gradient) => ({
      inputs: fields.map((field, index) => {
        const coefficient = coefficients[index] ?? 1;
        const alignment = operands.alignments[index] as Alignment;
        const along =
          gradient.along && followedBy(gradient.along, index, { coefficient, factors, segments: operands.segments });
        const projected = projectionShare(
          output,
          operands.segments[index] as readonly Segment[],
          factors[index] as number,
        );
        const [first] = gradient.segments;
        const isCopied = first !== unbroadcast(first as GradientSegment, alignment, output.batch);
        return {
          ...gradient,
          mean: isCopied || !gradient.mean ? undefined : gradient.mean * Math.sign(coefficient),
          along: !isCopied && isOnce(call, index) && twins.length === 0 ? along : undefined,
          steps: gradient.steps && hasSteps(field) ? gradient.steps : undefined,
          layout: field.layout,
          logScale: gradient.logScale + 2 * Math.log(Math.abs(coefficient)),
          segments: field.segments.map((_, s) => {
            const segment = gradient.segments[s] ?? (gradient.segments[0] as GradientSegment);
            const own = unbroadcast(
              withTwins(segment, index, twins, { coefficients, batch: output.batch }),
              alignment,
              output.batch,
            );
            return own === segment ? { ...segment, projected: projected?.(segment, s) } : own;
          }),
        };
      }),
    }),
  };
}

/** Of z = Σ f x the gradient s z + o by one x: f x is followed, and of the others their means. */
function followedBy(
  { slope, offset }: NonNullable<Gradient['along']>,
  index: number,
  { coefficient, factors, segments }: FollowedSum,
): Gradient['along'] {
  if (segments.some((list) => list.length > 1)) return undefined;
  const others = segments.reduce(
    (sum, [part], other) => (other === index ? sum : sum + (part?.mean ?? 0) * (factors[other] as number)),
    0,
  );
  const sign = Math.sign(coefficient);
  return { slope: sign * slope * (factors[index] as number), offset: sign * (offset + slope * others) };
}

interface FollowedSum {
  readonly coefficient: number;
  readonly factors: readonly number[];
  readonly segments: Operands['segments'];
}

/**
 * Twins have their weights in common, so that the gradients of all their samples are summed: to what a sample's gradient has in common with those
 * of the other samples comes what it has with those of its twins, of the same sample and of the others.
 */
function withTwins(
  segment: GradientSegment,
  index: number,
  twins: readonly (readonly [number, number])[],
  { coefficients, batch }: { readonly coefficients: readonly number[]; readonly batch: number },
): GradientSegment {
  const own = coefficients[index] ?? 1;
  const others = twins.flatMap(([first, second]) => (first === index ? [second] : second === index ? [first] : []));
  if (others.length === 0 || own === 0 || batch < 2) return segment;
  const ratio = others.reduce((sum, other) => sum + (coefficients[other] ?? 1) / own, 0);
  const size = segment.within.length;
  const across = segment.across.map(
    (value, at) => (1 + ratio) * value + (ratio / (batch - 1)) * (segment.within[at % size] as number),
  );
  return { ...segment, across };
}

/** What different inputs have in common because weights before them are the same, and how often it counts in the sum's stored scale. */
function crossedPairs(
  call: Call,
  groups: readonly (readonly number[])[],
  coefficients: readonly number[],
  logScale: number,
  twins: readonly (readonly [number, number])[],
): readonly { readonly covariance: Pair; readonly factor: number }[] {
  const weightOf = (group: readonly number[]) => group.reduce((sum, index) => sum + (coefficients[index] ?? 1), 0);
  return groups.flatMap((group, place) =>
    groups.slice(place + 1).flatMap((other) => {
      const [first, second] = [group[0] as number, other[0] as number];
      const areTold = twins.some((pair) => pair.includes(first) && pair.includes(second));
      const covariance = areTold ? undefined : call.common?.(first, second);
      return covariance ? [{ covariance, factor: 2 * weightOf(group) * weightOf(other) * Math.exp(-logScale) }] : [];
    }),
  );
}

/** Inputs that are the same node are summed coherently. */
function groupsOf(call: Call): number[][] {
  const byNode = new Map<number, number[]>();
  call.node.inputs.forEach((node, index) => {
    const group = byNode.get(node);
    if (group) group.push(index);
    else byNode.set(node, [index]);
  });
  return [...byNode.values()];
}

/**
 * E[g x̂ g′ x̂′] of one operand x of z = x + rest from that of z: x̂ = β ẑ + a part independent of z, with β² the operand's share of the
 * variance.
 */
function projectionShare(output: Field, operand: readonly Segment[], factor: number) {
  return (gradient: GradientSegment, s: number): GradientSegment['projected'] => {
    const { projected } = gradient;
    const whole = output.segments[s];
    const part = operand[s];
    if (!projected || !whole || !part) return undefined;
    const variance = (whole.within[0] as number) - whole.mean ** 2;
    const partVariance = (part.within[0] as number) - part.mean ** 2;
    const share = variance > 0 ? Math.min(1, (partVariance * factor * factor) / variance) : 0;
    const move = (key: 'within' | 'across') => {
      const [values, along, wholes, parts] = [gradient[key], projected[key], whole[key], part[key]];
      const result = new Float64Array(values.length);
      for (let bin = 0; bin < result.length; bin++) {
        const wholeRho = centredCorrelation(wholes[bin] as number, whole.mean, variance);
        const partRho = centredCorrelation(parts[bin] as number, part.mean, partVariance);
        result[bin] = share * (along[bin] as number) + (values[bin] as number) * (partRho - share * wholeRho);
      }
      return result;
    };
    return { within: move('within'), across: move('across') };
  };
}

function hasSteps(field: Field): boolean {
  return field.steps !== undefined || field.layout.extents.length === 1;
}
