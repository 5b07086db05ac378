import type { Operation } from '../../network/network';
import { type CompiledActivation, compiledActivation } from './activationFunction';
import { meanSquaredCorrelation } from './correlations';
import { consumed, type Field, type Gradient, gradientVariance, pooledSegment, seedVariance } from './field';
import { runGruCell, runLstmCell } from './gatedCell';
import { type Atom, binsOf, type Layout } from './layout';
import {
  addedPairs,
  emptyPairs,
  offsetsFromPairs,
  pairsFromOffsets,
  reversedPairs,
  type StepPairs,
  scaledPairs,
  stepCap,
  sumOfProducts,
} from './pairGrid';
import { type CellRun, type CellWeights, runPlainCell } from './plainCell';
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
  const [raw, ...begins] = call.inputs;
  if (!raw || operation.state) return undefined;
  const field = consumed(raw);
  const position = timePosition(field.layout, operation.timeAxis);
  if (position === undefined) return undefined;
  const extent = field.layout.extents[position] as number;
  const count = Math.min(extent, stepCap);
  const source = sequencePairs(field, position, count);
  if (!source) return undefined;
  const layers: Direction[][] = [];
  let sequence = source;
  let width = operation.inputFeatures;
  for (let layer = 0; layer < Math.max(1, operation.layers); layer++) {
    const directions: Direction[] = [];
    for (const isReversed of operation.isBidirectional ? [false, true] : [false]) {
      const weights = cellWeights(call, operation, layer, isReversed, width);
      if (!weights) return undefined;
      const input = isReversed ? reversedPairs(sequence) : sequence;
      directions.push({ run: runCell(input, weights, operation), input, weights, isReversed });
    }
    layers.push(directions);
    sequence = outputOf(directions);
    width = operation.hiddenFeatures * directions.length;
  }
  const layout = outputLayout(field.layout, operation, position, width);
  const bins = operation.returnsSequence ? binsOf(extent) : 1;
  const last = (count - 1) * count + count - 1;
  const offsets = operation.returnsSequence
    ? offsetsFromPairs(sequence, bins)
    : {
        within: Float64Array.of(sequence.within[last] as number),
        across: Float64Array.of(sequence.across[last] as number),
      };
  const segment = { channels: width, mean: 0, ...offsets };
  const output: Field = {
    layout,
    segments: [segment],
    logScale: 0,
    inherited: 0,
    fresh: (2 / width) * meanSquaredCorrelation(segment, layout, field.batch),
    fixedNorm: 0,
    batch: field.batch,
    steps: operation.returnsSequence ? sequence : undefined,
  };
  return {
    output,
    stepLogSquares: diagonal(sequence),
    backward: (gradient) => {
      const backward = recurrentBackward(gradient, field, layers, count, position, operation);
      return { ...backward, inputs: [...backward.inputs, ...begins.map(() => 'unknown' as const)] };
    },
    // States that it begins with are not followed: the first steps are as if they were zero.
    isApproximate:
      extent > stepCap || operation.dropout > 0 || begins.length > 0 || isBeyondMeanField(operation, extent),
  };
}

function diagonal(pairs: StepPairs): number[] {
  return Array.from({ length: pairs.count }, (_, t) => Math.log(pairs.within[t * pairs.count + t] as number));
}

function timePosition(layout: Layout, axis: number): number | undefined {
  const atoms = layout.axes[axis];
  const atom = atoms?.[0];
  return atoms?.length === 1 && atom?.kind === 'position' ? atom.index : undefined;
}

function sequencePairs(field: Field, position: number, count: number): StepPairs | undefined {
  if (field.layout.extents.length !== 1 || position !== 0) return undefined;
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

function runCell(input: StepPairs, weights: CellWeights, operation: Recurrent): CellRun {
  const activation: CompiledActivation = compiledActivation(operation.activation);
  if (operation.cell === 'rnn') return runPlainCell(input, weights, activation);
  const gate = compiledActivation(operation.gateActivation);
  if (operation.cell === 'gru') return runGruCell(input, weights, gate, activation);
  return runLstmCell(input, weights, gate, activation, operation.forgetBias);
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
  let sum = emptyPairs(directions[0]?.input.count ?? 0);
  for (const { run, isReversed } of directions) {
    sum = addedPairs(sum, isReversed ? reversedPairs(run.hidden) : run.hidden);
  }
  return scaledPairs(sum, 1 / directions.length);
}

function outputLayout(layout: Layout, operation: Recurrent, position: number, width: number): Layout {
  const features: readonly Atom[] = [{ kind: 'units', size: width }];
  if (operation.returnsSequence) {
    return {
      axes: layout.axes.map((atoms, axis) => (axis === layout.axes.length - 1 ? features : atoms)),
      extents: layout.extents,
    };
  }
  const axes = layout.axes.filter((_, axis) => axis !== operation.timeAxis);
  return {
    axes: axes.map((atoms, axis) => (axis === axes.length - 1 ? features : atoms)),
    extents: layout.extents.filter((_, index) => index !== position),
  };
}

/** The incoming gradient as pairs of steps. */
function externalPairs(gradient: Gradient, count: number, returnsSequence: boolean): StepPairs {
  if (gradient.steps && gradient.steps.count === count) return gradient.steps;
  const segment = gradient.segments[0];
  const result = emptyPairs(count);
  if (!segment) return result;
  if (!returnsSequence) {
    const last = (count - 1) * count + count - 1;
    result.within[last] = segment.within[0] as number;
    result.across[last] = segment.across[0] as number;
    return result;
  }
  return pairsFromOffsets(count, segment.within, segment.across, 1);
}

function recurrentBackward(
  gradient: Gradient,
  field: Field,
  layers: readonly (readonly Direction[])[],
  count: number,
  position: number,
  operation: Recurrent,
): Backward {
  let external = externalPairs(gradient, count, operation.returnsSequence);
  const variance = gradientVariance(gradient) + 2 / operation.hiddenFeatures;
  const weights: Record<string, LogMoment> = {};
  let stepLogSquares: number[] = [];
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    let below = emptyPairs(count);
    let outputs = emptyPairs(count);
    const directions = layers[layer] as readonly Direction[];
    for (const { run, input, weights: cell, isReversed } of directions) {
      const result = run.backward(isReversed ? reversedPairs(external) : external);
      const turned = (pairs: StepPairs) => (isReversed ? reversedPairs(pairs) : pairs);
      outputs = addedPairs(outputs, turned(result.output));
      below = addedPairs(below, scaledPairs(turned(result.input), cell.input * operation.hiddenFeatures));
      const moment = (sum: number): LogMoment => ({
        logSquare: Math.log(Math.max(0, sum) / result.gates) + gradient.logScale - gradientVariance(gradient) / 2,
        variance: variance + seedVariance(field),
      });
      if (layer === 0 && !isReversed) {
        weights.input = moment(sumOfProducts(result.input, input, 0, field.batch));
        weights.recurrent = moment(sumOfProducts(result.recurrent, run.hidden, 1, field.batch));
      }
    }
    if (layer === layers.length - 1) {
      stepLogSquares = diagonal(scaledPairs(outputs, 1 / directions.length)).map((value) => value + gradient.logScale);
    }
    external = below;
  }
  const bins = binsOf(field.layout.extents[position] as number);
  const segment = offsetsFromPairs(external, bins);
  return {
    inputs: [
      {
        layout: field.layout,
        segments: field.segments.map(() => segment),
        logScale: gradient.logScale,
        inherited: gradientVariance(gradient),
        fresh: 0,
        alignment: gradient.alignment,
        steps: external,
      },
    ],
    weights,
    stepLogSquares,
  };
}
