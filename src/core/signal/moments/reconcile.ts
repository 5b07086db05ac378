import type { Field } from './field';
import { after, innerSizes, mergedAxes, putBack, type Regrouped, unitsAsPositions } from './regroup';
import type { Call, Step } from './rule';

/**
 * The inputs with axes that divide alike where they can be made to; the step's gradients are put back. Axes of one position meet one position,
 * those of several as few as it takes: (8 · 7)² windows are the 56² places of a picture.
 */
export function withReconciled(call: Call, step: (call: Call) => Step | undefined): Step | undefined {
  const fields = call.inputs.filter((field) => field !== undefined);
  if (fields.length < call.inputs.length) return undefined;
  const changes = new Map<number, Regrouped>();
  const current = (index: number) => changes.get(index)?.field ?? (fields[index] as Field);
  const change = (index: number, made: Regrouped | undefined) => {
    if (made) changes.set(index, after(changes.get(index), made));
  };
  const rank = Math.max(...fields.map((field) => field.layout.axes.length));
  for (let fromRight = 1; fromRight <= rank; fromRight++) {
    const axisOf = (index: number) => current(index).layout.axes.length - fromRight;
    const atomsOf = (index: number) => current(index).layout.axes[axisOf(index)] ?? [];
    const isSingle = fields.some((_, index) => atomsOf(index).length === 1 && atomsOf(index)[0]?.kind === 'position');
    const kept = isSingle
      ? new Set<number>()
      : commonSizes(
          fields.map((_, index) => current(index)),
          fromRight,
        );
    if (!kept) continue;
    fields.forEach((_, index) => {
      const atoms = atomsOf(index);
      if (atoms.length > 1) change(index, mergedAxes(current(index), [axisOf(index)], kept));
      else if (isSingle && atoms[0]?.kind === 'units') change(index, unitsAsPositions(current(index), axisOf(index)));
    });
  }
  if (changes.size === 0) return step(call);
  const made = step({ ...call, inputs: fields.map((_, index) => current(index)) });
  return made && putBack(made, (index) => changes.get(index));
}

/** The numbers of elements at which an axis of positions is cut in all fields that have it; undefined where there is nothing to put together. */
function commonSizes(fields: readonly Field[], fromRight: number): ReadonlySet<number> | undefined {
  const cuts = fields.flatMap(({ layout }) => {
    const atoms = layout.axes[layout.axes.length - fromRight] ?? [];
    return atoms.length === 0 ? [] : [{ atoms, sizes: innerSizes(atoms, layout.extents) }];
  });
  const [first, ...others] = cuts;
  const arePlaces = cuts.every(({ atoms }) => atoms.every(({ kind }) => kind !== 'units'));
  if (!first || !arePlaces || others.every(({ sizes }) => String(sizes) === String(first.sizes))) return undefined;
  return new Set(first.sizes.filter((size) => others.every(({ sizes }) => sizes.includes(size))));
}
