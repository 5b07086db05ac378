import type { TracedTensor } from '../../../network/tracer';
import { makeStr } from '../../../python/make';
import { makeNative } from '../../../python/nativeClass';
import type { Value } from '../../../python/values';
import { floatLimits } from '../../floatLimits';
import { arrayFunctions } from '../../numpy/arrayFunctions';
import { type ArrayFunction, type ArrayFunctions, nativeArrayFunction, tensorOf } from '../../numpy/arrays';
import { creationFunctions } from '../../numpy/creation';
import { applied, elementwiseFunctions } from '../../numpy/elementwiseFunctions';
import { softmaxFunctions } from '../../numpy/softmax';
import { einsumTensors } from '../../tensor/einsum';
import { addUnknown } from '../../tensor/trace';
import { inertValue } from '../../torch/inert';
import type { FlaxClasses, FlaxState } from '../flaxState';
import { attentionFunction } from '../layers/attentionFunction';
import { inActivations, inert, inFunctions, inMembers, type Lookup, passed, returning } from '../lookups';
import { laxMember } from './lax';
import { randomMember } from './random';
import { passingTransform, transformMember } from './transforms';
import { treeMember } from './trees';

type AddModule = (name: string, ...lookups: readonly Lookup[]) => void;

/** The modules of jax 0.10.2 that models are written with; arrays behave as NumPy's. */
export function addJaxModules(
  state: () => FlaxState,
  classes: FlaxClasses,
  add: AddModule,
  initialisers: ReadonlyMap<string, Value>,
): void {
  const functions: ArrayFunctions = { ...arrayFunctions, ...elementwiseFunctions, ...creationFunctions };
  add(
    'jax.numpy',
    inActivations(state, 'jax.numpy'),
    inFunctions(state, 'jax.numpy', functions),
    inMembers(numpyMembers(state, classes)),
  );
  add('jax.numpy.linalg', inFunctions(state, 'jax.numpy.linalg', arrayFunctions));
  const nnMembers = new Map<string, Value>([
    ['one_hot', oneHot(state)],
    ['dot_product_attention', attentionFunction(state, 'jax.nn')],
  ]);
  add('jax.nn', inActivations(state, 'jax.nn'), inMembers(nnMembers), inFunctions(state, 'jax.nn', softmaxFunctions));
  add('jax.nn.initializers', inMembers(initialisers));
  add('jax.random', (name) => randomMember(state, name));
  add(
    'jax.lax',
    (name) => laxMember(state, name),
    inActivations(state, 'jax.lax'),
    inFunctions(state, 'jax.lax', { ...functions, select }),
  );
  add('jax.tree', treeMember);
  add('jax.tree_util', treeMember, (name) =>
    name === 'Partial' ? passingTransform('jax.tree_util.Partial') : undefined,
  );
  add('jax.scipy');
  add(
    'jax.scipy.special',
    inActivations(state, 'jax.scipy.special'),
    inFunctions(state, 'jax.scipy.special', { ...elementwiseFunctions, ...softmaxFunctions }),
  );
  add('jax.experimental', () => inertValue());
  add(
    'jax',
    (name) => transformMember(state, 'jax', name),
    (name) => (name.startsWith('tree_') ? treeMember(name) : undefined),
    inMembers(jaxMembers(classes)),
  );
}

const select: ArrayFunction = {
  signature: 'pred, on_true, on_false',
  call: (call) => applied(call, 'where', [call.value('pred'), call.value('on_true'), call.value('on_false')]),
};

function jaxMembers(classes: FlaxClasses): ReadonlyMap<string, Value> {
  return new Map<string, Value>([
    ['Array', classes.array],
    ...['device_put', 'device_get', 'block_until_ready'].map((name) => passed('jax', name)),
    inert('jax', 'devices'),
    returning('jax', 'local_device_count', { kind: 'int', value: 1 }),
    returning('jax', 'device_count', { kind: 'int', value: 1 }),
    returning('jax', 'process_index', { kind: 'int', value: 0 }),
    ['config', inertValue()],
    ['debug', inertValue()],
    ['typing', inertValue()],
  ]);
}

function numpyMembers(state: () => FlaxState, classes: FlaxClasses): ReadonlyMap<string, Value> {
  const types = ['float16', 'bfloat16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'uint8', 'bool_'];
  return new Map<string, Value>([
    ...types.map((name): [string, Value] => [name, makeStr(name)]),
    ['dtype', inertValue()],
    ['pi', { kind: 'float', value: Math.PI }],
    ['e', { kind: 'float', value: Math.E }],
    ['inf', { kind: 'float', value: Number.POSITIVE_INFINITY }],
    ['newaxis', { kind: 'none' }],
    ['finfo', floatLimits('jax.numpy')],
    ['ndarray', classes.array],
    ['einsum', einsum(state)],
  ]);
}

/** `jax.nn.one_hot(x, n)`: rows of which one element is one. */
function oneHot(state: () => FlaxState): Value {
  return nativeArrayFunction(state, 'jax.nn.one_hot', {
    signature: 'x, num_classes, dtype=None, axis=-1',
    call: (call) => {
      const { tensor } = call;
      const count = call.number('num_classes');
      if (!tensor?.shape || count === undefined) return undefined;
      const shape = [...tensor.shape, count];
      return call.result(addUnknown(call.session, 'one-hot rows are not followed', [tensor], shape, call.site));
    },
  });
}

function einsum(state: () => FlaxState): Value {
  return makeNative('jax.numpy.einsum', (args, context) => {
    const [equation, ...operands] = args.positional;
    const tensors = operands.map(tensorOf).filter((tensor) => tensor !== undefined);
    if (equation?.kind !== 'str' || tensors.length < operands.length) {
      const unknown = operands.find((operand) => operand.kind === 'unknown');
      return unknown ?? context.unknown('the operands of einsum are not known');
    }
    const site = { trail: context.trail, name: 'einsum' };
    const answer = einsumTensors(state().session, equation.value, tensors, site);
    const reason = `einsum('${equation.value}') is not followed`;
    const result: TracedTensor = answer?.tensor ?? addUnknown(state().session, reason, tensors, answer?.shape, site);
    return state().tensorValue(result);
  });
}
