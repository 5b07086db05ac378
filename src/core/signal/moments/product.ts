import { jointMoments, sourcesOf } from '../../network/jointDraw';
import { productOf } from './binArithmetic';
import { type Alignment, unbroadcast } from './broadcast';
import {
  consumed,
  type Field,
  type Gradient,
  type GradientSegment,
  gradientVariance,
  pooledSegment,
  type Segment,
  seedVariance,
  squareOf,
} from './field';
import type { Layout } from './layout';
import { isOnce, operandsOf, twinsOf } from './operands';
import type { Backward, Call, Step } from './rule';
import { independentField, sourceStep } from './sources';

/** Whether the factors are functions of draws, and of some draw both. */
function haveCommonDraw({ node, network }: Call): boolean {
  const [first, second, ...others] = node.inputs.map((id) => sourcesOf(network.nodes, id));
  if (!first || !second || others.length > 0) return false;
  return [...first].some((source) => second.has(source));
}

/** Unknown where the draws of a sample move its elements all together: no moment here tells that. */
function productOfDraws(call: Call, layout: Layout): Step | undefined {
  const moments = jointMoments(call.network.nodes, call.node.id);
  if (!moments || moments.shared > mostShared * moments.variance) return undefined;
  return sourceStep(independentField(layout, moments.mean, moments.variance, call));
}

/** Less of a variance is quadrature's own error. */
const mostShared = 1e-3;

/** Nothing times anything is nothing, as long as a gate begins at zero (GRN's γ, ReZero): what it closes need not be known. */
export function zeroProductStep({ inputs }: Call): Step | undefined {
  const zero = inputs.findIndex((field) => field?.segments.every((segment) => squareOf(segment) === 0));
  const output = inputs[zero];
  if (!output || inputs.every((field) => field)) return undefined;
  return { output, backward: () => ({ inputs: inputs.map((_, index) => (index === zero ? 'unknown' : undefined)) }) };
}

/** Elementwise product of independent tensors: moments multiply. Of a tensor with itself: the fourth moment of a Gaussian. */
export function productStep(call: Call): Step | undefined {
  const operands = operandsOf(call);
  if (!operands) return undefined;
  const { layout } = operands;
  if (haveCommonDraw(call)) return productOfDraws(call, layout);
  const fields = operands.fields.map(consumed);
  const areAlike = fields.length === 2 && twinsOf(call, fields).length > 0;
  const count = operands.segments[0]?.length ?? 0;
  const segments: Segment[] = [];
  for (let s = 0; s < count; s++) {
    const parts = operands.segments.map((list) => list[s] as Segment);
    const [own] = parts;
    const multiply = (key: 'within' | 'across') =>
      areAlike && own
        ? own[key].map((value, bin) => value ** 2 + (own.across[bin] as number) ** 2 + both ** 2 - 2 * own.mean ** 4)
        : parts.map((part) => part[key]).reduce((product, values) => productOf(product, values));
    // Of twins a and b the fourth moments of normals (Isserlis 1918), E a b that of two samples.
    const both = own?.across[0] ?? 0;
    segments.push({
      channels: Math.max(...parts.map((part) => part.channels)),
      mean: areAlike ? both : parts.reduce((product, part) => product * part.mean, 1),
      within: multiply('within'),
      across: multiply('across'),
    });
  }
  const output: Field = {
    layout,
    segments,
    logScale: fields.reduce((sum, field) => sum + field.logScale, 0),
    inherited: fields.reduce((sum, field) => sum + seedVariance(field), 0),
    fresh: 0,
    excess: 0,
    fixedNorm: 0,
    batch: fields[0]?.batch ?? 1,
  };
  // The gradient of a twin follows it, as the other does.
  if (areAlike) return { output, backward: () => ({ inputs: ['unknown', 'unknown'] }) };
  const backward = (gradient: Gradient): Backward => ({
    inputs: fields.map((field, index) => {
      const alignment = operands.alignments[index] as Alignment;
      let logScale = gradient.logScale;
      let variance = gradientVariance(gradient);
      const others = fields.filter((_, other) => other !== index);
      for (const other of others) {
        logScale += other.logScale;
        variance += seedVariance(other);
      }
      const [incoming] = gradient.segments;
      const isWhole = incoming && unbroadcast(incoming, alignment, output.batch) === incoming && isOnce(call, index);
      const mean = others.reduce((product, other) => product * pooledSegment(other).mean, 1);
      return {
        layout: field.layout,
        mean: isWhole && gradient.mean ? gradient.mean * mean : undefined,
        logScale,
        inherited: variance,
        fresh: 0,
        excess: gradient.excess,
        alignment: gradient.alignment,
        segments: field.segments.map((_, s) => {
          const segment = gradient.segments[s] ?? (gradient.segments[0] as GradientSegment);
          const multiplied = (key: 'within' | 'across') =>
            operands.segments
              .filter((_, other) => other !== index)
              .reduce((product, list) => productOf(product, (list[s] ?? (list[0] as Segment))[key]), segment[key]);
          return unbroadcast({ within: multiplied('within'), across: multiplied('across') }, alignment, output.batch);
        }),
      };
    }),
  });
  const isSelfProduct = new Set(call.node.inputs).size < call.node.inputs.length;
  return { output, backward, isApproximate: isSelfProduct };
}
