import { mostConstants } from '../../network/constantValues';
import { type constant, normal, truncatedNormal, uniform, unknownDistribution } from '../../network/initialisers';
import type { Dim, Operation } from '../../network/network';
import type { Value } from '../../python/values';
import { numberOf } from '../tensor/dimValues';
import { triangleValues } from '../tensor/triangle';
import { sourceNode } from './arrayFunctions';
import { type ArrayCall, type ArrayFunctions, ArrayPayload, knownValues, payloadValue, shapeOf } from './arrays';

/** Longest array whose elements are kept. */
const maxKnown = 4096;

/** Arrays made from nothing. */
export const creationFunctions: ArrayFunctions = {
  array: { signature: 'x, dtype=None', call: fromSequence },
  constant: { signature: 'x, dtype=None, shape=None', call: fromSequence },
  asarray: { signature: 'x, dtype=None', call: fromSequence },
  convert_to_tensor: { signature: 'x, dtype=None', call: fromSequence },
  linspace: {
    signature: 'start, stop, num=50, endpoint=True',
    call: (call) => {
      const start = call.number('start');
      const stop = call.number('stop');
      const count = call.number('num');
      if (start === undefined || stop === undefined || count === undefined) return filled(call, undefined, [undefined]);
      const parts = call.flag('endpoint') ? count - 1 : count;
      return ofValues(call, count, (index) => (parts > 0 ? start + ((stop - start) * index) / parts : start));
    },
  },
  arange: {
    signature: 'start, stop=None, step=1',
    call: (call) => {
      const first = call.number('start');
      const second = call.number('stop');
      const step = call.number('step');
      if (first === undefined || step === undefined || step === 0) return filled(call, undefined, [undefined]);
      const [start, stop] = second === undefined ? [0, first] : [first, second];
      return ofValues(call, Math.max(0, Math.ceil((stop - start) / step - 1e-9)), (index) => start + index * step);
    },
  },
  zeros: { signature: 'shape, dtype=None', call: (call) => filled(call, 0, call.sizes('shape')) },
  ones: { signature: 'shape, dtype=None', call: (call) => filled(call, 1, call.sizes('shape')) },
  empty: { signature: 'shape, dtype=None', call: (call) => filled(call, undefined, call.sizes('shape')) },
  full: {
    signature: 'shape, fill_value, dtype=None',
    call: (call) => filled(call, call.number('fill_value'), call.sizes('shape')),
  },
  fill: { signature: 'dims, value', call: (call) => filled(call, call.number('value'), call.sizes('dims')) },
  zeros_like: { signature: 'x, dtype=None', call: (call) => filled(call, 0, shapeOf(call.first)) },
  eye: { signature: 'N, M=None', call: eye },
  tri: { signature: 'N, M=None, k=0', call: ofOnesBelow },
  identity: { signature: 'N, M=None', call: eye },
  ones_like: { signature: 'x, dtype=None', call: (call) => filled(call, 1, shapeOf(call.first)) },
  full_like: {
    signature: 'x, fill_value, dtype=None',
    call: (call) => filled(call, call.number('fill_value'), shapeOf(call.first)),
  },
};

/** `np.random`. */
export const randomFunctions: ArrayFunctions = {
  randn: { signature: '*size', call: (call) => drawn(call, normal(0, 1), call.sizes('size')) },
  standard_normal: { signature: 'size=()', call: (call) => drawn(call, normal(0, 1), call.sizes('size')) },
  normal: {
    signature: 'loc=0.0, scale=1.0, size=()',
    call: (call) => drawnWith(call, ['loc', 'scale'], normal, call.sizes('size')),
  },
  uniform: {
    signature: 'low=0.0, high=1.0, size=()',
    call: (call) => drawnWith(call, ['low', 'high'], uniform, call.sizes('size')),
  },
  rand: { signature: '*size', call: (call) => drawn(call, uniform(0, 1), call.sizes('size')) },
  random: { signature: 'size=()', call: (call) => drawn(call, uniform(0, 1), call.sizes('size')) },
  random_sample: { signature: 'size=()', call: (call) => drawn(call, uniform(0, 1), call.sizes('size')) },
  randint: { signature: 'low, high=None, size=(), dtype=None', call: integers },
  integers: { signature: 'low, high=None, size=(), dtype=None', call: integers },
  permutation: { signature: 'x', call: permuted },
  shuffle: { signature: 'x', call: shuffled },
  choice: { signature: 'x, size=(), replace=True, p=None', call: chosen },
  seed: { signature: 'seed=None', call: () => ({ kind: 'none' }) },
};

/** `tf.random` and `keras.random`. */
export const tensorRandomFunctions: ArrayFunctions = {
  normal: {
    signature: 'shape, mean=0.0, stddev=1.0, dtype=None, seed=None',
    call: (call) => drawnWith(call, ['mean', 'stddev'], normal, call.sizes('shape')),
  },
  truncated_normal: {
    signature: 'shape, mean=0.0, stddev=1.0, dtype=None, seed=None',
    call: (call) =>
      drawnWith(
        call,
        ['mean', 'stddev'],
        (mean, std) => truncatedNormal(mean, std, mean - 2 * std, mean + 2 * std),
        call.sizes('shape'),
      ),
  },
  uniform: {
    signature: 'shape, minval=0, maxval=1, dtype=None, seed=None',
    call: (call) => drawnWith(call, ['minval', 'maxval'], uniform, call.sizes('shape')),
  },
  set_seed: { signature: 'seed', call: () => ({ kind: 'none' }) },
};

function fromSequence(call: ArrayCall): Value | undefined {
  const { first } = call;
  if (first?.kind === 'instance' || first?.kind === 'unknown') return first;
  const single = numberOf(first);
  if (single !== undefined) return filled(call, single, []);
  const shape = nestedShape(first, call);
  if (!shape) return undefined;
  const items = shape.length === 1 ? first && call.context.iterate(first)?.map(numberOf) : undefined;
  if (items?.every((item) => item !== undefined)) return ofValues(call, items.length, (index) => items[index] ?? 0);
  const numbers: number[] = [];
  const isTable = first !== undefined && collectNumbers(first, shape, numbers, call);
  if (!isTable) return filled(call, undefined, shape);
  return payloadValue(call.room, new ArrayPayload(shape, sourceNode(call, constantOf(numbers), shape)));
}

/** The numbers of nested sequences in order; false where one is not known, they are too many, or the rows differ in length. */
function collectNumbers(value: Value, sizes: readonly Dim[], numbers: number[], call: ArrayCall): boolean {
  const [size, ...inner] = sizes;
  const number = numberOf(value);
  if (size === undefined || number !== undefined) {
    if (number !== undefined) numbers.push(number);
    return sizes.length === 0 && number !== undefined && numbers.length <= maxKnown;
  }
  const items = value.kind === 'instance' ? undefined : call.context.iterate(value);
  return items?.length === size && items.every((item) => collectNumbers(item, inner, numbers, call));
}

/** Sizes of nested sequences, from the first element of each. */
function nestedShape(value: Value | undefined, call: ArrayCall): readonly Dim[] | undefined {
  const sizes: Dim[] = [];
  let current = value;
  while (current && (current.kind === 'list' || current.kind === 'tuple' || current.kind === 'range')) {
    const items = call.context.iterate(current);
    if (!items || sizes.length > 8) return undefined;
    sizes.push(items.length);
    current = items[0];
  }
  if (current?.kind === 'instance') {
    const inner = shapeOf(current);
    return inner && [...sizes, ...inner];
  }
  return sizes.length > 0 ? sizes : undefined;
}

function ofValues(call: ArrayCall, count: number, valueAt: (index: number) => number): Value | undefined {
  if (!Number.isInteger(count) || count < 0) return undefined;
  const values = count <= maxKnown ? Array.from({ length: count }, (_, index) => valueAt(index)) : undefined;
  const operation = constantOf(values);
  return payloadValue(call.room, new ArrayPayload([count], sourceNode(call, operation, [count]), values));
}

function constantOf(values: readonly number[] | undefined): Operation {
  const isSame = values?.every((value) => value === values[0]) ?? false;
  return { kind: 'constant', value: isSame ? values?.[0] : undefined, ...(values && !isSame && { values }) };
}

function filled(call: ArrayCall, value: number | undefined, shape: readonly Dim[] | undefined): Value | undefined {
  if (!shape) return undefined;
  return payloadValue(call.room, new ArrayPayload(shape, sourceNode(call, { kind: 'constant', value }, shape)));
}

function eye(call: ArrayCall): Value | undefined {
  const [rows, columns] = [call.number('N'), call.number('M')];
  return rows === undefined ? undefined : drawn(call, { kind: 'identity', gain: 1 }, [rows, columns ?? rows]);
}

function ofOnesBelow(call: ArrayCall): Value | undefined {
  const [rows, diagonal] = [call.number('N'), call.number('k')];
  const columns = call.number('M') ?? rows;
  if (rows === undefined || columns === undefined || diagonal === undefined) return undefined;
  if (!(rows * columns <= mostConstants)) return filled(call, undefined, [rows, columns]);
  const values = triangleValues('lower', rows, columns, diagonal);
  const operation: Operation = { kind: 'constant', value: undefined, values };
  const shape = [rows, columns];
  return payloadValue(call.room, new ArrayPayload(shape, sourceNode(call, operation, shape)));
}

/** An array of random numbers; without a distribution it is not known what they are drawn from. */
export function drawn(
  call: ArrayCall,
  known: Extract<Operation, { kind: 'random' }>['distribution'] | undefined,
  shape: readonly Dim[] | undefined,
): Value | undefined {
  if (!shape) return undefined;
  const distribution = known ?? unknownDistribution('the parameters of the draw are not known');
  return payloadValue(call.room, new ArrayPayload(shape, sourceNode(call, { kind: 'random', distribution }, shape)));
}

function drawnWith(
  call: ArrayCall,
  names: readonly [string, string],
  distribution: (first: number, second: number) => ReturnType<typeof constant>,
  shape: readonly Dim[] | undefined,
): Value | undefined {
  const first = call.number(names[0]);
  const second = call.number(names[1]);
  const isKnown = first !== undefined && second !== undefined;
  return drawn(call, isKnown ? distribution(first, second) : undefined, shape);
}

/** One of the orders that may come out, evenly spread; of an array whose samples are all alike the order does not matter. */
function permuted(call: ArrayCall): Value | undefined {
  const count = call.number('x');
  if (count === undefined) return withValues(call, knownValues(call.first)) ?? call.first;
  const inOrder = Array.from({ length: Math.min(count, maxKnown) }, (_, index) => index);
  return count <= maxKnown ? withValues(call, inOrder) : drawn(call, { kind: 'integers', below: count }, [count]);
}

function withValues(call: ArrayCall, values: readonly number[] | undefined): Value | undefined {
  if (!values) return undefined;
  const order = spreadOrder(values.length);
  return ofValues(call, values.length, (index) => values[order[index] ?? 0] ?? 0);
}

/** Multiples of a step near the golden section of the count that has no divisor in common with it. */
function spreadOrder(count: number): readonly number[] {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let step = Math.max(1, Math.round(count * ((Math.sqrt(5) - 1) / 2)));
  while (divisor(count, step) > 1) step++;
  return Array.from({ length: count }, (_, index) => (index * step) % count);
}

function shuffled(call: ArrayCall): Value {
  const { first } = call;
  const other = withValues(call, knownValues(first));
  if (first?.kind === 'instance' && other?.kind === 'instance') first.payload = other.payload;
  return { kind: 'none' };
}

function chosen(call: ArrayCall): Value | undefined {
  const count = call.number('x') ?? shapeOf(call.first)?.[0];
  const below = typeof count === 'number' ? count : Number.NaN;
  const places = drawn(call, { kind: 'integers', below }, call.sizes('size'));
  const isOfArray = call.first?.kind === 'instance';
  return isOfArray && places ? call.context.getItem(call.first, places) : places;
}

function integers(call: ArrayCall): Value | undefined {
  const below = call.number('high') ?? call.number('low');
  return drawn(call, { kind: 'integers', below: below ?? Number.NaN }, call.sizes('size'));
}
