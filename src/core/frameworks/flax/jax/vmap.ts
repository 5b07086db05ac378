import type { TracedTensor } from '../../../network/tracer';
import { makeDict, makeList } from '../../../python/make';
import { makeNative } from '../../../python/nativeClass';
import type { CallArguments, CallContext, NativeFunctionValue, Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { tensorsIn } from '../../numpy/numpy';
import type { FlaxState } from '../flaxState';

/** Deepest nesting of the structures that arrays are looked for in. */
const deepest = 16;

/**
 * `vmap(f, in_axes, out_axes)`: f of each sample, made for all of them together. Where no argument is an array of known rank, or another `vmap`
 * encloses this one, f is called as it is.
 */
export function vmapFunction(state: () => FlaxState, name: string): NativeFunctionValue {
  const mapped = (f: Value, options: CallArguments): Value =>
    makeNative(name, (inner, context) => callForEach(state(), f, inner, options, context));
  return makeNative(name, (options) => {
    const f = options.positional[0] ?? options.named.get('fun') ?? options.named.get('f');
    return f
      ? mapped(f, options)
      : makeNative(name, (given) => mapped(given.positional[0] ?? { kind: 'none' }, options));
  });
}

function callForEach(
  state: FlaxState,
  f: Value,
  { positional, named }: CallArguments,
  options: CallArguments,
  context: CallContext,
): Value {
  const { tracer } = state.session;
  const axes = options.named.get('in_axes') ?? options.positional[1] ?? first;
  const out = options.named.get('out_axes') ?? options.positional[2] ?? first;
  if (!isFirst(axes) || !isFirst(out)) return context.unknown('vmap over other axes than the first is not followed');
  const given = positional.map((value, index) => ({ value, isMapped: isMapped(axes, index) }));
  const mappedTensors = given.filter((entry) => entry.isMapped).flatMap(({ value }) => tensorsIn(value));
  const count = mappedTensors[0]?.shape?.[0];
  const isFollowed = mappedTensors.length > 0 && mappedTensors.every(({ shape }) => shape && shape.length > 0);
  if (!isFollowed || tracer.isForEach) return context.call(f, positional, named);
  return tracer.forEach(count, () => {
    const oneOf = (value: Value) => changed(state, value, (tensor) => tracer.oneOf(tensor), 0);
    const result = context.call(
      f,
      given.map((entry) => (entry.isMapped ? oneOf(entry.value) : entry.value)),
      new Map([...named].map(([key, value]) => [key, oneOf(value)])),
    );
    return changed(state, result, (tensor) => tracer.allOf(tensor), 0);
  });
}

const first: Value = { kind: 'int', value: 0 };

/** True of 0, of `None` and of structures of both. */
function isFirst(axes: Value): boolean {
  if (axes.kind === 'tuple' || axes.kind === 'list') return axes.items.every(isFirst);
  if (axes.kind === 'dict') return [...axes.entries.values()].every(({ value }) => isFirst(value));
  return axes.kind === 'none' || (axes.kind === 'int' && axes.value === 0);
}

/** `in_axes`: one for all arguments or one each; `None` is not mapped. */
function isMapped(axes: Value, index: number): boolean {
  const own = axes.kind === 'tuple' || axes.kind === 'list' ? axes.items[index] : axes;
  return own !== undefined && own.kind !== 'none';
}

/** The same structure with its arrays changed. */
function changed(state: FlaxState, value: Value, change: (tensor: TracedTensor) => TracedTensor, depth: number): Value {
  const tensor = tensorOf(value);
  if (tensor) return state.tensorValue(change(tensor));
  if (depth > deepest) return value;
  const within = (item: Value) => changed(state, item, change, depth + 1);
  if (value.kind === 'tuple') return { ...value, items: value.items.map(within) };
  if (value.kind === 'list') return makeList([...value.items].map(within));
  if (value.kind !== 'dict') return value;
  return makeDict([...value.entries.values()].map((entry) => [entry.key, within(entry.value)] as const));
}
