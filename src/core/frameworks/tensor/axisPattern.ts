import type { Dim, Shape } from '../../network/network';
import { divideDims, multiplyDims } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { type ReductionVariant, reduce } from './combining';
import { expand, permute, reshapeTo } from './rearranging';
import type { Site } from './trace';

/** The axes on one side of a pattern: each entry one axis of the tensor, composed of the named ones in it; '...' alone is several. */
type Side = readonly (readonly string[] | '...')[];
type Axes = readonly (readonly string[])[];

/**
 * Applies a pattern of einops 0.8 (`b (h p1) w c -> b h w (p1 c)`): axes that the right side lacks are reduced, new ones repeat. Undefined
 * where the pattern does not parse or does not fit the shape.
 */
export function applyPattern(
  session: TraceSession,
  input: TracedTensor,
  pattern: string,
  given: ReadonlyMap<string, Dim>,
  reduction: ReductionVariant | undefined,
  site: Site,
): TracedTensor | undefined {
  const [leftText, rightText, ...more] = pattern.split('->');
  if (leftText === undefined || rightText === undefined || more.length > 0 || !input.shape) return undefined;
  const sides = expandEllipsis(parseSide(leftText), parseSide(rightText), input.shape.length);
  if (!sides) return undefined;
  const [left, right] = sides;
  const sizes = axisSizes(left, input.shape, given);
  if (!sizes) return undefined;
  const leftAxes = left.flat();
  const rightAxes = right.flat();
  let axes = leftAxes;
  let tensor = reshapeTo(session, input, shapeOf(axes, sizes), site);
  const dropped = axes.flatMap((axis, index) => (rightAxes.includes(axis) ? [] : [index]));
  if (dropped.length > 0) {
    if (!reduction) return undefined;
    tensor = reduce(session, reduction, tensor, dropped, false, site);
    axes = axes.filter((axis) => rightAxes.includes(axis));
  }
  const kept = rightAxes.filter((axis) => axes.includes(axis));
  const order = kept.map((axis) => axes.indexOf(axis));
  if (order.some((from, to) => from !== to)) tensor = permute(session, tensor, order, site);
  if (kept.length < rightAxes.length) {
    const withUnits = rightAxes.map((axis) => (axes.includes(axis) ? sizes.get(axis) : 1));
    tensor = reshapeTo(session, tensor, withUnits, site);
    tensor = expand(session, tensor, shapeOf(rightAxes, sizes) ?? [], site);
  }
  return reshapeTo(
    session,
    tensor,
    right.map((group) => productOf(group, sizes)),
    site,
  );
}

function shapeOf(axes: readonly string[], sizes: ReadonlyMap<string, Dim>): readonly Dim[] {
  return axes.map((axis) => sizes.get(axis));
}

function productOf(group: readonly string[], sizes: ReadonlyMap<string, Dim>): Dim {
  return group.reduce<Dim>((product, axis) => multiplyDims(product, sizes.get(axis)), 1);
}

function parseSide(text: string): Side | undefined {
  const groups: (string[] | '...')[] = [];
  let open: string[] | undefined;
  for (const token of text.match(/\(|\)|\.\.\.|\w+|\S/g) ?? []) {
    if (token === '(') {
      if (open) return undefined;
      open = [];
    } else if (token === ')') {
      if (!open) return undefined;
      groups.push(open);
      open = undefined;
    } else if (token !== '...' && !/^\w+$/.test(token)) return undefined;
    else if (open) open.push(...(token === '1' ? [] : [token]));
    else groups.push(token === '...' ? token : token === '1' ? [] : [token]);
  }
  return open ? undefined : groups;
}

/** `...` becomes as many axes as the tensor has beyond the others. */
function expandEllipsis(
  left: Side | undefined,
  right: Side | undefined,
  rank: number,
): readonly [Axes, Axes] | undefined {
  if (!left || !right) return undefined;
  const count = left.includes('...') ? rank - left.length + 1 : 0;
  if (count < 0 || (!left.includes('...') && left.length !== rank)) return undefined;
  const axes = Array.from({ length: count }, (_, index) => `...${index}`);
  const spread = (side: Side): Axes =>
    side.flatMap((group) =>
      group === '...' ? axes.map((axis) => [axis]) : [group.flatMap((axis) => (axis === '...' ? axes : [axis]))],
    );
  return [spread(left), spread(right)];
}

/** The size of every named axis; undefined where the shape contradicts the pattern or leaves two unknown in one axis. */
function axisSizes(
  left: Axes,
  shape: NonNullable<Shape>,
  given: ReadonlyMap<string, Dim>,
): Map<string, Dim> | undefined {
  const sizes = new Map<string, Dim>(given);
  for (const [index, group] of left.entries()) {
    const open = group.filter((axis) => !sizes.has(axis));
    const [only] = open;
    if (open.length > 1) for (const axis of open) sizes.set(axis, undefined);
    else if (only !== undefined) {
      const rest = productOf(
        group.filter((axis) => axis !== only),
        sizes,
      );
      const size = rest === 1 ? shape[index] : divideDims(shape[index], rest);
      if (size === undefined && shape[index] !== undefined && rest !== undefined) return undefined;
      sizes.set(only, size);
    }
  }
  return sizes;
}
