import { useActivation } from '../../../activations/catalogue';
import type { Operation, ParameterUse, Shape } from '../../../network/network';
import { mayBeEqual, shapeText } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { sliceAxis, stack, unsqueeze } from '../../tensor/rearranging';
import { addNode, addUnknown, reportProblem, type Site } from '../../tensor/trace';
import type { TorchCall } from '../call';
import type { Layer } from '../layer';
import type { TorchState } from '../state';
import { CellStep } from './cellStep';

export type RecurrentCell = 'rnn' | 'lstm' | 'gru';

/** Layers of one recurrent module beyond which nothing is built. */
export const mostLayers = 64;

export const gateCount: Readonly<Record<RecurrentCell, number>> = { rnn: 1, lstm: 4, gru: 3 };

/** Gives (output, state) as PyTorch does; the state's nodes are made when it is used. */
export function applyRecurrent(
  layer: Layer,
  cell: RecurrentCell,
  input: TracedTensor,
  begins: Value | undefined,
  site: Site,
): Value | undefined {
  const { state } = layer;
  const { session } = state;
  const inputFeatures = layer.int('input_size');
  const hiddenFeatures = layer.int('hidden_size');
  const layers = layer.int('num_layers');
  const isBidirectional = layer.flag('bidirectional') ?? false;
  if (inputFeatures === undefined || hiddenFeatures === undefined || layers === undefined) return undefined;
  if (layers > mostLayers) return undefined;
  const batchFirst = layer.flag('batch_first') ?? false;
  const rank = input.shape?.length ?? 3;
  const timeAxis = rank === 3 && batchFirst ? 1 : 0;
  if (input.shape && !mayBeEqual(input.shape.at(-1), inputFeatures)) {
    reportProblem(session, `${site.label} expects ${inputFeatures} features, got ${shapeText(input.shape)}`, site);
  }
  const directions = isBidirectional ? 2 : 1;
  const width = layer.int('proj_size') || hiddenFeatures;
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), width * directions];
  const operation: Operation =
    (layer.int('proj_size') ?? 0) > 0
      ? { kind: 'unknown', reason: 'an LSTM with projections is not followed' }
      : {
          kind: 'recurrent',
          cell,
          activation: useActivation(layer.text('nonlinearity') === 'relu' ? 'relu' : 'tanh'),
          gateActivation: useActivation('sigmoid'),
          inputFeatures,
          hiddenFeatures,
          layers,
          isBidirectional,
          timeAxis,
          returnsSequence: true,
          dropout: layer.number('dropout') ?? 0,
          forgetBias: forgetBiasOf(layer, cell, hiddenFeatures),
        };
  const inputs = [input, ...initialStates(state, begins)];
  const uses = recurrentUses(layer, layers, isBidirectional);
  const output = addNode(session, operation, inputs, shape, site, uses);
  const sizes: StateSizes = { timeAxis, layers, directions, width };
  /** The same recurrence, of which the states that it ends with are asked for. */
  const ending = (which: 'hidden' | 'memory') => {
    const own = { ...sizes, width: which === 'memory' ? hiddenFeatures : width };
    const ends = operation.kind === 'recurrent' ? { ...operation, state: which } : operation;
    return addNode(session, ends, inputs, stateShape(output, own), stateSite(site, which), uses);
  };
  const hidden = finalState(layer, output, sizes, () => ending('hidden'), site);
  if (cell !== 'lstm') return makeTuple([state.tensorValue(output), hidden]);
  const memory = state.lazyTensor(stateShape(output, { ...sizes, width: hiddenFeatures }), () => ending('memory'));
  return makeTuple([state.tensorValue(output), makeTuple([hidden, memory])]);
}

/** The states that a recurrence is given to begin with, unless they are zero. */
function initialStates(state: TorchState, begins: Value | undefined): readonly TracedTensor[] {
  const values = begins?.kind === 'tuple' || begins?.kind === 'list' ? begins.items : begins ? [begins] : [];
  const tensors = values.map((value) => state.tensorOf(value)).filter((tensor) => tensor !== undefined);
  const { nodes } = state.session.tracer;
  const isZero = ({ node }: TracedTensor) => {
    const operation = nodes[node]?.operation;
    return operation?.kind === 'constant' && operation.value === 0;
  };
  return tensors.every(isZero) ? [] : tensors;
}

/** One step of a recurrent cell: its new state, for LSTM with the memory. */
export function applyCell(layer: Layer, cell: RecurrentCell, input: TracedTensor, call: TorchCall): Value | undefined {
  const { state } = layer;
  const units = layer.int('hidden_size');
  if (units === undefined) return undefined;
  const previous = call.value('hx');
  const given = previous?.kind === 'tuple' || previous?.kind === 'list' ? previous.items : previous ? [previous] : [];
  const [hidden, memory] = given.map((value) => state.tensorOf(value));
  if (given.some(({ kind }) => kind === 'unknown')) return undefined;
  const before = hidden && { hidden, ...(memory && { memory }) };
  const next = new CellStep(layer, cell, input, before, units, call.site()).next();
  const value = state.tensorValue(next.hidden);
  return next.memory ? makeTuple([value, state.tensorValue(next.memory)]) : value;
}

interface StateSizes {
  readonly timeAxis: number;
  readonly layers: number;
  readonly directions: number;
  readonly width: number;
}

/** Of the last layer the last step of the output, for the backward direction the first; of those below what `ending` gives. */
function finalState(
  layer: Layer,
  output: TracedTensor,
  sizes: StateSizes,
  ending: () => TracedTensor,
  site: Site,
): Value {
  const { state } = layer;
  const { session } = state;
  const { timeAxis, directions, width } = sizes;
  const shape = stateShape(output, sizes);
  const own = stateSite(site, 'hidden');
  return state.lazyTensor(shape, () => {
    const steps = output.shape?.[timeAxis];
    const rank = output.shape?.length;
    if (typeof steps !== 'number' || rank === undefined) {
      return addUnknown(session, 'the last step of a sequence of unknown length', [output], shape, own);
    }
    const halves = Array.from({ length: directions }, (_, direction) => {
      const at = direction === 0 ? steps - 1 : 0;
      const range = { from: direction * width, to: (direction + 1) * width, step: 1, drop: false };
      const half = sliceAxis(session, output, rank - 1, range, own);
      return sliceAxis(session, half, timeAxis, { from: at, to: at + 1, step: 1, drop: true }, own);
    });
    const below = (sizes.layers - 1) * directions;
    const all = below > 0 ? ending() : undefined;
    const lower = Array.from({ length: all ? below : 0 }, (_, index) =>
      sliceAxis(session, all ?? output, 0, { from: index, to: index + 1, step: 1, drop: true }, own),
    );
    const states = [...lower, ...halves];
    const [only] = states;
    return only && states.length === 1 ? unsqueeze(session, only, 0, own) : stack(session, states, 0, own);
  });
}

function stateShape(output: TracedTensor, sizes: StateSizes): Shape {
  if (!output.shape) return undefined;
  const batch = output.shape.slice(0, -1).filter((_, axis) => axis !== sizes.timeAxis);
  return [sizes.layers * sizes.directions, ...batch, sizes.width];
}

function stateSite(site: Site, which: 'hidden' | 'memory'): Site {
  const [name, label] = which === 'hidden' ? ['final_state', 'final state'] : ['cell_state', 'cell state'];
  return { trail: site.trail, name, label, ...(site.made && { made: site.made }) };
}

function recurrentUses(layer: Layer, layers: number, isBidirectional: boolean): readonly ParameterUse[] {
  const uses: ParameterUse[] = [];
  for (let index = 0; index < Math.min(layers, mostLayers); index++) {
    for (const direction of isBidirectional ? ['', '_reverse'] : ['']) {
      const suffix = layer.get(`weight_ih_l${index}${direction}`) ? `_l${index}${direction}` : '';
      const role = `${index}${direction === '' ? '' : 'Reverse'}`;
      uses.push(
        ...layer.state.use(`inputWeight${role}`, layer.get(`weight_ih${suffix}`)),
        ...layer.state.use(`recurrentWeight${role}`, layer.get(`weight_hh${suffix}`)),
        ...layer.state.use(`inputBias${role}`, layer.get(`bias_ih${suffix}`)),
        ...layer.state.use(`recurrentBias${role}`, layer.get(`bias_hh${suffix}`)),
      );
    }
  }
  return uses;
}

/** What user code wrote into the forget gate's bias (LSTM: rows H to 2H; GRU's update gate: the same rows). */
function forgetBiasOf(layer: Layer, cell: RecurrentCell, hidden: number): number {
  if (cell === 'rnn') return 0;
  let total = 0;
  for (const name of ['bias_ih_l0', 'bias_hh_l0']) {
    const parameter = layer.state.parameterOf(layer.get(name));
    const slice = parameter === undefined ? undefined : layer.state.biasSlices.get(parameter);
    if (slice && slice.from === hidden && slice.to === 2 * hidden) total += slice.value;
  }
  return total;
}
