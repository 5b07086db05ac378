import { samplesAsPositions } from './axisRoles';
import { affineOf } from './binArithmetic';
import { faded, fadeOfMean } from './chanceLikeness';
import { contracted, type Factor, type SharedAxis } from './contraction';
import { meanSquaredCorrelation } from './correlations';
import { divideAlike } from './divideAlike';
import {
  consumed,
  type Field,
  type Gradient,
  gradientVariance,
  pooledSegment,
  type Segment,
  seedVariance,
} from './field';
import { type Atom, type Layout, unitCount } from './layout';
import { haveCommonOrigin, haveCommonWeights } from './origins';
import { after, putBack, type Regrouped, unitsAsPositions } from './regroup';
import type { Backward, Call, Step } from './rule';
import { areTwins } from './twins';

/**
 * Matrix product of two activations over the last axis of the first and the last but one of the second. Two tensors of one origin, no weights
 * between them, are not independent: unknown, as are those that the same weights make of two samples, or of all.
 */
export function matmulStep(call: Call): Step | undefined {
  const [first, second] = call.inputs;
  if (!first || !second || haveCommonOrigin(call)) return undefined;
  const axes = matmulAxes(first.layout.axes.length, second.layout.axes.length);
  if (!axes) return undefined;
  if (ofTwins(call)) return undefined;
  const placed = meetingSamples(first, second, axes);
  if (placed && haveCommonWeights(call)) return undefined;
  const product = productOver(first, placed?.field ?? second, axes);
  const step = product && placed ? putBack(product, (index) => (index === 1 ? placed : undefined)) : product;
  return step && haveCommonWeights(call) ? { ...step, isApproximate: true } : step;
}

function ofTwins({ node, inputNodes, network }: Call): boolean {
  const [first, second] = node.inputs.map((id, at) => {
    const source = inputNodes[at];
    return source?.operation.kind === 'permute' ? source.inputs[0] : id;
  });
  return first !== undefined && second !== undefined && areTwins(network, first, second);
}

/** The second operand with its samples as positions, where every sample of the first meets all of them. */
function meetingSamples(first: Field, second: Field, axes: readonly SharedAxis[]): Regrouped | undefined {
  const isKept = (layout: Layout, own: number | undefined, other: number | undefined) =>
    own !== undefined && other === undefined && layout.axes[own]?.[0]?.kind === 'batch';
  const meeting = axes.find((axis) => axis.product !== undefined && isKept(second.layout, axis.second, axis.first));
  const isMet = axes.some((axis) => axis.product !== undefined && isKept(first.layout, axis.first, axis.second));
  return isMet && meeting?.second !== undefined ? samplesAsPositions(consumed(second), meeting.second) : undefined;
}

/** The axes of `first @ second` as numpy and PyTorch match them; undefined for scalars. */
export function matmulAxes(first: number, second: number): readonly SharedAxis[] | undefined {
  if (first < 1 || second < 1) return undefined;
  const [leadFirst, leadSecond] = [Math.max(0, first - 2), Math.max(0, second - 2)];
  const lead = Math.max(leadFirst, leadSecond);
  const axes: SharedAxis[] = [];
  for (let product = 0; product < lead; product++) {
    const [own, other] = [product - lead + leadFirst, product - lead + leadSecond];
    axes.push({ product, ...(own >= 0 && { first: own }), ...(other >= 0 && { second: other }) });
  }
  let product = lead;
  if (first > 1) axes.push({ product: product++, first: first - 2 });
  if (second > 1) axes.push({ product, second: second - 1 });
  axes.push({ first: first - 1, second: Math.max(0, second - 2) });
  return axes;
}

/**
 * Σ a b over the axes that the product does not have, a and b independent: contraction.ts. Backward each meets the gradient and the other,
 * taken as independent too. Undefined where axes do not fit, or samples would meet samples.
 */
export function productOver(rawFirst: Field, rawSecond: Field, axes: readonly SharedAxis[]): Step | undefined {
  const [ownFirst, ownSecond] = [consumed(rawFirst), consumed(rawSecond)];
  const alike = divideAlike(ownFirst, ownSecond, axes);
  if (!alike) return undefined;
  const regroupedFirst = withMeansApart(ownFirst, alike.first, alike.second?.field ?? ownSecond, axes);
  const first = regroupedFirst?.field ?? ownFirst;
  const regroupedSecond = withMeansApart(ownSecond, alike.second, first, axes.map(turned));
  const second = regroupedSecond?.field ?? ownSecond;
  const layout = productLayout(first.layout, second.layout, axes);
  if (!layout) return undefined;
  const batch = Math.max(first.batch, second.batch);
  const moments = contracted(factorOf(first), factorOf(second), axes, layout, batch);
  if (!moments) return undefined;
  const units = unitCount(layout);
  const segment: Segment = {
    channels: units,
    ...faded(moments, fadeOfSum(first, axes) * fadeOfSum(second, axes.map(turned))),
  };
  const output: Field = {
    layout,
    segments: [segment],
    logScale: first.logScale + second.logScale,
    inherited: seedVariance(first) + seedVariance(second),
    fresh: sumsUnits(first.layout, axes) ? freshVariance(segment, layout, batch) : 0,
    excess: 0,
    fixedNorm: 0,
    batch,
  };
  const backward = (gradient: Gradient): Backward => {
    const [incoming] = gradient.segments;
    if (!incoming) return { inputs: ['unknown', 'unknown'] };
    const outer: Factor = { layout, mean: 0, within: incoming.within, across: incoming.across };
    const to = (own: Field, other: Field, ways: readonly SharedAxis[], regrouped: Regrouped | undefined) => {
      const back = contracted(outer, factorOf(other), ways, own.layout, batch);
      if (!back) return 'unknown';
      const moved: Gradient = {
        layout: own.layout,
        segments: own.segments.map(() =>
          faded({ within: back.within, across: back.across }, fadeOfSum(other, ways.map(turned))),
        ),
        logScale: gradient.logScale + other.logScale,
        inherited: gradientVariance(gradient) + seedVariance(other),
        fresh: 0,
        excess: gradient.excess,
        alignment: gradient.alignment,
      };
      return regrouped ? regrouped.back(moved) : moved;
    };
    return {
      inputs: [
        to(first, second, axes.map(towardsFirst), regroupedFirst),
        to(second, first, axes.map(turned).map(towardsFirst), regroupedSecond),
      ],
    };
  };
  return { output, backward };
}

/** The same with the operands in the other order. */
function turned({ first, second, product }: SharedAxis): SharedAxis {
  return { first: second, second: first, product };
}

/** With the product's gradient in the place of the first operand: its product with the second is the gradient by the first. */
function towardsFirst({ first, second, product }: SharedAxis): SharedAxis {
  return { first: product, second, product: first };
}

function factorOf(field: Field): Factor {
  const { mean, within, across } = pooledSegment(field);
  return { layout: field.layout, mean, within, across };
}

/** The share of the mean square from which on what units have in common beyond their mean is kept. */
const common = 0.01;

/**
 * Units of one operand that the product keeps: where they have a mean m, two of them share m² times the squared sum over the other operand, be
 * its mean zero or not. Where that is more than the product's own mean says, they become positions, of which each pair has its own moment.
 */
function withMeansApart(
  raw: Field,
  before: Regrouped | undefined,
  other: Field,
  axes: readonly SharedAxis[],
): Regrouped | undefined {
  let result = before;
  for (const { first, second, product } of axes) {
    const field = result?.field ?? raw;
    const own = factorOf(field);
    const isKept = first !== undefined && second === undefined && product !== undefined;
    if (!isKept || own.mean === 0 || !field.layout.axes[first]?.some(({ kind }) => kind === 'units')) continue;
    const layout = productLayout(field.layout, other.layout, axes);
    const even = (values: Float64Array) => values.map(() => own.mean ** 2);
    const shared: Factor = { ...own, within: even(own.within), across: even(own.across) };
    const whole = layout && contracted(own, factorOf(other), axes, layout, field.batch);
    const part = layout && contracted(shared, factorOf(other), axes, layout, field.batch);
    if (!whole || !part) continue;
    const beyond = Math.abs((part.within[0] as number) - part.mean ** 2);
    const made = beyond > common * (whole.within[0] as number) ? unitsAsPositions(field, first) : undefined;
    if (made) result = after(result, made);
  }
  return result;
}

function productLayout(first: Layout, second: Layout, axes: readonly SharedAxis[]): Layout | undefined {
  const extents: number[] = [];
  const result: (readonly Atom[])[] = [];
  let batches = 0;
  for (const axis of axes) {
    if (axis.product === undefined) continue;
    const own = axis.first === undefined ? [] : (first.axes[axis.first] ?? []);
    const other = axis.second === undefined ? [] : (second.axes[axis.second] ?? []);
    const [atoms, source] = own.length > 0 ? [own, first] : [other, second];
    result[axis.product] = atoms.map((atom): Atom => {
      if (atom.kind === 'batch') batches++;
      if (atom.kind !== 'position') return atom;
      extents.push(source.extents[atom.index] as number);
      return { kind: 'position', index: extents.length - 1 };
    });
  }
  return batches > 1 ? undefined : { axes: result, extents };
}

/** As of a layer's outputs (dense.ts), of the part that is not the mean: that is the same in every seed. */
function freshVariance({ mean, within, across }: Segment, layout: Layout, batch: number): number {
  const square = mean * mean;
  const centred = { within: affineOf(within, 1, -square), across: affineOf(across, 1, -square) };
  const share = 1 - square / (within[0] as number);
  return share > 0 ? (2 / unitCount(layout)) * meanSquaredCorrelation(centred, layout, batch) * share ** 2 : 0;
}

function sumsUnits(first: Layout, axes: readonly SharedAxis[]): boolean {
  return axes.some(
    ({ first: axis, product }) =>
      product === undefined && axis !== undefined && first.axes[axis]?.some(({ kind }) => kind === 'units'),
  );
}

/** What remains of chance likeness in the sums over positions of the first operand. */
function fadeOfSum(first: Field, axes: readonly SharedAxis[]): number {
  return axes.reduce((fade, { first: axis, product }) => {
    if (product !== undefined || axis === undefined) return fade;
    const positions = (first.layout.axes[axis] ?? []).flatMap((atom) => (atom.kind === 'position' ? [atom.index] : []));
    return fade * fadeOfMean(first, positions);
  }, 1);
}
