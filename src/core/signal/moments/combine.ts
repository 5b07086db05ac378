import { addTo, productOf } from './binArithmetic';
import { type Alignment, align, broadcastSegment, unbroadcast } from './broadcast';
import { centredCorrelation } from './correlations';
import { mixedProfiles } from './edgeProfile';
import {
  consumed,
  type Field,
  type Gradient,
  type GradientSegment,
  gradientVariance,
  pooledSegment,
  type Segment,
  seedVariance,
} from './field';
import { type Atom, binCount, hasBatch, type Layout } from './layout';
import type { Backward, Call, Step } from './rule';

interface Operands {
  readonly fields: readonly Field[];
  readonly alignments: readonly Alignment[];
  readonly layout: Layout;
  /** By operand, then by segment, broadcast to the common layout. */
  readonly segments: readonly (readonly Segment[])[];
}

function operandsOf(call: Call): Operands | undefined {
  const fields: Field[] = [];
  for (const input of call.inputs) {
    if (!input) return undefined;
    fields.push(input);
  }
  const first = fields[0];
  if (!first) return undefined;
  const layouts = fields.map((field) => withoutSingleUnits(field.layout));
  let layout = layouts[0] as Layout;
  for (const own of layouts) {
    const isLarger =
      own.axes.length > layout.axes.length ||
      (own.axes.length === layout.axes.length &&
        (binCount(own) > binCount(layout) ||
          (hasBatch(own) && !hasBatch(layout)) ||
          atomCount(own) > atomCount(layout)));
    if (isLarger) layout = own;
  }
  const largest = fields[layouts.indexOf(layout)];
  layout = widened(layout, layouts);
  const alignments: Alignment[] = [];
  for (const field of fields) {
    const alignment = align(field.layout, layout);
    if (!alignment) return undefined;
    alignments.push(alignment);
  }
  const main = largest ?? first;
  const isSegmented = fields.every(
    (field) =>
      field.segments.length === main.segments.length &&
      field.segments.every((segment, index) => segment.channels === main.segments[index]?.channels),
  );
  const segments = fields.map((field, index) =>
    (isSegmented ? field.segments : [pooledSegment(field)]).map((segment) =>
      broadcastSegment(segment, alignments[index] as Alignment),
    ),
  );
  return { fields, alignments, layout, segments };
}

/** One unit is none: a layer of one output fills no axis. */
function withoutSingleUnits(layout: Layout): Layout {
  const isSingle = (atom: Atom) => atom.kind === 'units' && atom.size === 1;
  if (!layout.axes.some((atoms) => atoms.some(isSingle))) return layout;
  return { axes: layout.axes.map((atoms) => atoms.filter((atom) => !isSingle(atom))), extents: layout.extents };
}

/** The layout with axes of size one as the others have them; the same one where it has them all. */
function widened(layout: Layout, others: readonly Layout[]): Layout {
  const extents: number[] = [];
  let isWider = false;
  const axes = layout.axes.map((atoms, axis) => {
    const wider = others.find((other) => (other.axes[other.axes.length - layout.axes.length + axis] ?? []).length > 0);
    const source = atoms.length > 0 || !wider ? layout : wider;
    isWider ||= source !== layout;
    return (source.axes[source.axes.length - layout.axes.length + axis] ?? []).map((atom): Atom => {
      if (atom.kind !== 'position') return atom;
      extents.push(source.extents[atom.index] as number);
      return { kind: 'position', index: extents.length - 1 };
    });
  });
  return isWider ? { axes, extents } : layout;
}

function atomCount(layout: Layout): number {
  return layout.axes.reduce((count, atoms) => count + atoms.length, 0);
}

/** Σ cᵢ xᵢ: moments add, with 2·c₁c₂·m₁m₂ where the operands are independent but for their means (Yang & Schoenholz 2017). */
export function sumStep(call: Call, coefficients: readonly number[]): Step | undefined {
  const operands = operandsOf(call);
  if (!operands) return undefined;
  const { fields, layout } = operands;
  const logScale = Math.max(...fields.map((field) => field.logScale));
  const factors = fields.map((field, index) => Math.exp((field.logScale - logScale) / 2) * (coefficients[index] ?? 1));
  const groups = groupsOf(call);
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
  const blend = (value: (field: Field) => number) =>
    fields.reduce((sum, field, index) => sum + (shares[index] as number) * Math.sqrt(value(field)), 0) ** 2;
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
          steps: gradient.steps && hasSteps(field) ? gradient.steps : undefined,
          layout: field.layout,
          logScale: gradient.logScale + 2 * Math.log(Math.abs(coefficient)),
          segments: field.segments.map((_, s) => {
            const segment = gradient.segments[s] ?? (gradient.segments[0] as GradientSegment);
            const own = unbroadcast(segment, alignment, output.batch);
            return own === segment ? { ...segment, projected: projected?.(segment, s) } : own;
          }),
        };
      }),
    }),
  };
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

/** Elementwise product of independent tensors: moments multiply. Of a tensor with itself: the fourth moment of a Gaussian. */
export function productStep(call: Call): Step | undefined {
  const operands = operandsOf(call);
  if (!operands) return undefined;
  const { layout } = operands;
  const fields = operands.fields.map(consumed);
  const count = operands.segments[0]?.length ?? 0;
  const segments: Segment[] = [];
  for (let s = 0; s < count; s++) {
    const parts = operands.segments.map((list) => list[s] as Segment);
    const multiply = (key: 'within' | 'across') =>
      parts.map((part) => part[key]).reduce((product, values) => productOf(product, values));
    segments.push({
      channels: Math.max(...parts.map((part) => part.channels)),
      mean: parts.reduce((product, part) => product * part.mean, 1),
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
      return {
        layout: field.layout,
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

function hasSteps(field: Field): boolean {
  return field.steps !== undefined || field.layout.extents.length === 1;
}
