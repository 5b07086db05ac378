import { combinationOf, gatherBins, pickBins, productOf } from './binArithmetic';
import type { GradientSegment, Segment } from './field';
import { type Atom, axisWeights, binCount, binsOf, hasBatch, type Layout, outer, unitCount } from './layout';
import { everyClass } from './pairClasses';

/** How one operand's bins and counts relate to those of the tensor it is broadcast to. */
export interface Alignment {
  /** Operand bin of each target bin; undefined where they are the same. */
  readonly bins: Int32Array | undefined;
  readonly operand: Layout;
  readonly target: Layout;
  /** Target positions that are units of the operand: tokens that a layer has mixed. */
  readonly apart: readonly number[];
}

/** Matches the axes from the right; undefined where two axes divide differently into atoms. */
export function align(operand: Layout, target: Layout): Alignment | undefined {
  const shift = target.axes.length - operand.axes.length;
  if (shift < 0) return undefined;
  /** Target position index of each operand position index. */
  const partner = new Map<number, number>();
  const apart: number[] = [];
  for (let axis = 0; axis < operand.axes.length; axis++) {
    const own = operand.axes[axis] as readonly Atom[];
    const other = target.axes[axis + shift] as readonly Atom[];
    if (own.every((atom) => isSingle(atom, operand))) continue;
    const positions = positionsOf(other);
    if (own.every((atom) => atom.kind === 'units') && positions && sizeOf(own) === sizeOf(other, target)) {
      apart.push(...positions);
      continue;
    }
    if (own.length !== other.length) return undefined;
    for (let i = 0; i < own.length; i++) {
      const a = own[i] as Atom;
      const b = other[i] as Atom;
      if (a.kind !== b.kind) return undefined;
      if (a.kind === 'position' && b.kind === 'position') {
        if (operand.extents[a.index] !== target.extents[b.index]) return undefined;
        partner.set(a.index, b.index);
      }
    }
  }
  const { length } = target.extents;
  if (
    operand.extents.length === length &&
    partner.size === length &&
    [...partner].every(([own, other]) => own === other)
  ) {
    return { bins: undefined, operand, target, apart };
  }
  const size = binCount(target);
  const bins = new Int32Array(size);
  const strides = stridesOf(operand);
  const targetStrides = stridesOf(target);
  for (const [own, other] of partner) {
    const extent = binsOf(target.extents[other] as number);
    const stride = strides[own] as number;
    const targetStride = targetStrides[other] as number;
    for (let bin = 0; bin < size; bin++) {
      bins[bin] = (bins[bin] as number) + (Math.floor(bin / targetStride) % extent) * stride;
    }
  }
  return { bins, operand, target, apart };
}

/** The position indices of atoms that are nothing else. */
function positionsOf(atoms: readonly Atom[]): readonly number[] | undefined {
  const positions = atoms.flatMap((atom) => (atom.kind === 'position' ? [atom.index] : []));
  return positions.length > 0 && positions.length === atoms.length ? positions : undefined;
}

function sizeOf(atoms: readonly Atom[], layout?: Layout): number {
  return atoms.reduce((size, atom) => {
    if (atom.kind === 'units') return size * atom.size;
    return atom.kind === 'position' ? size * (layout?.extents[atom.index] ?? 1) : size;
  }, 1);
}

/** One for every target bin, zero where it is off the diagonal of positions that are units of the operand. */
function onDiagonal({ apart, target }: Alignment): Float64Array {
  return target.extents.reduce((weights: Float64Array, extent, index) => {
    const own = new Float64Array(binsOf(extent)).fill(apart.includes(index) ? 0 : 1);
    own[0] = 1;
    return outer(weights, own);
  }, Float64Array.of(1));
}

function stridesOf(layout: Layout): number[] {
  const strides = new Array<number>(layout.extents.length).fill(1);
  for (let axis = layout.extents.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * binsOf(layout.extents[axis + 1] as number);
  }
  return strides;
}

/** The operand's moments as those of the broadcast tensor. What has no batch axis is the same in every sample. */
export function broadcastSegment(segment: Segment, alignment: Alignment): Segment {
  const { bins, apart } = alignment;
  if (!bins) return segment;
  const picked = (values: Float64Array) => pickBins(values, segment.within.length, bins);
  const diagonal = onDiagonal(alignment);
  const square = segment.mean ** 2;
  // Different units have nothing but their mean in common.
  const pick = (values: Float64Array) =>
    apart.length === 0
      ? picked(values)
      : picked(values).map((value, at) => (diagonal[at % diagonal.length] ? value : square));
  return { ...segment, within: pick(segment.within), across: pick(segment.across) };
}

/** The gradient of a broadcast operand: the sum over the units, positions and samples it was copied to; those of units are independent. */
export function unbroadcast(segment: GradientSegment, alignment: Alignment, batch: number): GradientSegment {
  const { operand, target } = alignment;
  const size = binCount(operand);
  const apartSize = alignment.apart.reduce((size, index) => size * (target.extents[index] as number), 1);
  const unitCopies = (unitCount(target) * apartSize) / unitCount(operand);
  const isSameBatch = hasBatch(operand) === hasBatch(target);
  if (!alignment.bins && unitCopies === 1 && isSameBatch) return segment;
  const bins = alignment.bins ?? Int32Array.from({ length: size }, (_, bin) => bin);
  const covered = new Set<number>();
  const shift = target.axes.length - operand.axes.length;
  operand.axes.forEach((atoms, axis) => {
    if (atoms.every((atom) => isSingle(atom, operand))) return;
    for (const atom of target.axes[axis + shift] ?? []) if (atom.kind === 'position') covered.add(atom.index);
  });
  let copies = 1;
  let weights: Float64Array = Float64Array.of(1);
  target.extents.forEach((extent, index) => {
    const isCovered = covered.has(index);
    if (!isCovered) copies *= extent;
    weights = outer(weights, isCovered ? new Float64Array(binsOf(extent)).fill(1) : axisWeights(extent));
  });
  if (alignment.apart.length > 0) weights = productOf(weights, onDiagonal(alignment));
  const sum = (values: Float64Array) => {
    const classes = values.length / weights.length;
    const weighted = productOf(values, everyClass(weights, classes), copies * copies * unitCopies);
    return gatherBins(weighted, size, bins);
  };
  const within = sum(segment.within);
  const across = sum(segment.across);
  if (isSameBatch || !hasBatch(target)) return { within, across };
  const total = combinationOf(batch, within, batch * (batch - 1), across);
  return { within: total, across: everyClass(total, across.length / within.length) };
}

function isSingle(atom: Atom, layout: Layout): boolean {
  if (atom.kind === 'batch') return false;
  return (atom.kind === 'units' ? atom.size : layout.extents[atom.index]) === 1;
}
