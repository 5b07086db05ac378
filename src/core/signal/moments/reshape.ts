import type { Shape } from '../../network/network';
import type { Field } from './field';
import type { Atom, Layout } from './layout';

interface Sized {
  readonly atom: Atom;
  readonly size: number;
}

/** A position axis that has to be cut into blocks of `inner` positions first. */
export interface Cut {
  readonly index: number;
  readonly inner: number;
}

/** The atoms divided anew among the axes of `shape`; undefined where an axis would cut a position or the batch in two. */
export function reshapedLayout(layout: Layout, shape: Shape, batch: number): Layout | undefined {
  const answer = dividedAnew(layout, shape, batch);
  return answer && 'axes' in answer ? answer : undefined;
}

/** The same, or the first cut of a position that it takes. */
export function dividedAnew(layout: Layout, shape: Shape, batch: number): Layout | Cut | undefined {
  if (!shape) return undefined;
  const queue: Sized[] = [];
  for (const atoms of layout.axes) for (const atom of atoms) queue.push({ atom, size: sizeOf(atom, layout, batch) });
  const axes: Atom[][] = [];
  for (const dim of shape) {
    if (dim === undefined) return undefined;
    let wanted = typeof dim === 'number' ? dim : dim.perBatch * batch;
    const atoms: Atom[] = [];
    // A batch of one sample fills no room: it goes where the shape has samples.
    if (batch === 1 && typeof dim === 'object' && queue[0]?.atom.kind === 'batch') atoms.push(queue[0].atom);
    while (wanted > 1) {
      while (queue[0]?.size === 1) queue.shift();
      const next = queue.shift();
      if (!next) return undefined;
      if (wanted % next.size === 0) {
        atoms.push(next.atom);
        wanted /= next.size;
      } else if (next.atom.kind === 'units' && next.size % wanted === 0) {
        atoms.push({ kind: 'units', size: wanted });
        queue.unshift({ atom: { kind: 'units', size: next.size / wanted }, size: next.size / wanted });
        wanted = 1;
      } else if (next.atom.kind === 'position' && next.size % wanted === 0) {
        return { index: next.atom.index, inner: next.size / wanted };
      } else {
        return undefined;
      }
    }
    axes.push(joinedUnits(atoms));
  }
  while (queue[0]?.size === 1) queue.shift();
  return queue.length === 0 ? { axes, extents: layout.extents } : undefined;
}

/** Units that follow each other in one axis are as many units as both. */
function joinedUnits(atoms: readonly Atom[]): Atom[] {
  const joined: Atom[] = [];
  for (const atom of atoms) {
    const last = joined.at(-1);
    if (last?.kind === 'units' && atom.kind === 'units') {
      joined.splice(-1, 1, { kind: 'units', size: last.size * atom.size });
    } else joined.push(atom);
  }
  return joined;
}

function sizeOf(atom: Atom, layout: Layout, batch: number): number {
  switch (atom.kind) {
    case 'batch':
      return batch;
    case 'units':
      return atom.size;
    case 'position':
      return layout.extents[atom.index] as number;
  }
}

export function permutedLayout(layout: Layout, order: readonly number[]): Layout | undefined {
  const axes = order.map((axis) => layout.axes[axis]);
  if (axes.some((atoms) => atoms === undefined) || axes.length !== layout.axes.length) return undefined;
  return { axes: axes as readonly (readonly Atom[])[], extents: layout.extents };
}

/** Axes of size one, other than batch and channels, as position axes of extent one that a window may widen. */
export function withWindowAxes(field: Field, channelAxis: number): Field {
  const { axes } = field.layout;
  if (!axes.some((atoms, axis) => atoms.length === 0 && axis !== channelAxis)) return field;
  const extents = [...field.layout.extents];
  const widened = axes.map((atoms, axis): readonly Atom[] => {
    if (atoms.length > 0 || axis === channelAxis) return atoms;
    extents.push(1);
    return [{ kind: 'position', index: extents.length - 1 }];
  });
  return { ...field, layout: { axes: widened, extents } };
}
