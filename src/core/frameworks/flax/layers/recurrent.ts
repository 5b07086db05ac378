import type { Dim, Operation, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { ArrayPayload, payloadValue } from '../../numpy/arrays';
import { tensorsIn } from '../../numpy/numpy';
import { concat, sliceAxis } from '../../tensor/rearranging';
import { addNode, addUnknown } from '../../tensor/trace';
import type { LayerCall, LayerTypes } from '../layerCall';
import { layerCallOf } from '../layerClasses';
import { cellActivations, cellKindOf, cellSizes, cellWeights } from './cells';

/** Recurrence over a cell. Fields and arguments: flax 0.12.8, linen/recurrent.py and nnx/nn/recurrent.py. */
export const recurrentLayers: LayerTypes = {
  RNN: {
    linen:
      'cell, time_major=False, return_carry=False, reverse=False, keep_order=False, unroll=1, variable_axes=None, variable_broadcast=None, variable_carry=None, split_rngs=None',
    nnx: 'cell, *, time_major=False, return_carry=False, reverse=False, keep_order=False, unroll=1, state_axes=None, broadcast_rngs=None, rngs=None',
    call: recurrence,
  },
  Bidirectional: {
    linen: 'forward_rnn, backward_rnn, merge_fn=None, time_major=False, return_carry=False',
    nnx: 'forward_rnn, backward_rnn, *, merge_fn=None, time_major=False, return_carry=False, rngs=None',
    call: bothWays,
  },
};

function recurrence(call: LayerCall): TracedTensor | Value | undefined {
  const { input } = call;
  const cell = call.value('cell');
  if (!input) return undefined;
  const described = cell?.kind === 'instance' ? layerCallOf(call.state, cell, call.args, call.context) : undefined;
  if (!described) return call.unknown('a recurrence over a cell of this kind is not followed', undefined);
  const isTimeFirst = truth(call, 'time_major') === true;
  const output = runCell(call, described, input, isTimeFirst);
  if (truth(call, 'return_carry') !== true || !output) return output;
  const carry = carryAfter(call, described, output, isTimeFirst ? 0 : 1);
  return { kind: 'tuple', items: [carry, call.state.tensorValue(output)] };
}

/** A cell over a whole sequence: one recurrent node, also for `nn.scan` of a cell. */
export function runCell(
  call: LayerCall,
  cell: LayerCall,
  input: TracedTensor,
  isTimeFirst: boolean,
): TracedTensor | undefined {
  const kind = cellKindOf(cell.layer);
  const sizes = cellSizes(cell);
  if (!kind || !sizes) return call.unknown('a recurrence over a cell of this kind is not followed', undefined);
  const { features, units } = sizes;
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), units];
  if (input.shape && input.shape.length !== 3)
    call.problem(`${call.title} needs 3 axes and gets ${input.shape.length}`);
  const activations = cellActivations(cell, kind);
  if (!activations) return call.unknown(`an activation of ${cell.title} is not known`, shape);
  const operation: Operation = {
    kind: 'recurrent',
    cell: kind,
    ...activations,
    inputFeatures: features,
    hiddenFeatures: units,
    layers: 1,
    isBidirectional: false,
    timeAxis: isTimeFirst ? 0 : 1,
    returnsSequence: true,
    dropout: 0,
    forgetBias: 0,
  };
  const weights = cellWeights(cell, kind, features, units);
  return addNode(
    call.session,
    operation,
    [input],
    shape,
    { ...cell.site(), label: `${cell.label}(${features}, ${units})` },
    weights,
  );
}

/** What the cell carries after the last step: the hidden state, with LSTM the cell state before it. */
function carryAfter(call: LayerCall, cell: LayerCall, output: TracedTensor, timeAxis: number): Value {
  const { session } = call;
  const steps: Dim = output.shape?.[timeAxis];
  const shape: Shape = output.shape?.filter((_, axis) => axis !== timeAxis);
  const site = call.site('carry');
  const range = typeof steps === 'number' ? { from: steps - 1, to: steps, step: 1, drop: true } : undefined;
  const hidden = () =>
    range
      ? sliceAxis(session, output, timeAxis, range, site)
      : addUnknown(session, 'the last step of a sequence of unknown length', [output], shape, site);
  const memory = () => addUnknown(session, 'the cell state of an LSTM is not followed', [output], shape, site);
  const value = (make: () => TracedTensor): Value => payloadValue(call.state, new ArrayPayload(shape, make));
  if (cellKindOf(cell.layer) !== 'lstm') return value(hidden);
  return { kind: 'tuple', items: [value(memory), value(hidden)] };
}

/** Two recurrences over the same input, joined along the features unless the code joins them itself. */
function bothWays(call: LayerCall): TracedTensor | Value | undefined {
  const { input } = call;
  const run = (name: string): Value | undefined => {
    const rnn = call.value(name);
    return rnn?.kind === 'instance' ? call.context.call(rnn, call.args.positional.slice(0, 1)) : undefined;
  };
  const forward = run('forward_rnn');
  const backward = run('backward_rnn');
  if (!input || !forward || !backward) return undefined;
  const merge = call.value('merge_fn');
  if (merge && merge.kind !== 'none') return call.context.call(merge, [forward, backward]);
  const tensors = [forward, backward].flatMap((value) => tensorsIn(value));
  const axis = (input.shape?.length ?? 3) - 1;
  return concat(call.session, tensors, axis, call.site('merge'));
}

function truth(call: LayerCall, name: string): boolean | undefined {
  const value = call.args.named.get(name) ?? call.value(name);
  return value && value.kind !== 'none' ? call.context.truth(value) : undefined;
}
