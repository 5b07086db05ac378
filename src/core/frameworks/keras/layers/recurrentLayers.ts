import type { LayerTypes } from '../layerCall';
import { ofCells } from './cellRecurrence';
import { cellStep, gruStep, lstmStep, simpleStep } from './cells';
import { convolutionalRecurrence } from './convolutionalRecurrence';
import { recurrent } from './recurrence';

const common =
  "use_bias=True, kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', bias_initializer='zeros'";
const regularisers =
  'kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0';
const ends = 'return_sequences=False, return_state=False, go_backwards=False, stateful=False';

const gates = `units, activation='tanh', recurrent_activation='sigmoid', ${common}`;

/** Recurrent layers and their cells. Signatures and weights: Keras 3.15.1, layers/rnn; the CuDNN layers are of Keras 2. */
export const recurrentLayers: LayerTypes = {
  SimpleRNN: {
    signature: `units, activation='tanh', ${common}, ${regularisers}, ${ends}`,
    call: (call) => recurrent(call, 'rnn'),
  },
  LSTM: {
    signature: `${gates}, unit_forget_bias=True, ${regularisers}, seed=None, ${ends}`,
    aliases: ['CuDNNLSTM'],
    call: (call) => recurrent(call, 'lstm'),
  },
  GRU: {
    signature: `${gates}, ${regularisers}, seed=None, ${ends}, unroll=False, reset_after=True`,
    aliases: ['CuDNNGRU'],
    call: (call) => recurrent(call, 'gru'),
  },
  SimpleRNNCell: {
    signature: `units, activation='tanh', ${common}, ${regularisers}`,
    call: (call) => cellStep(call, simpleStep),
  },
  LSTMCell: {
    signature: `${gates}, unit_forget_bias=True, ${regularisers}`,
    call: (call) => cellStep(call, lstmStep),
  },
  GRUCell: {
    signature: `${gates}, ${regularisers}, reset_after=True`,
    call: (call) => cellStep(call, gruStep),
  },
  StackedRNNCells: {
    signature: 'cells',
    call: (call) => call.unknown('a single step of stacked cells is not followed yet', undefined),
  },
  RNN: { signature: `cell, ${ends}`, call: ofCells },
  ConvLSTM1D: convolutionalRecurrence(1),
  ConvLSTM2D: convolutionalRecurrence(2),
  ConvLSTM3D: convolutionalRecurrence(3),
};
