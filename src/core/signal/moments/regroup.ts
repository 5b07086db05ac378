import { gatherBins, pickBins } from './binArithmetic';
import { type Field, type Gradient, pooledSegment } from './field';
import { type Atom, type BinMap, binCount, binMap, binsOf, type Layout, mapAxis } from './layout';
import type { Call, Step } from './rule';

/** A field whose axes divide into other atoms, and how the gradient by it becomes that by the field that it was. */
export interface Regrouped {
  readonly field: Field;
  readonly back: (gradient: Gradient) => Gradient;
}

/** More offsets together than these are not kept. */
const mostBins = 1 << 19;

/**
 * A position axis as two: blocks of `inner` positions, and the place within a block. A pair of positions is at the distance a·inner ± b; moments
 * average over both signs, and those of a distance over all its pairs. Exact within a block and from one to another on the whole; put together
 * again neighbours across an edge have become a little less alike, one pair in `inner` by half.
 */
export function splitPosition(field: Field, index: number, inner: number): Regrouped | undefined {
  const { layout } = field;
  const extent = layout.extents[index] as number;
  const outer = extent / inner;
  const extents = layout.extents.toSpliced(index, 1, outer, inner);
  const axes = layout.axes.map((atoms) =>
    atoms.flatMap((atom): readonly Atom[] => {
      if (atom.kind !== 'position' || atom.index < index) return [atom];
      const next: Atom = { kind: 'position', index: atom.index + 1 };
      return atom.index === index ? [atom, next] : [next];
    }),
  );
  const split: Layout = { axes, extents };
  if (binCount(split) > mostBins) return undefined;
  const maps = blockMaps(outer, inner);
  const sizes = layout.extents.map(binsOf);
  const joint = sizes.toSpliced(index, 1, maps.split.bins);
  return regrouped(
    field,
    split,
    (values) => mapAxis(values, sizes, index, maps.split),
    (values) => mapAxis(values, joint, index, maps.merged),
  );
}

/** Two position axes, the second of which counts within the blocks of the first, as one. */
function mergePositions(field: Field, index: number): Regrouped {
  const { layout } = field;
  const [outer, inner] = [layout.extents[index] as number, layout.extents[index + 1] as number];
  const extents = layout.extents.toSpliced(index, 2, outer * inner);
  const axes = layout.axes.map((atoms) =>
    atoms.flatMap((atom): readonly Atom[] => {
      if (atom.kind !== 'position' || atom.index <= index) return [atom];
      return atom.index === index + 1 ? [] : [{ kind: 'position', index: atom.index - 1 }];
    }),
  );
  const maps = blockMaps(outer, inner);
  const sizes = extents.map(binsOf);
  const joint = sizes.toSpliced(index, 1, maps.split.bins);
  return regrouped(
    field,
    { axes, extents },
    (values) => mapAxis(values, joint, index, maps.merged),
    (values) => mapAxis(values, sizes, index, maps.split),
  );
}

/** The positions counted in the order in which the axes have them; undefined where they are. */
function inOrderOfAxes(field: Field): Regrouped | undefined {
  const { axes, extents } = field.layout;
  const order = axes.flatMap((atoms) => atoms.flatMap((atom) => (atom.kind === 'position' ? [atom.index] : [])));
  if (order.length !== extents.length || order.every((index, place) => index === place)) return undefined;
  const ordered: Layout = {
    axes: axes.map((atoms) =>
      atoms.map((atom): Atom => (atom.kind === 'position' ? { ...atom, index: order.indexOf(atom.index) } : atom)),
    ),
    extents: order.map((index) => extents[index] as number),
  };
  const bins = binsInOrder(extents, order);
  const inverse = new Int32Array(bins.length);
  bins.forEach((from, to) => {
    inverse[from] = to;
  });
  return regrouped(
    field,
    ordered,
    (values) => pickBins(values, bins.length, bins),
    (values) => pickBins(values, bins.length, inverse),
  );
}

/** Of each bin in the new order, where it was. */
function binsInOrder(extents: readonly number[], order: readonly number[]): Int32Array {
  const sizes = extents.map(binsOf);
  const strides = sizes.map((_, index) => sizes.slice(index + 1).reduce((product, size) => product * size, 1));
  let bins: number[] = [0];
  for (const index of order) {
    const [size, stride] = [sizes[index] as number, strides[index] as number];
    bins = bins.flatMap((base) => Array.from({ length: size }, (_, offset) => base + offset * stride));
  }
  return Int32Array.from(bins);
}

/**
 * Every axis of several position atoms that follow each other as one of one position; undefined where there is none such. `kept`: numbers of
 * elements within a place of an atom, counted from the innermost, at which atoms stay apart.
 */
export function mergedAxes(
  field: Field,
  axes?: readonly number[],
  kept: ReadonlySet<number> = new Set(),
): Regrouped | undefined {
  const joins = field.layout.axes.some(
    (_, axis) => (!axes || axes.includes(axis)) && joinAt(field.layout, axis, kept, false) !== undefined,
  );
  let result = joins ? inOrderOfAxes(field) : undefined;
  for (;;) {
    const current = result?.field ?? field;
    const first = current.layout.axes.flatMap((_, axis) => {
      if (axes && !axes.includes(axis)) return [];
      return joinAt(current.layout, axis, kept, true) ?? [];
    })[0];
    if (first === undefined) return result;
    result = after(result, mergePositions(current, first));
  }
}

/** Index of the first position of an axis that is to be joined with the next one; in order, the next one's index is the next too. */
function joinAt(
  { axes, extents }: Layout,
  axis: number,
  kept: ReadonlySet<number>,
  isInOrder: boolean,
): number | undefined {
  const atoms = axes[axis] ?? [];
  return atoms.flatMap((atom, place) => {
    const next = atoms[place + 1];
    if (atom.kind !== 'position' || next?.kind !== 'position') return [];
    if (isInOrder && next.index !== atom.index + 1) return [];
    return kept.has(innerSizes(atoms.slice(place + 1), extents)[0] ?? 1) ? [] : [atom.index];
  })[0];
}

/** Of each atom how many elements its places and those of the ones further in are together. */
export function innerSizes(atoms: readonly Atom[], extents: readonly number[]): readonly number[] {
  const sizes = atoms.map((atom) =>
    atom.kind === 'position' ? (extents[atom.index] as number) : atom.kind === 'units' ? atom.size : Number.NaN,
  );
  return sizes.map((_, place) => sizes.slice(place).reduce((product, size) => product * size, 1));
}

/** Independent units of an axis as positions of which no two have more in common than the mean. */
export function unitsAsPositions(field: Field, axis: number): Regrouped | undefined {
  const { layout } = field;
  const atoms = layout.axes[axis] ?? [];
  const count = atoms.reduce((product, atom) => product * (atom.kind === 'units' ? atom.size : Number.NaN), 1);
  if (!(count > 1)) return undefined;
  const position: Atom = { kind: 'position', index: layout.extents.length };
  const extents = [...layout.extents, count];
  const placed: Layout = { axes: layout.axes.map((own, at) => (at === axis ? [position] : own)), extents };
  if (binCount(placed) > mostBins) return undefined;
  const bins = binsOf(count);
  const segment = pooledSegment(field);
  const spread = (values: Float64Array) => {
    const result = new Float64Array(values.length * bins).fill(segment.mean ** 2);
    values.forEach((value, bin) => {
      result[bin * bins] = value;
    });
    return result;
  };
  const first = (values: Float64Array) => values.filter((_, bin) => bin % bins === 0);
  return regrouped(
    { ...field, segments: [{ ...segment, channels: segment.channels / count }] },
    placed,
    spread,
    first,
    field,
  );
}

/**
 * The positions of an axis as units, for weights of which each position has its own: pairs of different ones play no part, and their gradients
 * are independent. Undefined where the axis has none.
 */
export function positionsAsUnits(field: Field, axis: number): Regrouped | undefined {
  const { axes, extents } = field.layout;
  const taken = (axes[axis] ?? []).flatMap((atom) => (atom.kind === 'position' ? [atom.index] : []));
  if (taken.length === 0) return undefined;
  const kept = extents.map((_, index) => index).filter((index) => !taken.includes(index));
  const size = (axes[axis] ?? []).reduce(
    (product, atom) =>
      product * (atom.kind === 'units' ? atom.size : atom.kind === 'position' ? (extents[atom.index] as number) : 1),
    1,
  );
  const layout: Layout = {
    axes: axes.map((atoms, at): readonly Atom[] =>
      at === axis
        ? [{ kind: 'units', size }]
        : atoms.map((atom) => (atom.kind === 'position' ? { ...atom, index: kept.indexOf(atom.index) } : atom)),
    ),
    extents: kept.map((index) => extents[index] as number),
  };
  const bins = binsInOrder(extents, kept);
  const all = binCount(field.layout);
  return regrouped(
    field,
    layout,
    (values) => pickBins(values, all, bins),
    (values) => gatherBins(values, all, bins),
  );
}

/** The first input with every axis, or the named ones, of one position where it has several. */
export function withMerged(
  call: Call,
  step: (call: Call) => Step | undefined,
  axes?: readonly number[],
): Step | undefined {
  const [input, ...others] = call.inputs;
  const merged = input && mergedAxes(input, axes);
  if (!merged) return step(call);
  const made = step({ ...call, inputs: [merged.field, ...others] });
  return made && putBack(made, (index) => (index === 0 ? merged : undefined));
}

/** The same, the channel axis being one of units, and those that a window moves along, channels too (ECA, Wang et al. 2020), of positions
 * while it does. */
export function withChannels(
  call: Call,
  channelAxis: number,
  step: (call: Call) => Step | undefined,
): Step | undefined {
  const [input, ...others] = call.inputs;
  let units = input && positionsAsUnits(input, channelAxis);
  const windowed = (input?.layout.axes ?? []).flatMap((atoms, axis) =>
    axis !== channelAxis && atoms[0]?.kind === 'units' ? [axis] : [],
  );
  for (const axis of windowed) {
    const current = units?.field ?? input;
    const placed = current && unitsAsPositions(current, axis);
    if (placed) units = after(units, placed);
  }
  if (!units) return withMerged(call, step);
  const made = withMerged({ ...call, inputs: [units.field, ...others] }, step);
  const own = made && putBack(made, (index) => (index === 0 ? units : undefined));
  return own && windowed.reduce(withUnitsBehind, own);
}

/** The step with an axis of positions behind it as one of units again. */
function withUnitsBehind(step: Step, axis: number): Step {
  const units = positionsAsUnits(step.output, axis);
  return units ? { ...step, output: units.field, backward: (gradient) => step.backward(units.back(gradient)) } : step;
}

export function putBack(step: Step, regroupedOf: (index: number) => Regrouped | undefined): Step {
  return {
    ...step,
    backward: (gradient) => {
      const backward = step.backward(gradient);
      return {
        ...backward,
        inputs: backward.inputs.map((own, index) => {
          const regroupedField = regroupedOf(index);
          return own && own !== 'unknown' && regroupedField ? regroupedField.back(own) : own;
        }),
      };
    },
  };
}

/** One after the other. */
export function after(first: Regrouped | undefined, second: Regrouped): Regrouped {
  return first ? { field: second.field, back: (gradient) => first.back(second.back(gradient)) } : second;
}

function regrouped(
  field: Field,
  layout: Layout,
  forth: (values: Float64Array) => Float64Array,
  back: (values: Float64Array) => Float64Array,
  whole = field,
): Regrouped {
  return {
    field: {
      ...field,
      layout,
      segments: field.segments.map((segment) => ({
        ...segment,
        within: forth(segment.within),
        across: forth(segment.across),
      })),
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    back: (gradient) => ({
      ...gradient,
      layout: whole.layout,
      segments: whole.segments.map((_, index) => {
        const { within, across, projected } =
          gradient.segments[index] ?? (gradient.segments[0] as (typeof gradient.segments)[0]);
        return {
          within: back(within),
          across: back(across),
          ...(projected && { projected: { within: back(projected.within), across: back(projected.across) } }),
        };
      }),
      steps: undefined,
    }),
  };
}

interface BlockMaps {
  /** From bins of distances to bins of blocks and places, the latter running fastest. */
  readonly split: BinMap;
  readonly merged: BinMap;
}

function blockMaps(outer: number, inner: number): BlockMaps {
  const [outerBins, innerBins, bins] = [binsOf(outer), binsOf(inner), binsOf(outer * inner)];
  /** Ordered pairs of positions by both bins. */
  const pairs = new Map<number, number>();
  for (let block = 0; block < outer; block++) {
    for (let place = block === 0 ? 0 : 1 - inner; place < inner; place++) {
      const count = (outer - block) * (inner - Math.abs(place)) * (block === 0 && place === 0 ? 1 : 2);
      const split = Math.min(block, outerBins - 1) * innerBins + Math.min(Math.abs(place), innerBins - 1);
      const key = split * bins + Math.min(block * inner + place, bins - 1);
      pairs.set(key, (pairs.get(key) ?? 0) + count);
    }
  }
  const total = (of: (key: number) => number, size: number) => {
    const sums = new Float64Array(size);
    for (const [key, count] of pairs) sums[of(key)] = (sums[of(key)] as number) + count;
    return sums;
  };
  const [splitOf, mergedOf] = [(key: number) => Math.floor(key / bins), (key: number) => key % bins];
  const averageTo = (of: (key: number) => number, from: (key: number) => number, size: number) => {
    const sums = total(of, size);
    return binMap(size, (add) => {
      for (const [key, count] of pairs) add(of(key), from(key), count / (sums[of(key)] as number));
    });
  };
  return {
    split: averageTo(splitOf, mergedOf, outerBins * innerBins),
    merged: averageTo(mergedOf, splitOf, bins),
  };
}
