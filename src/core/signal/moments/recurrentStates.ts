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
  /** False where one is unknown or no state of this layer: they count as zero then. */
  readonly areKnown: boolean;
  /** dL/d each of the inputs that hold them, from dL/d each state; `like` is the gradient that they come from. */
  readonly gradients: (begun: readonly CellState[], like: Gradient) => readonly (Gradient | 'unknown')[];
}

export function directionCount({ layers, isBidirectional }: Recurrent): number {
  return Math.max(1, layers) * (isBidirectional ? 2 : 1);
}

/** The states that the inputs behind the sequence hold; none where there are none. */
export function initialStates(given: readonly (Field | undefined)[], operation: Recurrent): InitialStates {
  const count = directionCount(operation);
  const kinds = operation.cell === 'lstm' ? (['hidden', 'memory'] as const) : (['hidden'] as const);
  const isTogether = given.length === kinds.length;
  const zero: CellState = { hidden: noMoments, memory: noMoments };
  const none: InitialStates = {
    states: Array.from({ length: count }, () => zero),
    variance: 0,
    areKnown: given.length === 0,
    gradients: () => given.map(() => 'unknown' as const),
  };
  if (!isTogether && given.length !== kinds.length * count) return none;
  const parts: { readonly field: Field; readonly places: StatePlaces }[] = [];
  for (const field of given) {
    const places = field && statePlaces(field, isTogether ? count : 1);
    if (!field || !places) return none;
    parts.push({ field: consumed(field), places });
  }
  const states = Array.from({ length: count }, (_, which): CellState => {
    const [hidden = noMoments, memory = noMoments] = kinds.map((_kind, kind) => {
      const part = parts[isTogether ? kind : which * kinds.length + kind];
      return part ? momentsOf(part.field, part.places, which) : noMoments;
    });
    return { hidden, memory };
  });
  return {
    states,
    variance: Math.max(0, ...parts.map(({ field }) => seedVariance(field))),
    areKnown: true,
    gradients: (begun, like) =>
      parts.map(({ field }, input) => {
        const kind = kinds[input % kinds.length] ?? 'hidden';
        const which = Math.floor(input / kinds.length);
        const own = isTogether ? begun : begun.slice(which, which + 1);
        return gradientOf(
          field,
          own.map((state) => state[kind]),
          like,
        );
      }),
  };
}

/** Which of a field's axes count layers and directions, and samples that the source wrote out as so many. */
interface StatePlaces {
  readonly hasLayers: boolean;
  readonly hasWrittenSamples: boolean;
}

/** Of [layers · directions, samples, hidden] or [samples, hidden]; undefined where it is neither. */
function statePlaces({ layout, batch }: Field, count: number): StatePlaces | undefined {
  const { axes, extents } = layout;
  const positionOf = (atoms: readonly Atom[] | undefined) =>
    atoms?.length === 1 && atoms[0]?.kind === 'position' ? atoms[0].index : undefined;
  const samples = positionOf(axes.at(-2));
  const layers = axes.length === 3 ? positionOf(axes[0]) : undefined;
  const known = [samples, layers].filter((index) => index !== undefined);
  if (axes.length < 2 || axes.length > 3 || known.length < extents.length) return undefined;
  if (samples !== undefined && extents[samples] !== batch) return undefined;
  if (layers !== undefined && extents[layers] !== count) return undefined;
  return { hasLayers: layers !== undefined, hasWrittenSamples: samples !== undefined };
}

function momentsOf(field: Field, { hasLayers, hasWrittenSamples }: StatePlaces, which: number): PairMoments {
  const scale = Math.exp(Math.max(-600, Math.min(600, field.logScale)));
  const segment = pooledSegment(field);
  const { within, across } = field.steps && hasLayers ? momentsAt(field.steps, which) : firstBins(segment);
  return {
    within: within * scale,
    // The samples are the innermost positions: another one is the next bin.
    across: (hasWrittenSamples ? (segment.within[1] ?? 0) : across) * scale,
  };
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
    excess: like.excess,
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
