import { type Field, type Gradient, type GradientSegment, movedGradient, type Pair, pooledSegment } from './field';
import {
  type Atom,
  axisWeights,
  binMap,
  binsOf,
  differentPositions,
  type Layout,
  mapAxis,
  samePosition,
} from './layout';
import { everyClass } from './pairClasses';
import type { Regrouped } from './regroup';

/**
 * Positions as the classes of a softmax: units, of which any two have as much in common as two positions have on average. What all classes have
 * in common a softmax does not see. Only for gradients whose sum over the classes is zero, as those by logits are.
 */
export function positionsAsUnits(field: Field, axis: number): Regrouped | undefined {
  const [atom, ...others] = field.layout.axes[axis] ?? [];
  if (atom?.kind !== 'position' || others.length > 0) return undefined;
  const extent = field.layout.extents[atom.index] as number;
  const sizes = field.layout.extents.map(binsOf);
  const apart = differentPositions(extent);
  const segment = pooledSegment(field);
  const common = Math.max(0, mapAxis(segment.within, sizes, atom.index, apart)[0] as number);
  const forth = (values: Float64Array) => {
    const offs = mapAxis(values, sizes, atom.index, apart);
    return mapAxis(values, sizes, atom.index, samePosition).map((value, at) => value - (offs[at] as number) + common);
  };
  const layout = withoutPosition(field.layout, atom.index, axis, [{ kind: 'units', size: extent }]);
  const kept = sizes.with(atom.index, 1);
  const repeat = binMap(sizes[atom.index] as number, (add) => {
    for (let bin = 0; bin < (sizes[atom.index] as number); bin++)
      add(bin, 0, bin === 0 ? 1 : -1 / Math.max(1, extent - 1));
  });
  const back = (values: Float64Array) => mapAxis(values, kept, atom.index, repeat);
  return {
    field: {
      ...field,
      layout,
      segments: [
        {
          channels: segment.channels * extent,
          mean: Math.sqrt(common),
          within: forth(segment.within),
          across: forth(segment.across),
        },
      ],
      grain: undefined,
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    back: (gradient) => backOf(gradient, field, back),
  };
}

/**
 * Stacked parts beside the units that they are parts of (`stack((-x2, x1), -1).flatten(-2)`), as units. Of parts that have nothing but their
 * mean in common nothing is lost; of others there is no answer.
 */
export function partsAsUnits(field: Field, axis: number): Regrouped | undefined {
  const { axes, extents } = field.layout;
  const atoms = axes[axis] ?? [];
  const [part, ...others] = atoms.filter((atom) => atom.kind === 'position');
  const [segment, ...more] = field.segments;
  if (!part || others.length > 0 || atoms.length < 2 || !segment || more.length > 0) return undefined;
  if (atoms.some((atom) => atom.kind === 'batch')) return undefined;
  const extent = extents[part.index] as number;
  const sizes = extents.map(binsOf);
  const own = (values: Float64Array) => mapAxis(values, sizes, part.index, samePosition);
  const apart = differentPositions(extent);
  const square = segment.mean ** 2;
  const negligible = 1e-6 * (segment.within[0] as number);
  const areApart = [segment.within, segment.across].every((values) =>
    mapAxis(values, sizes, part.index, apart).every((value) => Math.abs(value - square) <= negligible),
  );
  if (!areApart) return undefined;
  const size = extent * atoms.reduce((product, atom) => (atom.kind === 'units' ? product * atom.size : product), 1);
  const kept = sizes.with(part.index, 1);
  const first = binMap(sizes[part.index] as number, (add) => add(0, 0, 1));
  const back = (values: Float64Array) => mapAxis(values, kept, part.index, first);
  return {
    field: {
      ...field,
      layout: withoutPosition(field.layout, part.index, axis, [{ kind: 'units', size }]),
      segments: [
        { ...segment, channels: segment.channels * extent, within: own(segment.within), across: own(segment.across) },
      ],
      grain: undefined,
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    back: (gradient) => backOf(gradient, field, back),
  };
}

/** Samples as positions of a tensor that is the same for every sample, as in a product of all samples with all samples. */
export function samplesAsPositions(field: Field, axis: number): Regrouped | undefined {
  const { layout, batch } = field;
  const [atom, ...others] = layout.axes[axis] ?? [];
  if (atom?.kind !== 'batch' || others.length > 0 || !(batch > 1)) return undefined;
  const position: Atom = { kind: 'position', index: layout.extents.length };
  const placed: Layout = { axes: layout.axes.with(axis, [position]), extents: [...layout.extents, batch] };
  const bins = binsOf(batch);
  const joined = ({ within, across }: Pair) => {
    const result = new Float64Array(within.length * bins);
    within.forEach((value, at) => {
      result.fill(across[at] as number, at * bins, (at + 1) * bins);
      result[at * bins] = value;
    });
    return { within: result, across: everyClass(result, across.length / within.length) };
  };
  const weights = axisWeights(batch);
  const first = weights[0] as number;
  const parted = (segment: GradientSegment): GradientSegment => {
    const size = segment.within.length / bins;
    const within = new Float64Array(size);
    const across = new Float64Array(size);
    for (let at = 0; at < size; at++) {
      within[at] = segment.within[at * bins] as number;
      for (let bin = 1; bin < bins; bin++) {
        const weight = (weights[bin] as number) / (1 - first);
        across[at] = (across[at] as number) + weight * (segment.within[at * bins + bin] as number);
      }
    }
    return { within, across: everyClass(across, segment.across.length / segment.within.length) };
  };
  return {
    field: {
      ...field,
      layout: placed,
      segments: field.segments.map((segment) => ({ ...segment, ...joined(segment) })),
      grain: undefined,
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    back: (gradient) => movedGradient(gradient, field, parted),
  };
}

function withoutPosition({ axes, extents }: Layout, index: number, axis: number, atoms: readonly Atom[]): Layout {
  const lower = (own: Atom): Atom =>
    own.kind === 'position' && own.index > index ? { kind: 'position', index: own.index - 1 } : own;
  return {
    axes: axes.map((own, at) => (at === axis ? atoms : own.map(lower))),
    extents: extents.toSpliced(index, 1),
  };
}

function backOf(gradient: Gradient, field: Field, back: (values: Float64Array) => Float64Array): Gradient {
  return {
    ...movedGradient(gradient, field, ({ within, across }) => ({ within: back(within), across: back(across) })),
    inherited: gradient.inherited,
    fresh: gradient.fresh,
  };
}
