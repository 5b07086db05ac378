import { makeStr } from '../../python/make';
import { makeNative, makeNativeClass } from '../../python/nativeClass';
import type { ClassValue, InstanceValue, ModuleValue, NativeFunctionValue, Value } from '../../python/values';
import { floatLimits } from '../floatLimits';
import type { Framework, OpenFramework, TraceSession } from '../framework';
import { createArrayClass } from './arrayClass';
import { arrayFunctions } from './arrayFunctions';
import { type ArrayFunctions, type ArrayRoom, arrayValue, nativeArrayFunction, tensorOf } from './arrays';
import { creationFunctions, randomFunctions } from './creation';
import { elementwiseFunctions } from './elementwiseFunctions';
import { softmaxFunctions } from './softmax';
import { windowFunctions } from './windowFunctions';

/** NumPy and `scipy.special`: arrays traced as tensors, so that textbook activations are read. It has no models. */
export const numpy: Framework = {
  id: 'numpy',
  importRoots: ['numpy', 'scipy'],
  open: openNumpy,
};

function openNumpy(session: TraceSession): OpenFramework {
  const arrayClass: ClassValue = createArrayClass('numpy.ndarray', () => room);
  const roomFor = (of: TraceSession): ArrayRoom => ({ session: of, arrayClass, takesUnknownData: true });
  let room = roomFor(session);
  const modules = modulesOf(() => room, arrayClass);
  return {
    reopen: (another) => {
      room = roomFor(another);
    },
    module: (name) => modules.get(name),
    isModelClass: () => false,
    isModel: (_value): _value is InstanceValue => false,
    tensorValue: (tensor) => arrayValue(room, tensor),
    tensorsIn: (value) => tensorsIn(value),
    parametersOf: () => [],
    declaredInputShapes: () => undefined,
    forwardParameters: () => [],
    apply: (_model, _inputs, context) => context.unknown('NumPy has no models'),
  };
}

/** Deepest nesting of lists in which tensors are looked for; a list may hold itself. */
const deepestNesting = 16;

/** Tensors inside a result: a tensor, or those of a tuple, list or mapping, in order. */
export function tensorsIn(value: Value, depth = 0): ReturnType<OpenFramework['tensorsIn']> {
  const tensor = tensorOf(value);
  if (tensor) return [tensor];
  if (depth > deepestNesting) return [];
  const within = (item: Value) => tensorsIn(item, depth + 1);
  if (value.kind === 'tuple' || value.kind === 'list') return value.items.flatMap(within);
  if (value.kind === 'dict') return [...value.entries.values()].flatMap((entry) => within(entry.value));
  return [];
}

function modulesOf(room: () => ArrayRoom, arrayClass: ClassValue): ReadonlyMap<string, ModuleValue> {
  const modules = new Map<string, ModuleValue>();
  const add = (name: string, functions: ArrayFunctions, others: Readonly<Record<string, Value>> = {}): void => {
    const members = new Map(Object.entries(others));
    members.set('__all__', { kind: 'list', items: [...Object.keys(functions), ...members.keys()].map(makeStr) });
    modules.set(name, {
      kind: 'module',
      name,
      lookup: (member) => {
        const known = members.get(member) ?? modules.get(`${name}.${member}`);
        const entry = Object.hasOwn(functions, member) ? functions[member] : undefined;
        if (known || !entry) return known;
        const made = nativeArrayFunction(room, `${name}.${member}`, entry);
        members.set(member, made);
        return made;
      },
    });
  };
  const generator = generatorClass(room);
  const functions = { ...arrayFunctions, ...elementwiseFunctions, ...creationFunctions };
  add('numpy', functions, {
    pi: { kind: 'float', value: Math.PI },
    e: { kind: 'float', value: Math.E },
    inf: { kind: 'float', value: Number.POSITIVE_INFINITY },
    nan: { kind: 'float', value: Number.NaN },
    newaxis: { kind: 'none' },
    finfo: floatLimits('numpy'),
    ndarray: arrayClass,
    ...Object.fromEntries(
      ['float16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'uint8', 'bool_'].map((name) => [
        name,
        { kind: 'str', value: name } as const,
      ]),
    ),
  });
  add('numpy.random', randomFunctions, {
    default_rng: makeNative('numpy.random.default_rng', () => ({
      kind: 'instance',
      class: generator,
      attributes: new Map(),
      made: [],
    })),
    RandomState: generator,
  });
  add('numpy.linalg', arrayFunctions);
  add('numpy.lib', {});
  add('numpy.lib.stride_tricks', windowFunctions);
  add('scipy', {});
  add('scipy.special', { ...elementwiseFunctions, ...softmaxFunctions });
  return modules;
}

/** `default_rng()`: the drawing functions as methods. */
function generatorClass(room: () => ArrayRoom): ClassValue {
  const namespace = new Map<string, Value>();
  for (const [name, entry] of Object.entries(randomFunctions)) {
    const drawing = nativeArrayFunction(room, `numpy.random.${name}`, entry);
    const method: NativeFunctionValue = makeNative(drawing.name, (args, context) =>
      drawing.call(
        { ...args, positional: args.positional.slice(1), positionalSpans: args.positionalSpans.slice(1) },
        context,
      ),
    );
    namespace.set(name, method);
  }
  return makeNativeClass('numpy.random.Generator', [], namespace);
}
