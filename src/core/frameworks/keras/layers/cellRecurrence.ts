import type { Dim } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { makeList } from '../../../python/make';
import type { InstanceValue, Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { tensorsIn } from '../../numpy/numpy';
import { numberOf } from '../../tensor/dimValues';
import { sliceAxis, stack } from '../../tensor/rearranging';
import { addNode, addUnknown } from '../../tensor/trace';
import type { LayerCall } from '../layerCall';
import { cellOf, innerCall, listOf, run, statesOf } from './recurrence';

/** Longest sequence over which a cell of the code's own is unrolled. */
const maximumSteps = 64;

/** `RNN(cell)`: of the framework's cells the same networks as its layers, one on the other for several; of others step by step. */
export function ofCells(call: LayerCall): TracedTensor | Value | undefined {
  const { input } = call;
  const cells = cellsOf(call, call.value('cell'));
  if (!input || !cells)
    return input && call.unknown('a recurrence over a cell of this kind is not followed yet', undefined);
  for (const cell of cells) if (!call.own.inner.includes(cell)) call.own.inner.push(cell);
  return cells.every((cell) => cellOf(cell)) ? stacked(call, cells, input) : unrolled(call, cells, input);
}

/** The cells of a list or of `StackedRNNCells`, or the one. */
function cellsOf(call: LayerCall, value: Value | undefined): readonly InstanceValue[] | undefined {
  if (call.state.isLayer(value)) {
    const { construction } = call.state.stateOf(value);
    const inner = construction?.bound.get('cells');
    return inner ? cellsOf(call, inner) : [value];
  }
  const items = value && call.context.iterate(value);
  if (!items || items.length === 0) return undefined;
  return items.every((item): item is InstanceValue => call.state.isLayer(item)) ? items : undefined;
}

function stacked(
  call: LayerCall,
  cells: readonly InstanceValue[],
  input: TracedTensor,
): TracedTensor | Value | undefined {
  const states: TracedTensor[] = [];
  const name = stackName(call);
  let current = input;
  for (const [index, cell] of cells.entries()) {
    const described = innerCall(call, cell);
    const kind = cellOf(cell);
    const isLast = index === cells.length - 1;
    const returnsSequence = !isLast || call.flag('return_sequences') === true;
    const output =
      described &&
      kind &&
      run({ call, described, cell: kind, isBidirectional: false, input: current, returnsSequence, within: name });
    if (!output) return undefined;
    if (call.flag('return_state') === true) states.push(...statesOf(call, output, kind, -1));
    current = output;
  }
  return states.length > 0 ? listOf(call, [current, ...states]) : current;
}

/** Of the layer that holds several cells; Keras makes one for a list of them. */
function stackName(call: LayerCall): string | undefined {
  const { own, state } = call;
  const given = call.value('cell');
  if (state.isLayer(given)) return cellOf(given) ? undefined : state.stateOf(given).name;
  own.stackName ??= state.autoName('StackedRNNCells');
  return own.stackName;
}

/** Calls the cell once a step, as Keras does; beyond `maximumSteps` once for its weights and shapes. */
function unrolled(
  call: LayerCall,
  cells: readonly InstanceValue[],
  input: TracedTensor,
): TracedTensor | Value | undefined {
  const [cell] = cells;
  const length = input.shape?.[1];
  const given = call.callValue('initial_state', 1);
  let states = given ? tensorsIn(given) : cell && zeroStates(call, cell, input);
  if (!cell || cells.length > 1 || !states) {
    return call.unknown('a recurrence over cells of this kind is not followed yet', undefined);
  }
  const isFollowed = typeof length === 'number' && length <= maximumSteps;
  const outputs: TracedTensor[] = [];
  for (let step = 0; step < (isFollowed ? length : 1); step++) {
    const range = { from: step, to: step + 1, step: 1, drop: true };
    const taken = sliceAxis(call.session, input, 1, range, call.site('step'));
    const result = call.state.within(call.own.name, () =>
      call.context.call(cell, [call.state.tensorValue(taken), listOf(call, states ?? [])]),
    );
    const [output, next] = call.context.iterate(result) ?? [];
    const tensor = tensorOf(output);
    if (!tensor || !next) return call.unknown('a step of the cell could not be followed', undefined);
    outputs.push(tensor);
    states = tensorsIn(next);
  }
  const last = outputs.at(-1);
  if (!last) return undefined;
  return ended(call, input, outputs, isFollowed ? states : undefined);
}

function ended(
  call: LayerCall,
  input: TracedTensor,
  outputs: readonly TracedTensor[],
  states: readonly TracedTensor[] | undefined,
): TracedTensor | Value | undefined {
  const last = outputs.at(-1);
  const isSequence = call.flag('return_sequences') === true;
  const hasStates = call.flag('return_state') === true;
  if (!last) return undefined;
  if (states) {
    const output = isSequence ? stack(call.session, outputs, 1, call.site('sequence')) : last;
    return hasStates ? listOf(call, [output, ...states]) : output;
  }
  const [batch, ...sizes]: readonly Dim[] = last.shape ?? [];
  const shape = last.shape && (isSequence ? [batch, input.shape?.[1], ...sizes] : last.shape);
  const reason = `a cell of the code's own is followed over ${maximumSteps} steps at most`;
  const output = addUnknown(call.session, reason, [input, last], shape, call.site());
  return hasStates ? makeList([call.state.tensorValue(output)]) : output;
}

/** `cell.state_size` says how many states there are and how wide. */
function zeroStates(call: LayerCall, cell: InstanceValue, input: TracedTensor): readonly TracedTensor[] | undefined {
  const size = call.context.getAttribute(cell, 'state_size');
  const single = numberOf(size);
  const sizes = single === undefined ? call.context.iterate(size)?.map(numberOf) : [single];
  if (!sizes?.every((width) => width !== undefined) || sizes.length === 0) return undefined;
  return sizes.map((width) =>
    addNode(call.session, { kind: 'constant', value: 0 }, [], [input.shape?.[0], width], call.site('initial_state')),
  );
}
