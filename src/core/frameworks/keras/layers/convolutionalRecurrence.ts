import type { Dim } from '../../../network/network';
import { convolvedSize, samePadding } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addUnknown } from '../../tensor/trace';
import type { LayerCall, LayerType } from '../layerCall';
import { listOf } from './recurrence';

type Rank = 1 | 2 | 3;

const signature =
  "filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, activation='tanh', recurrent_activation='sigmoid', use_bias=True, kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', bias_initializer='zeros', unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, seed=None, return_sequences=False, return_state=False, go_backwards=False, stateful=False";

/** An LSTM whose matrices are convolutions: its weights and shapes; the signal through it is not followed (Keras 3.15.1, layers/rnn/conv_lstm.py). */
export function convolutionalRecurrence(rank: Rank): LayerType {
  return { signature, call: (call) => convolutionalLstm(call, rank) };
}

function convolutionalLstm(call: LayerCall, rank: Rank): TracedTensor | Value | undefined {
  const { input } = call;
  const filters = call.int('filters');
  const kernel = call.perAxis('kernel_size', rank);
  if (!input || filters === undefined || !kernel) return undefined;
  if (input.shape && input.shape.length !== rank + 3) {
    call.problem(`${call.own.name} needs ${rank + 3} axes and gets ${input.shape.length}`);
  }
  const isChannelsFirst = call.text('data_format') === 'channels_first';
  const channels = call.sizeOf(input, isChannelsFirst ? 2 : -1);
  if (channels === undefined) return call.unknown(`the channels of ${call.own.name} are not known`, undefined);
  const gates = 4 * filters;
  const weight = (name: string, inputs: number, argument: string) =>
    call.weight({
      name: `${cellName(rank)}/${name}`,
      role: name,
      shape: [...kernel, inputs, gates],
      stored: [gates, inputs, ...kernel],
      argument,
    });
  const parameters = [
    weight('kernel', channels, 'kernel_initializer'),
    weight('recurrent_kernel', filters, 'recurrent_initializer'),
    ...call.bias(gates, `${cellName(rank)}/bias`),
  ];
  const state = stateShape(call, input, rank, filters, kernel);
  const isSequence = call.flag('return_sequences') === true;
  const shape = state && (isSequence ? [state[0], input.shape?.[1], ...state.slice(1)] : state);
  const reason = 'a convolutional LSTM is not followed yet';
  const output = call.add({ kind: 'unknown', reason }, [input], shape, parameters);
  if (call.flag('return_state') !== true) return output;
  const states = ['hidden_state', 'cell_state'].map((part) =>
    addUnknown(call.session, reason, [output], state, call.site(part)),
  );
  return listOf(call, [output, ...states]);
}

function stateShape(
  call: LayerCall,
  { shape }: TracedTensor,
  rank: Rank,
  filters: number,
  kernel: readonly number[],
): readonly Dim[] | undefined {
  const stride = call.perAxis('strides', rank);
  const dilation = call.perAxis('dilation_rate', rank);
  if (!shape || !stride || !dilation) return undefined;
  const isChannelsFirst = call.text('data_format') === 'channels_first';
  const isSame = call.text('padding')?.toLowerCase() === 'same';
  const first = isChannelsFirst ? 3 : 2;
  const sizes = kernel.map((size, axis): Dim => {
    const window = [size, stride[axis] ?? 1] as const;
    const spacing = dilation[axis] ?? 1;
    const whole = shape[first + axis];
    const padding = isSame ? samePadding(whole, ...window, spacing) : { before: 0, after: 0 };
    return convolvedSize(whole, ...window, padding, spacing);
  });
  return isChannelsFirst ? [shape[0], filters, ...sizes] : [shape[0], ...sizes, filters];
}

function cellName(rank: Rank): string {
  return `conv_lstm_cell_${rank}d`;
}
