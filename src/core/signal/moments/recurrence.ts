import type { Operation } from '../../network/network';
import { type CompiledActivation, compiledActivation } from './activationFunction';
import { meanSquaredCorrelation } from './correlations';
import {
  consumed,
  type Field,
  type Gradient,
  gradientVariance,
  pooledSegment,
  type Segment,
  seedVariance,
} from './field';
import { runGruCell } from './gruCell';
import { type Atom, binCount, type Layout } from './layout';
import { runLstmCell } from './lstmCell';
import {
  addedPairs,
  emptyPairs,
  momentsAt,
  noMoments,
  offsetsFromPairs,
  type PairMoments,
  pairsFromOffsets,
  reversedPairs,
  type StepPairs,
  scaledPairs,
  stepCap,
  sumOfProducts,
  withoutFirstStep,
  withStepBefore,
} from './pairGrid';
import { type CellRun, type CellState, type CellWeights, runPlainCell } from './plainCell';
import { endingGradient, type InitialStates, initialStates, statesField } from './recurrentStates';
import type { Backward, Call, LogMoment, Step } from './rule';
import { weightMoments } from './weights';

type Recurrent = Extract<Operation, { kind: 'recurrent' }>;

interface Direction {
  readonly run: CellRun;
  readonly input: StepPairs;
  readonly weights: CellWeights;
  readonly isReversed: boolean;
}

/** Recurrent layers at initialisation, all pairs of time steps; stacked and bidirectional ones layer by layer. */
export function recurrentStep(call: Call, operation: Recurrent): Step | undefined {
  const [raw, ...given] = call.inputs;
  if (!raw) return undefined;
  const field = consumed(raw);
  const position = timePosition(field.layout, operation.timeAxis);
  const begins = initialStates(given, operation);
  if (position === undefined) return undefined;
  const extent = position.extent;
  const count = Math.min(extent, stepCap);
  const source = sequencePairs(field, count);
  if (!source) return undefined;
  const layers: Direction[][] = [];
  let sequence = source;
  let width = operation.inputFeatures;
  for (let layer = 0; layer < Math.max(1, operation.layers); layer++) {
    const directions: Direction[] = [];
    for (const isReversed of operation.isBidirectional ? [false, true] : [false]) {
      const weights = cellWeights(call, operation, layer, isReversed, width);
      const begin = begins.states[layers.length * (operation.isBidirectional ? 2 : 1) + directions.length];
      if (!weights || !begin) return undefined;
      const input = withStepBefore(isReversed ? reversedPairs(sequence) : sequence);
      directions.push({ run: runCell(input, weights, begin, operation), input, weights, isReversed });
    }
    layers.push(directions);
    sequence = outputOf(directions);
    width = operation.hiddenFeatures * directions.length;
  }
  const { layout, segments, steps } = outputMoments(field, operation, layers, sequence, width);
  const segment = segments[0] as Segment;
  const output: Field = {
    layout,
    segments,
    logScale: 0,
    inherited: begins.variance,
    fresh: (2 / segment.channels) * meanSquaredCorrelation(segment, layout, field.batch),
    excess: 0,
    fixedNorm: 0,
    batch: field.batch,
    steps,
  };
  return {
    output,
    stepLogSquares: operation.state ? undefined : diagonal(sequence),
    backward: (gradient) => recurrentBackward(gradient, field, layers, count, operation, begins),
    isApproximate:
      extent > stepCap ||
      operation.dropout > 0 ||
      !begins.areKnown ||
      // A gradient that reaches one direction only counts as half of it reaching both.
      (operation.isBidirectional && given.length > 0) ||
      isBeyondMeanField(operation, extent),
  };
}

function diagonal(pairs: StepPairs): number[] {
  return Array.from({ length: pairs.count }, (_, t) => Math.log(pairs.within[t * pairs.count + t] as number));
}

/** The one axis that is neither samples nor units; one of a single step has no atoms. */
function timePosition(layout: Layout, axis: number): { readonly extent: number } | undefined {
  const atoms = layout.axes[axis];
  const atom = atoms?.[0];
  if (atoms?.length === 0 && layout.extents.length === 0) return { extent: 1 };
  if (atoms?.length !== 1 || atom?.kind !== 'position' || layout.extents.length !== 1) return undefined;
  return { extent: layout.extents[0] as number };
}

function sequencePairs(field: Field, count: number): StepPairs | undefined {
  const scale = Math.exp(Math.max(-600, Math.min(600, field.logScale)));
  if (field.steps && field.steps.count === count) return scaledPairs(field.steps, scale);
  const segment = pooledSegment(field);
  return pairsFromOffsets(count, segment.within, segment.across, scale);
}

function cellWeights(
  call: Call,
  operation: Recurrent,
  layer: number,
  isReversed: boolean,
  width: number,
): CellWeights | undefined {
  const suffix = `${layer}${isReversed ? 'Reverse' : ''}`;
  const [input, recurrent, inputBias, recurrentBias] = [
    'inputWeight',
    'recurrentWeight',
    'inputBias',
    'recurrentBias',
  ].map((role) => weightMoments(call.parameter(role + suffix)));
  if (!input || !recurrent || !inputBias || !recurrentBias) return undefined;
  return {
    hidden: operation.hiddenFeatures,
    inputFeatures: width,
    input: input.variance + input.mean ** 2,
    recurrent: recurrent.variance + recurrent.mean ** 2,
    inputBias: inputBias.variance + inputBias.mean ** 2,
    recurrentBias: recurrentBias.variance + recurrentBias.mean ** 2,
  };
}

function runCell(input: StepPairs, weights: CellWeights, begin: CellState, operation: Recurrent): CellRun {
  const activation: CompiledActivation = compiledActivation(operation.activation);
  if (operation.cell === 'rnn') return runPlainCell(input, weights, begin, activation);
  const gate = compiledActivation(operation.gateActivation);
  if (operation.cell === 'gru') return runGruCell({ input, weights, begin, gate, activation });
  return runLstmCell({ input, weights, begin, gate, activation, forgetBias: operation.forgetBias });
}

/**
 * One matrix is applied at every step: over many steps its own largest eigenvalues tell, not the mean over matrices, and a second layer's
 * input is correlated in time (SIGNAL.md, section 4). Gates forget soon enough.
 */
function isBeyondMeanField({ cell, layers, hiddenFeatures }: Recurrent, steps: number): boolean {
  return layers > 1 || (cell === 'rnn' && steps > hiddenFeatures / 4);
}

/** Both directions' units side by side: averages of their moments. */
function outputOf(directions: readonly Direction[]): StepPairs {
  let sum = emptyPairs((directions[0]?.input.count ?? 1) - 1);
  for (const { run, isReversed } of directions) {
    const hidden = withoutFirstStep(run.hidden);
    sum = addedPairs(sum, isReversed ? reversedPairs(hidden) : hidden);
  }
  return scaledPairs(sum, 1 / directions.length);
}

/** Every step, the last one, or what all layers and directions end with. */
function outputMoments(
  field: Field,
  operation: Recurrent,
  layers: readonly (readonly Direction[])[],
  sequence: StepPairs,
  width: number,
): Pick<Field, 'layout' | 'segments' | 'steps'> {
  const { state } = operation;
  if (state) {
    const ends = layers.flat().map(({ run }) => run[state] ?? run.hidden);
    return statesField(
      ends.map((pairs) => momentsAt(pairs, pairs.count - 1)),
      operation.hiddenFeatures,
    );
  }
  const features: readonly Atom[] = [{ kind: 'units', size: width }];
  const axes = field.layout.axes.map((atoms, axis) => (axis === field.layout.axes.length - 1 ? features : atoms));
  if (operation.returnsSequence) {
    const bins = binCount(field.layout);
    return {
      layout: { axes, extents: field.layout.extents },
      segments: [{ channels: width, mean: 0, ...offsetsFromPairs(sequence, bins) }],
      steps: sequence,
    };
  }
  const { within, across } = momentsAt(sequence, sequence.count - 1);
  return {
    layout: { axes: axes.filter((_, axis) => axis !== operation.timeAxis), extents: [] },
    segments: [{ channels: width, mean: 0, within: Float64Array.of(within), across: Float64Array.of(across) }],
  };
}

/** The incoming gradient as pairs of steps. */
function externalPairs(gradient: Gradient, count: number, operation: Recurrent): StepPairs {
  const result = emptyPairs(count);
  const segment = gradient.segments[0];
  if (operation.state || !segment) return result;
  if (!operation.returnsSequence) {
    const last = (count - 1) * count + count - 1;
    result.within[last] = segment.within[0] as number;
    result.across[last] = segment.across[0] as number;
    return result;
  }
  if (gradient.steps && gradient.steps.count === count) return gradient.steps;
  return pairsFromOffsets(count, segment.within, segment.across, 1);
}

function recurrentBackward(
  gradient: Gradient,
  field: Field,
  layers: readonly (readonly Direction[])[],
  count: number,
  operation: Recurrent,
  begins: InitialStates,
): Backward {
  let external = externalPairs(gradient, count, operation);
  const variance = gradientVariance(gradient) + 2 / operation.hiddenFeatures;
  const weights: Record<string, LogMoment> = {};
  const begun: CellState[] = [];
  let stepLogSquares: number[] = [];
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    let below = emptyPairs(count);
    let outputs = emptyPairs(count);
    const directions = layers[layer] as readonly Direction[];
    const states = directions.map(({ run, input, weights: cell, isReversed }, which): CellState => {
      const turned = (pairs: StepPairs) => (isReversed ? reversedPairs(pairs) : pairs);
      const own = withStepBefore(turned(external));
      const ending = operation.state ? endingGradient(gradient, layer * directions.length + which) : noMoments;
      if (operation.state === 'hidden') addAt(own, own.count - 1, ending);
      const result = run.backward(own, operation.state === 'memory' ? ending : noMoments);
      outputs = addedPairs(outputs, turned(withoutFirstStep(result.output)));
      const into = turned(withoutFirstStep(result.input));
      below = addedPairs(below, scaledPairs(into, cell.input * operation.hiddenFeatures));
      const moment = (sum: number): LogMoment => ({
        logSquare: Math.log(Math.max(0, sum) / result.gates) + gradient.logScale - gradientVariance(gradient) / 2,
        variance: variance + seedVariance(field),
      });
      if (layer === 0 && !isReversed) {
        weights.input = moment(sumOfProducts(result.input, input, 0, field.batch));
        weights.recurrent = moment(sumOfProducts(result.recurrent, run.hidden, 1, field.batch));
      }
      return { hidden: momentsAt(result.output, 0), memory: result.memory };
    });
    begun.unshift(...states);
    if (layer === layers.length - 1) {
      stepLogSquares = diagonal(scaledPairs(outputs, 1 / directions.length)).map((value) => value + gradient.logScale);
    }
    external = below;
  }
  const segment = offsetsFromPairs(external, binCount(field.layout));
  const sequence: Gradient = {
    layout: field.layout,
    segments: field.segments.map(() => segment),
    logScale: gradient.logScale,
    inherited: gradientVariance(gradient),
    fresh: 0,
    excess: gradient.excess,
    alignment: gradient.alignment,
    steps: external,
  };
  return {
    inputs: [sequence, ...begins.gradients(begun, gradient)],
    weights,
    stepLogSquares: operation.state ? undefined : stepLogSquares,
  };
}

function addAt(pairs: StepPairs, step: number, moments: PairMoments): void {
  const at = step * pairs.count + step;
  pairs.within[at] = (pairs.within[at] as number) + moments.within;
  pairs.across[at] = (pairs.across[at] as number) + moments.across;
}
