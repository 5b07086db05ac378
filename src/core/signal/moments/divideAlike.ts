import type { Field } from './field';
import type { Atom, Layout } from './layout';
import { after, mergedAxes, type Regrouped, unitsAsPositions } from './regroup';

/** An axis of each of two tensors that stand for the same thing. */
interface AxisPair {
  readonly first?: number;
  readonly second?: number;
}

/** Two tensors whose shared axes divide alike: as they are, or as one position each; undefined where they cannot be made to. */
export function divideAlike(
  first: Field,
  second: Field,
  axes: readonly AxisPair[],
): { readonly first: Regrouped | undefined; readonly second: Regrouped | undefined } | undefined {
  let own: Regrouped | undefined;
  let other: Regrouped | undefined;
  for (const axis of axes) {
    if (axis.first === undefined || axis.second === undefined) continue;
    const [a, b] = [own?.field ?? first, other?.field ?? second];
    const isSingle = [a.layout.axes[axis.first], b.layout.axes[axis.second]].some((atoms) => !atoms?.length);
    if (isSingle || isAlike(a.layout, axis.first, b.layout, axis.second)) continue;
    own = asOnePosition(own, a, axis.first);
    other = asOnePosition(other, b, axis.second);
    if (!isAlike((own?.field ?? first).layout, axis.first, (other?.field ?? second).layout, axis.second))
      return undefined;
  }
  return { first: own, second: other };
}

function isAlike(a: Layout, axisA: number, b: Layout, axisB: number): boolean {
  const [own, other] = [a.axes[axisA] ?? [], b.axes[axisB] ?? []];
  return own.length === other.length && own.every((atom, place) => isSameAtom(atom, a, other[place], b));
}

function isSameAtom(atom: Atom, a: Layout, other: Atom | undefined, b: Layout): boolean {
  if (atom.kind === 'units') return other?.kind === 'units' && atom.size === other.size;
  if (atom.kind === 'batch') return other?.kind === 'batch';
  return other?.kind === 'position' && a.extents[atom.index] === b.extents[other.index];
}

function asOnePosition(before: Regrouped | undefined, field: Field, axis: number): Regrouped | undefined {
  const made = mergedAxes(field, [axis]) ?? unitsAsPositions(field, axis);
  return made ? after(before, made) : before;
}
