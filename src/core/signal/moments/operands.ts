import { type Alignment, align, broadcastSegment } from './broadcast';
import { type Field, pooledSegment, type Segment } from './field';
import { type Atom, binCount, hasBatch, type Layout } from './layout';
import type { Call } from './rule';
import { areTwins } from './twins';

/** The inputs of an operation element by element, of one layout. */
export interface Operands {
  readonly fields: readonly Field[];
  readonly alignments: readonly Alignment[];
  readonly layout: Layout;
  /** By operand, then by segment, broadcast to the common layout. */
  readonly segments: readonly (readonly Segment[])[];
}

export function operandsOf(call: Call): Operands | undefined {
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

/** Operands that are to each other as two samples are. */
export function twinsOf({ node, network }: Call, fields: readonly Field[]): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let first = 0; first < fields.length && fields.length <= mostTwins; first++) {
    for (let second = first + 1; second < fields.length; second++) {
      const isAlike = fields[first]?.segments.length === fields[second]?.segments.length;
      if (isAlike && areTwins(network, node.inputs[first] as number, node.inputs[second] as number)) {
        pairs.push([first, second]);
      }
    }
  }
  return pairs;
}

/** Sums of more are not looked through. */
const mostTwins = 8;

export function isOnce({ node }: Call, index: number): boolean {
  return node.inputs.every((id, other) => other === index || id !== node.inputs[index]);
}
