import { none } from '../../python/make';
import { makeNativeClass } from '../../python/nativeClass';
import type { CallContext, ClassValue, NativeFunctionValue, Value } from '../../python/values';
import { countOf, numberOf, shapeValue } from '../tensor/dimValues';
import { drawnDistribution } from '../tensor/drawnDistribution';
import { type IndexReader, indexTensor } from '../tensor/indexing';
import { constantsOf } from '../tensor/picking';
import { permute } from '../tensor/rearranging';
import { addUnknown } from '../tensor/trace';
import { arrayFunctions, arrayMethodNames } from './arrayFunctions';
import {
  type ArrayCall,
  type ArrayFunction,
  ArrayPayload,
  type ArrayRoom,
  knownValues,
  nativeArrayFunction,
  payloadValue,
  shapeOf,
  tensorOf,
} from './arrays';
import { applied, elementwiseFunctions } from './elementwiseFunctions';
import { unfollowed } from './shapeOnlyFunctions';

const operators: Readonly<Record<string, string>> = {
  __add__: 'add',
  __mul__: 'multiply',
  __sub__: 'subtract',
  __truediv__: 'divide',
  __pow__: 'power',
  __matmul__: 'matmul',
  __lt__: 'less',
  __le__: 'less_equal',
  __gt__: 'greater',
  __ge__: 'greater_equal',
  __eq__: 'equal',
  __ne__: 'not_equal',
};

const reflected: Readonly<Record<string, string>> = {
  __radd__: 'add',
  __rmul__: 'multiply',
  __rsub__: 'subtract',
  __rtruediv__: 'divide',
  __rpow__: 'power',
  __rmatmul__: 'matmul',
};

const inPlace: Readonly<Record<string, string>> = { __iadd__: 'add', __isub__: 'subtract' };

/** `W -= rate * gradient`: a step of training, which a network at initialisation has not taken. */
function isTrained({ first, second, session, name }: ArrayCall): boolean {
  const { nodes } = session.tracer;
  const tensor = tensorOf(first);
  const drawn = tensor && drawnDistribution(nodes, tensor.node);
  if (!drawn || numberOf(second) !== undefined) return false;
  return name === 'subtract' || drawn.kind !== 'constant';
}

/** The class of a framework's arrays: NumPy's `ndarray`, Keras's tensors. */
export function createArrayClass(name: string, room: () => ArrayRoom): ClassValue {
  const arrayClass = makeNativeClass(name);
  const { namespace } = arrayClass;
  const native = (method: string, entry: ArrayFunction): NativeFunctionValue =>
    nativeArrayFunction(room, `${name}.${method}`, entry);
  for (const method of arrayMethodNames) {
    const entry = arrayFunctions[method] ?? elementwiseFunctions[method];
    if (entry) namespace.set(method, native(method, entry));
  }
  for (const [method, functionName] of Object.entries(operators)) {
    const entry = elementwiseFunctions[functionName] ?? arrayFunctions[functionName];
    if (entry) namespace.set(method, named(functionName, native(method, entry), room, entry));
  }
  for (const [method, functionName] of Object.entries(reflected)) {
    const entry = elementwiseFunctions[functionName] ?? arrayFunctions[functionName];
    if (entry) namespace.set(method, named(functionName, native(method, entry), room, { ...entry, signature: 'y, x' }));
  }
  for (const [method, functionName] of Object.entries(inPlace)) {
    const entry: ArrayFunction = {
      signature: 'x, y',
      call: (call) => (isTrained(call) ? call.first : elementwiseFunctions[functionName]?.call(call)),
    };
    namespace.set(method, named(functionName, native(method, entry), room, entry));
  }
  const negate: ArrayFunction = { signature: 'x', call: (call) => applied(call, 'negate', [call.first]) };
  const absolute: ArrayFunction = { signature: 'x', call: (call) => applied(call, 'abs', [call.first]) };
  namespace.set('__neg__', named('negative', native('__neg__', negate), room, negate));
  namespace.set('__abs__', named('abs', native('__abs__', absolute), room, absolute));
  namespace.set('__invert__', native('__invert__', { signature: 'x', call: inverted }));
  namespace.set('__pos__', native('__pos__', { signature: 'x', call: (call) => call.first }));
  namespace.set('__getitem__', native('__getitem__', { signature: 'x, index', call: getItem }));
  namespace.set('__setitem__', native('__setitem__', { signature: 'x, index, value', call: setItem }));
  namespace.set('__len__', native('__len__', { signature: 'x', call: length }));
  namespace.set('__iter__', native('__iter__', { signature: 'x', call: elements }));
  const property = (attribute: string, get: (value: Value, context: CallContext) => Value | undefined): void => {
    const entry: ArrayFunction = {
      signature: 'x',
      call: (call) => (call.first ? get(call.first, call.context) : undefined),
    };
    namespace.set(attribute, { kind: 'property', get: native(attribute, entry) });
  };
  property('shape', (value) => shapeValue(shapeOf(value), room().session.tracer.batchSize));
  property('ndim', (value) => {
    const shape = shapeOf(value);
    return shape && { kind: 'int', value: shape.length };
  });
  property('size', (value) => {
    const sizes = shapeOf(value)?.map((dim) => countOf(dim, room().session.tracer.batchSize));
    if (!sizes || sizes.includes(undefined)) return undefined;
    return { kind: 'int', value: sizes.reduce<number>((product, size) => product * (size ?? 1), 1) };
  });
  property('T', (value, context) => {
    const tensor = tensorOf(value);
    const order = Array.from({ length: tensor?.shape?.length ?? 0 }, (_, axis) => axis).reverse();
    if (!tensor) return undefined;
    const site = { trail: context.trail, name: 'transpose' };
    const result = permute(room().session, tensor, order, site);
    return payloadValue(room(), new ArrayPayload(result.shape, () => result));
  });
  if (name.startsWith('jax.')) {
    const updates = updateClass(name, room);
    property('at', (array) => ({
      kind: 'instance',
      class: updates,
      attributes: new Map([['array', array]]),
      made: [],
    }));
  }
  property('dtype', () => ({ kind: 'str', value: 'float32' }));
  return arrayClass;
}

/** `x.at[index].set(y)` of JAX: a new array of the same shape (jax 0.10.2, `numpy/array_methods.py`, `_IndexUpdateRef`). */
function updateClass(name: string, room: () => ArrayRoom): ClassValue {
  const update: ArrayFunction = {
    signature: 'self, values=None, *, indices_are_sorted=False, unique_indices=False, mode=None',
    call: (call) => {
      const self = call.value('self');
      const tensor = tensorOf(self?.kind === 'instance' ? self.attributes.get('array') : undefined);
      if (!tensor) return undefined;
      const reason = 'elements of an array are set';
      return call.result(addUnknown(call.session, reason, [tensor], tensor.shape, call.site));
    },
  };
  const select: ArrayFunction = { signature: 'self, index', call: (call) => call.value('self') };
  return makeNativeClass(`${name}.at`, [], {
    __getitem__: nativeArrayFunction(room, `${name}.at`, select),
    ...Object.fromEntries(
      ['set', 'add', 'subtract', 'multiply', 'divide', 'power', 'min', 'max'].map((method) => [
        method,
        nativeArrayFunction(room, `${name}.at.${method}`, update),
      ]),
    ),
  });
}

/** The node of an operator is named after the function it stands for. */
function named(
  functionName: string,
  method: NativeFunctionValue,
  room: () => ArrayRoom,
  entry: ArrayFunction,
): NativeFunctionValue {
  return { ...method, call: nativeArrayFunction(room, functionName, entry).call };
}

/** `~mask` of a mask whose elements are known; of other numbers it is not followed. */
function inverted(call: ArrayCall): Value | undefined {
  const known = call.tensor && constantsOf(call.session, call.tensor.node);
  const isMask = known?.every((value) => value === 0 || value === 1) === true;
  return isMask ? elementwiseFunctions.logical_not?.call(call) : unfollowed(call, shapeOf(call.first));
}

const indices: IndexReader = {
  tensorOf,
  isMask: () => undefined,
  integersOf: knownIntegers,
  takesIntegersFirst: false,
};

function knownIntegers(value: Value): readonly number[] | undefined {
  const known = knownValues(value);
  return known?.every(Number.isInteger) ? known : undefined;
}

function getItem(call: ArrayCall): Value | undefined {
  const index = call.value('index');
  const known = knownValues(call.first);
  const position = numberOf(index);
  if (known && position !== undefined) {
    const value = known.at(position);
    return value === undefined ? undefined : { kind: 'float', value };
  }
  const { tensor } = call;
  if (!tensor || !index) return undefined;
  return call.result(indexTensor(call.session, tensor, index, indices, call.site));
}

/**
 * `rows[np.arange(n), labels] = 1`: an array of one value is no longer one. What is written to a draw or to a result is a correction of
 * some of its elements, and is left out.
 */
function setItem(call: ArrayCall): Value {
  const { first, tensor, session, site } = call;
  const index = call.value('index');
  const parts = index?.kind === 'tuple' ? index.items : [index];
  const { operation } = session.tracer.nodes[tensor?.node ?? -1] ?? {};
  const isFilled = operation?.kind === 'constant' && operation.value !== undefined;
  if (tensor && first?.kind === 'instance' && isFilled && parts.some((part) => tensorOf(part))) {
    const set = addUnknown(session, 'elements of an array are set', [tensor], tensor.shape, site);
    first.payload = new ArrayPayload(set.shape, () => set);
  }
  return none;
}

function length(call: ArrayCall): Value | undefined {
  const size = shapeOf(call.first)?.[0];
  if (typeof size === 'number') return { kind: 'int', value: size };
  if (!size) return undefined;
  return { kind: 'int', value: size.perBatch * call.session.tracer.batchSize, perBatch: size.perBatch };
}

const mostElements = 128;

/** Numbers of a known array, else the slices along the first axis while they are few. */
function elements(call: ArrayCall): Value | undefined {
  const known = knownValues(call.first);
  if (known) {
    const kind = known.every(Number.isInteger) ? 'int' : 'float';
    return { kind: 'list', items: known.map((value) => ({ kind, value })) };
  }
  const { tensor } = call;
  const count = countOf(tensor?.shape?.[0], call.session.tracer.batchSize);
  if (!tensor || count === undefined || count > mostElements) return undefined;
  const items = Array.from({ length: count }, (_, index) =>
    call.result(indexTensor(call.session, tensor, { kind: 'int', value: index }, indices, call.site)),
  );
  return { kind: 'list', items };
}
