import type { ActivationUse } from '../../../activations/activation';
import { bindFrameworkCall, useActivation } from '../../../activations/catalogue';
import type { Dim, Operation, ParameterUse, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { makeList } from '../../../python/make';
import type { InstanceValue, Value } from '../../../python/values';
import { tensorsIn } from '../../numpy/numpy';
import { reshapeTo, sliceAxis } from '../../tensor/rearranging';
import { addNode, addUnknown } from '../../tensor/trace';
import { LayerCall } from '../layerCall';

export type Cell = 'rnn' | 'lstm' | 'gru';

const cellNames: Readonly<Record<Cell, string>> = { rnn: 'simple_rnn_cell', lstm: 'lstm_cell', gru: 'gru_cell' };
const gateCounts: Readonly<Record<Cell, number>> = { rnn: 1, lstm: 4, gru: 3 };

/** The layer whose arguments describe the recurrence, and the one that the node and its weights belong to. */
export interface Recurrence {
  readonly call: LayerCall;
  readonly described: LayerCall;
  readonly cell: Cell;
  readonly isBidirectional: boolean;
  readonly input: TracedTensor;
  readonly returnsSequence: boolean;
  /** The stack that keeps the cell, by name. */
  readonly within?: string | undefined;
}

/** A layer of the framework's own over one sequence. */
export function recurrent(call: LayerCall, cell: Cell): TracedTensor | Value | undefined {
  const { input } = call;
  if (!input) return undefined;
  const returnsSequence = call.flag('return_sequences') === true;
  const output = run({ call, described: call, cell, isBidirectional: false, input, returnsSequence });
  return output && withStates(call, output, cell);
}

export function run(recurrence: Recurrence): TracedTensor | undefined {
  const { call, described, cell, isBidirectional, input, returnsSequence } = recurrence;
  const units = described.int('units');
  if (units === undefined) return undefined;
  const features = call.sizeOf(input, -1);
  const width = isBidirectional ? 2 * units : units;
  const [batch, steps]: readonly Dim[] = input.shape ?? [];
  const shape: Shape = input.shape && (returnsSequence ? [batch, steps, width] : [batch, width]);
  if (features === undefined) return call.unknown(`the features of ${call.own.name} are not known`, shape);
  if (input.shape && input.shape.length !== 3) {
    call.problem(`${call.own.name} needs 3 axes and gets ${input.shape.length}`);
  }
  const activation = activationOf(described, 'activation');
  const gateActivation = cell === 'rnn' ? useActivation('linear') : activationOf(described, 'recurrent_activation');
  const directions = isBidirectional ? ['forward', 'backward'] : [''];
  const parameters = directions.flatMap((direction) => weightsOf(recurrence, direction, features, units));
  if (!activation || !gateActivation) {
    const reason = `an activation of ${call.own.name} is not known`;
    return call.add({ kind: 'unknown', reason }, [input], shape, parameters);
  }
  const operation: Operation = {
    kind: 'recurrent',
    cell,
    activation,
    gateActivation,
    inputFeatures: features,
    hiddenFeatures: units,
    layers: 1,
    isBidirectional,
    timeAxis: 1,
    returnsSequence,
    dropout: described.number('dropout') ?? 0,
    forgetBias: cell === 'lstm' && described.flag('unit_forget_bias') === true ? 1 : 0,
  };
  const label = `${described.label}(${features}, ${units})`;
  return call.add(operation, [input, ...initialStates(call)], shape, parameters, undefined, label);
}

/**
 * What the recurrence starts from, where it is not zero: the network before it is part of the model. States that are not followed come from
 * the same layer as those that are.
 */
function initialStates(call: LayerCall): readonly TracedTensor[] {
  const given = call.callValue('initial_state', 1);
  const { nodes } = call.session.tracer;
  return given ? tensorsIn(given).filter(({ node }) => nodes[node]?.operation.kind !== 'unknown') : [];
}

function weightsOf(
  { call, described, cell, within }: Recurrence,
  direction: string,
  features: number,
  units: number,
): readonly ParameterUse[] {
  const gates = gateCounts[cell];
  const stack = within ? `${within}/` : '';
  const layerName = direction ? `${direction}_${described.own.name}/` : stack;
  const prefix = described.layer.class.name.endsWith('Cell') ? described.own.name : cellNames[cell];
  const suffix = direction === 'backward' ? 'Reverse' : '';
  const weight = (name: string, role: string, argument: string, shape: readonly number[], stored?: readonly number[]) =>
    described.weight({
      name: `${layerName}${prefix}/${name}`,
      role: `${role}0${suffix}`,
      shape,
      ...(stored && { stored }),
      argument,
      owner: call,
    });
  const uses = [
    weight('kernel', 'inputWeight', 'kernel_initializer', [features, gates * units], [gates * units, features]),
    weight(
      'recurrent_kernel',
      'recurrentWeight',
      'recurrent_initializer',
      [units, gates * units],
      [gates * units, units],
    ),
  ];
  if (described.flag('use_bias') !== false) {
    const isDoubled = cell === 'gru' && described.flag('reset_after') !== false;
    uses.push(weight('bias', 'inputBias', 'bias_initializer', isDoubled ? [2, gates * units] : [gates * units]));
  }
  return uses;
}

/** With `return_state=True` the last hidden state follows, and the LSTM's cell state. */
export function withStates(call: LayerCall, output: TracedTensor, cell: Cell): TracedTensor | Value {
  if (call.flag('return_state') !== true) return output;
  return listOf(call, [output, ...statesOf(call, output, cell, -1)]);
}

/** The states at one end of a sequence; `at` is 0 or −1. */
export function statesOf(call: LayerCall, output: TracedTensor, cell: Cell, at: 0 | -1): readonly TracedTensor[] {
  const hidden = stepOf(call, output, at);
  if (cell !== 'lstm') return [hidden];
  return [hidden, memoryOf(call, output, hidden.shape)];
}

/** The same recurrence once more, of which the memory that it ends with is asked for. */
function memoryOf(call: LayerCall, output: TracedTensor, shape: Shape): TracedTensor {
  const { tracer } = call.session;
  const { operation, inputs, parameters } = tracer.nodes[output.node] ?? {};
  const site = call.site('cell_state');
  if (operation?.kind !== 'recurrent' || operation.isBidirectional || !inputs || !shape) {
    return addUnknown(call.session, 'the cell state of an LSTM is not followed', [output], shape, site);
  }
  const sources = inputs.map((node): TracedTensor => ({ node, shape: tracer.nodes[node]?.outputShape }));
  const ends = addNode(call.session, { ...operation, state: 'memory' }, sources, [1, ...shape], site, parameters);
  return reshapeTo(call.session, ends, shape, site);
}

function stepOf(call: LayerCall, output: TracedTensor, at: 0 | -1): TracedTensor {
  if (output.shape?.length !== 3) return output;
  const [batch, steps, width] = output.shape;
  const site = call.site('state');
  if (at === 0) return sliceAxis(call.session, output, 1, { from: 0, to: 1, step: 1, drop: true }, site);
  if (typeof steps === 'number') {
    return sliceAxis(call.session, output, 1, { from: steps - 1, to: steps, step: 1, drop: true }, site);
  }
  const reason = 'the last step of a sequence of unknown length';
  return addUnknown(call.session, reason, [output], [batch, width], site);
}

export function listOf(call: LayerCall, tensors: readonly TracedTensor[]): Value {
  return makeList(tensors.map((tensor) => call.state.tensorValue(tensor)));
}

/** The layer that an argument holds, as if it were called in place of the one that holds it. */
export function innerCall(call: LayerCall, layer: Value | undefined): LayerCall | undefined {
  if (!call.state.isLayer(layer)) return undefined;
  const { construction } = call.state.stateOf(layer);
  return construction && new LayerCall(call.state, layer, construction, call.inputs, call.args, call.context);
}

/** Which of the framework's cells a layer or cell class is; undefined for the user's own. */
export function cellOf(layer: InstanceValue): Cell | undefined {
  const name = layer.class.name.replace('keras.layers.', '').replace('Cell', '');
  if (name === 'SimpleRNN') return 'rnn';
  if (name === 'LSTM') return 'lstm';
  return name === 'GRU' ? 'gru' : undefined;
}

function activationOf(call: LayerCall, argument: string): ActivationUse | undefined {
  const value = call.value(argument);
  if (!value || value.kind === 'none') return useActivation('linear');
  const name = value.kind === 'str' || value.kind === 'native' ? (value.kind === 'str' ? value.value : value.name) : '';
  const bound = bindFrameworkCall('keras', name);
  return bound && useActivation(bound.id, bound.parameters);
}
