import type { ActivationUse } from '../../../activations/activation';
import { bindFrameworkCall, useActivation } from '../../../activations/catalogue';
import type { Dim, Operation, ParameterUse, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { InstanceValue, Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { addSum } from '../../tensor/elementwise';
import { reshape, sliceAxis } from '../../tensor/rearranging';
import { addUnknown } from '../../tensor/trace';
import { LayerCall, type LayerType, type LayerTypes } from '../layerCall';

type Cell = 'rnn' | 'lstm' | 'gru';

const common =
  "use_bias=True, kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', bias_initializer='zeros'";
const regularisers =
  'kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0';
const ends = 'return_sequences=False, return_state=False, go_backwards=False, stateful=False';

/** Recurrent layers. Signatures and weights: Keras 3.15.1, layers/rnn. */
export const recurrentLayers: LayerTypes = {
  SimpleRNN: {
    signature: `units, activation='tanh', ${common}, ${regularisers}, ${ends}`,
    call: (call) => recurrent(call, 'rnn'),
  },
  LSTM: {
    signature: `units, activation='tanh', recurrent_activation='sigmoid', ${common}, unit_forget_bias=True, ${regularisers}, seed=None, ${ends}`,
    call: (call) => recurrent(call, 'lstm'),
  },
  GRU: {
    signature: `units, activation='tanh', recurrent_activation='sigmoid', ${common}, ${regularisers}, seed=None, ${ends}, unroll=False, reset_after=True`,
    call: (call) => recurrent(call, 'gru'),
  },
  Bidirectional: { signature: "layer, merge_mode='concat', weights=None, backward_layer=None", call: bidirectional },
  TimeDistributed: { signature: 'layer', call: timeDistributed },
  SimpleRNNCell: cellAlone(`units, activation='tanh', ${common}, ${regularisers}`),
  LSTMCell: cellAlone(
    `units, activation='tanh', recurrent_activation='sigmoid', ${common}, unit_forget_bias=True, ${regularisers}`,
  ),
  GRUCell: cellAlone(
    `units, activation='tanh', recurrent_activation='sigmoid', ${common}, ${regularisers}, reset_after=True`,
  ),
  RNN: { signature: `cell, ${ends}`, call: ofCell },
  ConvLSTM1D: notFollowed('filters, kernel_size'),
  ConvLSTM2D: notFollowed('filters, kernel_size'),
  ConvLSTM3D: notFollowed('filters, kernel_size'),
};

const cellNames: Readonly<Record<Cell, string>> = { rnn: 'simple_rnn_cell', lstm: 'lstm_cell', gru: 'gru_cell' };
const gateCounts: Readonly<Record<Cell, number>> = { rnn: 1, lstm: 4, gru: 3 };

/** The layer whose arguments describe the recurrence, and the one that the node and its weights belong to. */
interface Recurrence {
  readonly call: LayerCall;
  readonly described: LayerCall;
  readonly cell: Cell;
  readonly isBidirectional: boolean;
}

function recurrent(call: LayerCall, cell: Cell): TracedTensor | Value | undefined {
  return withStates(call, run({ call, described: call, cell, isBidirectional: false }), call);
}

/** `RNN(LSTMCell(…))`: the same network with other names. */
function ofCell(call: LayerCall): TracedTensor | Value | undefined {
  const inner = innerCall(call, 'cell');
  const cell = inner && cellOf(inner.layer);
  if (!inner || !cell) return call.unknown('a recurrence over a cell of this kind is not followed yet', undefined);
  return withStates(call, run({ call, described: inner, cell, isBidirectional: false }), call);
}

function bidirectional(call: LayerCall): TracedTensor | Value | undefined {
  const inner = innerCall(call, 'layer');
  const cell = inner && cellOf(inner.layer);
  if (!inner || !cell || inner.flag('return_state') !== false) {
    return call.unknown('a bidirectional layer of this kind is not followed yet', undefined);
  }
  const both = run({ call, described: inner, cell, isBidirectional: true });
  const mode = call.isNone('merge_mode') ? 'none' : call.text('merge_mode');
  if (!both || mode === 'concat') return both;
  const units = inner.int('units');
  const last = (both.shape?.length ?? 0) - 1;
  if (units === undefined || last < 1) return call.unknown('the directions cannot be told apart', undefined);
  const half = (from: number): TracedTensor =>
    sliceAxis(call.session, both, last, { from, to: from + units, step: 1, drop: false }, call.site('direction'));
  const halves = [half(0), half(units)] as const;
  const weight = mode === 'ave' ? 0.5 : 1;
  if (mode === 'sum' || mode === 'ave') {
    return addSum(call.session, halves, [weight, weight], call.site('merge'));
  }
  if (mode === 'mul') return call.add({ kind: 'product' }, halves, halves[0].shape, [], 'merge');
  return { kind: 'list', items: halves.map((tensor) => call.state.tensorValue(tensor)) };
}

function run({ call, described, cell, isBidirectional }: Recurrence): TracedTensor | undefined {
  const { input } = call;
  const units = described.int('units');
  if (!input || units === undefined) return undefined;
  const returnsSequence = (call.value('return_sequences') ? call : described).flag('return_sequences') === true;
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
  if (!activation || !gateActivation) return call.unknown(`an activation of ${call.own.name} is not known`, shape);
  const directions = isBidirectional ? ['forward', 'backward'] : [''];
  const parameters = directions.flatMap((direction) => weightsOf(call, described, cell, direction, features, units));
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
  return call.add(operation, [input], shape, parameters, undefined, `${described.label}(${features}, ${units})`);
}

function weightsOf(
  call: LayerCall,
  described: LayerCall,
  cell: Cell,
  direction: string,
  features: number,
  units: number,
): readonly ParameterUse[] {
  const gates = gateCounts[cell];
  const layerName = direction ? `${direction}_${described.own.name}/` : '';
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
function withStates(
  call: LayerCall,
  output: TracedTensor | undefined,
  described: LayerCall,
): TracedTensor | Value | undefined {
  if (!output || described.flag('return_state') !== true) return output;
  const { session } = call;
  const steps = output.shape?.[1];
  const isSequence = output.shape?.length === 3;
  const stateShape: Shape = isSequence ? [output.shape?.[0], output.shape?.[2]] : output.shape;
  const hidden = !isSequence
    ? output
    : typeof steps === 'number'
      ? sliceAxis(session, output, 1, { from: steps - 1, to: steps, step: 1, drop: true }, call.site('state'))
      : addUnknown(session, 'the last step of a sequence of unknown length', [output], stateShape, call.site('state'));
  const states = [output, hidden];
  if (call.label === 'LSTM') {
    states.push(
      addUnknown(session, 'the cell state of an LSTM is not followed', [output], stateShape, call.site('cell_state')),
    );
  }
  return { kind: 'list', items: states.map((tensor) => call.state.tensorValue(tensor)) };
}

/** The same layer at every step: directly where it works on the last axis, else over batch and steps together. */
function timeDistributed(call: LayerCall): TracedTensor | Value | undefined {
  const layer = call.value('layer');
  const { input } = call;
  if (!layer || !input) return undefined;
  if (!call.own.inner.length && call.state.isLayer(layer)) call.own.inner.push(layer);
  const shape = input.shape;
  const steps = shape?.[1];
  if (!shape || typeof steps !== 'number') {
    return shape?.length === 3 ? tensorOf(call.context.call(layer, [call.state.tensorValue(input)])) : undefined;
  }
  const merged = reshape(call.session, input, [{ perBatch: steps }, ...shape.slice(2)], call.site('merge'));
  const applied = call.state.within(call.own.name, () =>
    tensorOf(call.context.call(layer, [call.state.tensorValue(merged)])),
  );
  if (!applied?.shape) return call.unknown('the layer at every step could not be followed', undefined);
  return reshape(call.session, applied, [shape[0], steps, ...applied.shape.slice(1)], call.site('split'));
}

function innerCall(call: LayerCall, argument: string): LayerCall | undefined {
  const layer = call.value(argument);
  if (!call.state.isLayer(layer)) return undefined;
  const { construction } = call.state.stateOf(layer);
  return construction && new LayerCall(call.state, layer, construction, call.inputs, call.args, call.context);
}

function cellOf(layer: InstanceValue): Cell | undefined {
  const name = layer.class.name.slice(layer.class.name.lastIndexOf('.') + 1).replace('Cell', '');
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

function cellAlone(signature: string): LayerType {
  return { signature, call: (call) => call.unknown('a single step of a cell is not followed yet', undefined) };
}

function notFollowed(signature: string): LayerType {
  return { signature, call: (call) => call.unknown(`${call.label} is not followed yet`, undefined) };
}
