import type { Operation } from '../../network/network';
import { consumed, type Field, type Gradient, gradientVariance, pooledSegment, seedVariance } from './field';
import { type Atom, binCount, type Layout } from './layout';
import { emptyPairs, momentsAt, noMoments, offsetsFromPairs, type PairMoments, type StepPairs } from './pairGrid';
import type { CellState } from './plainCell';

type Recurrent = Extract<Operation, { kind: 'recurrent' }>;

/** The states that a recurrent layer begins with, by layer, then direction. */
export interface InitialStates {
  readonly states: readonly CellState[];
  /** Variance over seeds of their logarithm. */
  readonly variance: number;
  /** dL/d each of the inputs that hold them, from dL/d each state; `like` is the gradient that they come from. */
  readonly gradients: (begun: readonly CellState[], like: Gradient) => readonly Gradient[];
}

export function directionCount({ layers, isBidirectional }: Recurrent): number {
  return Math.max(1, layers) * (isBidirectional ? 2 : 1);
}

/** The states that the inputs behind the sequence hold; undefined where one is unknown or no state of this layer. */
export function initialStates(given: readonly (Field | undefined)[], operation: Recurrent): InitialStates | undefined {
  const count = directionCount(operation);
  const kinds = operation.cell === 'lstm' ? (['hidden', 'memory'] as const) : (['hidden'] as const);
  const isTogether = given.length === kinds.length;
  if (given.length > 0 && !isTogether && given.length !== kinds.length * count) return undefined;
  const fields: Field[] = [];
  for (const field of given) {
    const { extents } = field?.layout ?? { extents: [] };
    const isState = extents.length === 0 || (isTogether && extents.length === 1 && extents[0] === count);
    if (!field || !isState) return undefined;
    fields.push(consumed(field));
  }
  const inputOf = (which: number, kind: number) => (isTogether ? kind : which * kinds.length + kind);
  const states = Array.from({ length: count }, (_, which): CellState => {
    const [hidden = noMoments, memory = noMoments] = kinds.map((_kind, kind) => {
      const field = fields[inputOf(which, kind)];
      return field ? momentsOf(field, which) : noMoments;
    });
    return { hidden, memory };
  });
  return {
    states,
    variance: Math.max(0, ...fields.map(seedVariance)),
    gradients: (begun, like) =>
      fields.map((field, input) => {
        const kind = kinds[input % kinds.length] ?? 'hidden';
        const own = isTogether ? begun : begun.slice(Math.floor(input / kinds.length)).slice(0, 1);
        return gradientOf(
          field,
          own.map((state) => state[kind]),
          like,
        );
      }),
  };
}

function momentsOf(field: Field, which: number): PairMoments {
  const scale = Math.exp(Math.max(-600, Math.min(600, field.logScale)));
  const { within, across } =
    field.steps && field.layout.extents.length > 0 ? momentsAt(field.steps, which) : firstBins(pooledSegment(field));
  return { within: within * scale, across: across * scale };
}

function firstBins(pair: { readonly within: Float64Array; readonly across: Float64Array }): PairMoments {
  return { within: pair.within[0] ?? 0, across: pair.across[0] ?? 0 };
}

/** Independent between layers and directions. */
function gradientOf(field: Field, parts: readonly PairMoments[], like: Gradient): Gradient {
  const steps = diagonalPairs(parts);
  const segment = offsetsFromPairs(steps, binCount(field.layout));
  return {
    layout: field.layout,
    segments: field.segments.map(() => segment),
    logScale: like.logScale,
    inherited: gradientVariance(like),
    fresh: 0,
    alignment: like.alignment,
    steps: field.layout.extents.length > 0 ? steps : undefined,
  };
}

function diagonalPairs(parts: readonly PairMoments[]): StepPairs {
  const pairs = emptyPairs(parts.length);
  parts.forEach(({ within, across }, which) => {
    pairs.within[which * parts.length + which] = within;
    pairs.across[which * parts.length + which] = across;
  });
  return pairs;
}

/** What every layer and direction ends with, side by side along a new first axis: [layers · directions, samples, hidden]. */
export function statesField(
  parts: readonly PairMoments[],
  hidden: number,
): Pick<Field, 'layout' | 'segments' | 'steps'> {
  const batch: readonly Atom[] = [{ kind: 'batch' }];
  const units: readonly Atom[] = [{ kind: 'units', size: hidden }];
  const isAlone = parts.length === 1;
  const layout: Layout = {
    axes: [isAlone ? [] : [{ kind: 'position', index: 0 }], batch, units],
    extents: isAlone ? [] : [parts.length],
  };
  const steps = diagonalPairs(parts);
  return {
    layout,
    segments: [{ channels: hidden, mean: 0, ...offsetsFromPairs(steps, binCount(layout)) }],
    steps: isAlone ? undefined : steps,
  };
}

/** The gradient by what one layer and direction ends with. */
export function endingGradient(gradient: Gradient, which: number): PairMoments {
  if (gradient.steps && gradient.layout.extents.length > 0) return momentsAt(gradient.steps, which);
  return gradient.segments[0] ? firstBins(gradient.segments[0]) : noMoments;
}
