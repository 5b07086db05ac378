import type { GradientSegment, Segment } from './field';
import { type Atom, axisWeights, binCount, binsOf, hasBatch, type Layout, unitCount } from './layout';

/** How one operand's bins and counts relate to those of the tensor it is broadcast to. */
export interface Alignment {
  /** Operand bin of each target bin. */
  readonly bins: Int32Array;
  readonly operand: Layout;
  readonly target: Layout;
}

/** Matches the axes from the right; undefined where two axes divide differently into atoms. */
export function align(operand: Layout, target: Layout): Alignment | undefined {
  const shift = target.axes.length - operand.axes.length;
  if (shift < 0) return undefined;
  /** Target position index of each operand position index. */
  const partner = new Map<number, number>();
  for (let axis = 0; axis < operand.axes.length; axis++) {
    const own = operand.axes[axis] as readonly Atom[];
    const other = target.axes[axis + shift] as readonly Atom[];
    if (own.every((atom) => isSingle(atom, operand))) continue;
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
  return { bins, operand, target };
}

export function stridesOf(layout: Layout): number[] {
  const strides = new Array<number>(layout.extents.length).fill(1);
  for (let axis = layout.extents.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * binsOf(layout.extents[axis + 1] as number);
  }
  return strides;
}

/** The operand's moments as those of the broadcast tensor. What has no batch axis is the same in every sample. */
export function broadcastSegment(segment: Segment, alignment: Alignment): Segment {
  const pick = (values: Float64Array) => Float64Array.from(alignment.bins, (bin) => values[bin] as number);
  return { ...segment, within: pick(segment.within), across: pick(segment.across) };
}

/** The gradient of a broadcast operand: the sum over the units, positions and samples it was copied to; those of units are independent. */
export function unbroadcast(segment: GradientSegment, alignment: Alignment, batch: number): GradientSegment {
  const { operand, target, bins } = alignment;
  const size = binCount(operand);
  const unitCopies = unitCount(target) / unitCount(operand);
  if (
    unitCopies === 1 &&
    size === binCount(target) &&
    hasBatch(operand) === hasBatch(target) &&
    bins.every((bin, i) => bin === i)
  ) {
    return segment;
  }
  const covered = new Set<number>();
  const shift = target.axes.length - operand.axes.length;
  operand.axes.forEach((atoms, axis) => {
    if (atoms.every((atom) => isSingle(atom, operand))) return;
    for (const atom of target.axes[axis + shift] ?? []) if (atom.kind === 'position') covered.add(atom.index);
  });
  const strides = stridesOf(target);
  let copies = 1;
  const axes: { readonly weights: Float64Array; readonly stride: number; readonly extent: number }[] = [];
  target.extents.forEach((extent, index) => {
    if (covered.has(index)) return;
    copies *= extent;
    axes.push({ weights: axisWeights(extent), stride: strides[index] as number, extent: binsOf(extent) });
  });
  const sum = (values: Float64Array) => {
    const result = new Float64Array(size);
    values.forEach((value, bin) => {
      let weight = copies * copies * unitCopies;
      for (const axis of axes) weight *= axis.weights[Math.floor(bin / axis.stride) % axis.extent] as number;
      const at = bins[bin] as number;
      result[at] = (result[at] as number) + weight * value;
    });
    return result;
  };
  const within = sum(segment.within);
  const across = sum(segment.across);
  if (!hasBatch(target) || hasBatch(operand)) return { within, across };
  const total = within.map((value, bin) => batch * (value + (batch - 1) * (across[bin] as number)));
  return { within: total, across: total };
}

function isSingle(atom: Atom, layout: Layout): boolean {
  if (atom.kind === 'batch') return false;
  return (atom.kind === 'units' ? atom.size : layout.extents[atom.index]) === 1;
}
