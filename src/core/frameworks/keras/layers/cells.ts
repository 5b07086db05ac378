import type { TracedTensor } from '../../../network/tracer';
import { makeList, makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { tensorsIn } from '../../numpy/numpy';
import { matmul } from '../../tensor/combining';
import { addSum, applyElementwise } from '../../tensor/elementwise';
import { sliceAxis } from '../../tensor/rearranging';
import { applyActivation } from '../activations';
import type { LayerCall } from '../layerCall';

/** One step of a cell: `cell(input, states)` gives the output and the new states. Keras 3.15.1, layers/rnn. */
interface Step {
  readonly call: LayerCall;
  readonly input: TracedTensor;
  readonly units: number;
  readonly features: number;
}

type StepBody = (step: Step, states: readonly TracedTensor[]) => readonly TracedTensor[] | undefined;

/** The output is the first of the new states. */
export function cellStep(call: LayerCall, body: StepBody): Value | TracedTensor | undefined {
  const { input } = call;
  const units = call.int('units');
  const given = call.callValue('states', 1);
  const states = given ? tensorsIn(given) : [];
  const features = input && call.sizeOf(input, -1);
  if (!input || units === undefined || features === undefined || states.length === 0) return undefined;
  const next = body({ call, input, units, features }, states);
  const [output] = next ?? [];
  if (!next || !output) return undefined;
  const values = next.map((tensor) => call.state.tensorValue(tensor));
  const [first] = values;
  return first && makeTuple([first, makeList(values)]);
}

/** h′ = f(W·x + b + R·h). */
export const simpleStep: StepBody = (step, [hidden]) => {
  if (!hidden) return undefined;
  const total = sumOf(step, [dense(step, step.input, 1), recurrentDense(step, hidden, 1)], 'preactivation');
  return [activate(step, 'activation', total)];
};

/** Gates in the order input, forget, candidate, output; the forget gate's bias begins at 1 unless told otherwise. */
export const lstmStep: StepBody = (step, [hidden, memory]) => {
  if (!hidden || !memory) return undefined;
  const total = sumOf(step, [dense(step, step.input, 4), recurrentDense(step, hidden, 4)], 'preactivation');
  const [input, forget, candidate, output] = [0, 1, 2, 3].map((index) => gate(step, total, index));
  if (!input || !forget || !candidate || !output) return undefined;
  const isRaised = step.call.flag('use_bias') !== false && step.call.flag('unit_forget_bias') === true;
  const raised = isRaised
    ? applyElementwise(step.call.session, 'add', [forget, 1], step.call.site('forget_bias'))
    : forget;
  const kept = product(step, [activate(step, 'recurrent_activation', raised), memory], 'kept');
  const added = product(
    step,
    [activate(step, 'recurrent_activation', input), activate(step, 'activation', candidate)],
    'added',
  );
  const next = sumOf(step, [kept, added], 'cell_state');
  const opened = activate(step, 'recurrent_activation', output);
  return [product(step, [opened, activate(step, 'activation', next)], 'hidden_state'), next];
};

/** h′ = z·h + (1 − z)·f(candidate), where the reset gate stands before or after the recurrent matrix. */
export const gruStep: StepBody = (step, [hidden]) => {
  if (!hidden) return undefined;
  const { call } = step;
  const isAfter = call.flag('reset_after') !== false;
  const fromInput = dense(step, step.input, 3, isAfter ? 0 : undefined);
  const gateOf = (index: number, other: TracedTensor): TracedTensor =>
    activate(step, 'recurrent_activation', sumOf(step, [gate(step, fromInput, index), other], 'preactivation'));
  let update: TracedTensor;
  let candidate: TracedTensor;
  if (isAfter) {
    const fromHidden = shifted(step, recurrentDense(step, hidden, 3), 1);
    update = gateOf(0, gate(step, fromHidden, 0));
    const reset = gateOf(1, gate(step, fromHidden, 1));
    candidate = sumOf(
      step,
      [gate(step, fromInput, 2), product(step, [reset, gate(step, fromHidden, 2)], 'reset')],
      'candidate',
    );
  } else {
    const kernel = recurrentKernel(step, 3);
    const part = (tensor: TracedTensor, index: number): TracedTensor =>
      matmul(call.session, tensor, gate(step, kernel, index), call.site('recurrent'));
    update = gateOf(0, part(hidden, 0));
    const reset = gateOf(1, part(hidden, 1));
    candidate = sumOf(step, [gate(step, fromInput, 2), part(product(step, [reset, hidden], 'reset'), 2)], 'candidate');
  }
  const proposed = activate(step, 'activation', candidate);
  const rest = applyElementwise(call.session, 'subtract', [1, update], call.site('rest'));
  const kept = product(step, [update, hidden], 'kept');
  return [sumOf(step, [kept, product(step, [rest, proposed], 'added')], 'hidden_state')];
};

/** W·x and the bias; a bias of two rows is added by `shifted`. */
function dense(step: Step, input: TracedTensor, gates: number, row?: number): TracedTensor {
  const { call, features, units } = step;
  const size = gates * units;
  const isDoubled = row !== undefined;
  const kernel = call.weight({
    name: 'kernel',
    role: 'weight',
    shape: [features, size],
    stored: [size, features],
    argument: 'kernel_initializer',
  });
  const operation = { kind: 'linear', inFeatures: features, outFeatures: size } as const;
  const bias = isDoubled ? [] : call.bias(size);
  const result = call.add(operation, [input], withLast(input, size), [kernel, ...bias], 'kernel');
  return isDoubled ? shifted(step, result, row) : result;
}

function recurrentDense(step: Step, hidden: TracedTensor, gates: number): TracedTensor {
  const { call, units } = step;
  const size = gates * units;
  const kernel = call.weight({
    name: 'recurrent_kernel',
    role: 'weight',
    shape: [units, size],
    stored: [size, units],
    argument: 'recurrent_initializer',
  });
  const operation = { kind: 'linear', inFeatures: units, outFeatures: size } as const;
  return call.add(operation, [hidden], withLast(hidden, size), [kernel], 'recurrent');
}

function recurrentKernel({ call, units }: Step, gates: number): TracedTensor {
  const shape = [units, gates * units];
  return call.parameter({ name: 'recurrent_kernel', role: 'value', shape, argument: 'recurrent_initializer' });
}

/** With one of the two rows of a GRU's bias added. */
function shifted({ call, units }: Step, tensor: TracedTensor, row: number): TracedTensor {
  if (call.flag('use_bias') === false) return tensor;
  const shape = [2, 3 * units];
  const bias = call.parameter({ name: 'bias', role: 'value', shape, argument: 'bias_initializer' });
  const taken = sliceAxis(
    call.session,
    bias,
    0,
    { from: row, to: row + 1, step: 1, drop: true },
    call.site('bias_row'),
  );
  return applyElementwise(call.session, 'add', [tensor, taken], call.site('biased'));
}

function gate({ call, units }: Step, tensor: TracedTensor, index: number): TracedTensor {
  const axis = (tensor.shape?.length ?? 1) - 1;
  const range = { from: index * units, to: (index + 1) * units, step: 1, drop: false };
  return sliceAxis(call.session, tensor, axis, range, call.site('gate'));
}

function activate({ call }: Step, argument: string, tensor: TracedTensor): TracedTensor {
  const value = call.value(argument);
  return value ? applyActivation(call.state, value, tensor, call.site(argument), call.context) : tensor;
}

function sumOf({ call }: Step, tensors: readonly TracedTensor[], part: string): TracedTensor {
  return addSum(
    call.session,
    tensors,
    tensors.map(() => 1),
    call.site(part),
  );
}

function product({ call }: Step, tensors: readonly TracedTensor[], part: string): TracedTensor {
  return call.add({ kind: 'product' }, tensors, tensors[0]?.shape, [], part);
}

function withLast({ shape }: TracedTensor, size: number): TracedTensor['shape'] {
  return shape && [...shape.slice(0, -1), size];
}
