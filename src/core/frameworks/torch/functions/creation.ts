import { mostConstants } from '../../../network/constantValues';
import { constant, normal, ones, uniform, unknownDistribution, zeros } from '../../../network/initialisers';
import type { Dim, Distribution, Shape } from '../../../network/network';
import { broadcastShapes, elementCount } from '../../../network/shapes';
import { makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { countOf, dimOf, numberOf } from '../../tensor/dimValues';
import { addNode } from '../../tensor/trace';
import type { NativeFunction, TorchCall } from '../call';
import { constantTensor } from './arithmetic';
import { several } from './shapeRule';

const tail = 'out=None, dtype=None, layout=None, device=None, requires_grad=False';
/** Longer constants are kept without their elements. */
const mostValues = 4096;
const mostListed = 1 << 16;

const uninitialised: Distribution = { kind: 'unknown', reason: 'the elements are not initialised' };

/** Functions of `torch` that make tensors. */
export const creationFunctions: readonly NativeFunction[] = [
  ...['zeros', 'ones'].map((name) =>
    creation(name, `*size, ${tail}`, (call) => {
      const shape = call.sizes('size');
      return shape && filled(call, shape, name === 'ones' ? 1 : 0);
    }),
  ),
  creation('empty', `*size, ${tail}`, (call) => random(call, call.sizes('size'), uninitialised)),
  ...['empty_strided', 'empty_permuted'].map((name) =>
    creation(name, `size, *rest, ${tail}`, (call) => random(call, call.sizes('size'), uninitialised)),
  ),
  creation('empty_like', 'input, dtype=None', (call) => random(call, call.payload('input')?.shape, uninitialised)),
  ...['zeros_like', 'ones_like'].map((name) =>
    creation(name, 'input, dtype=None', (call) => {
      const shape = call.payload('input')?.shape;
      return call.payload('input') && filled(call, shape, name === 'ones_like' ? 1 : 0);
    }),
  ),
  creation('full', `size, fill_value, ${tail}`, (call) => filled(call, call.sizes('size'), call.number('fill_value'))),
  creation('full_like', 'input, fill_value, dtype=None', (call) =>
    filled(call, call.payload('input')?.shape, call.number('fill_value')),
  ),
  creation('randn', `*size, generator=None, ${tail}`, (call) => random(call, call.sizes('size'), normal(0, 1))),
  creation('rand', `*size, generator=None, ${tail}`, (call) => random(call, call.sizes('size'), uniform(0, 1))),
  creation('randn_like', 'input, dtype=None', (call) => random(call, call.payload('input')?.shape, normal(0, 1))),
  creation('rand_like', 'input, dtype=None', (call) => random(call, call.payload('input')?.shape, uniform(0, 1))),
  creation('normal', `mean=0.0, std=1.0, size=None, generator=None, ${tail}`, (call) => {
    const mean = call.number('mean');
    const std = call.number('std');
    if (mean !== undefined && std !== undefined) return random(call, call.sizes('size'), normal(mean, std));
    const { shape } = broadcastShapes(call.tensors().map((payload) => payload.shape));
    return call.tensors().length > 0
      ? random(call, shape, unknownDistribution('mean or spread are tensors'))
      : undefined;
  }),
  creation('randint', `*args, low=0, high=None, size=None, generator=None, ${tail}`, (call) => {
    const { rest } = call.args;
    const sizeAt = rest.findIndex((value) => value.kind === 'tuple' || value.kind === 'list');
    const bounds = (sizeAt < 0 ? rest : rest.slice(0, sizeAt)).map(numberOf);
    const below = bounds[1] ?? bounds[0] ?? call.int('high');
    const size = sizeAt < 0 ? call.value('size') : rest[sizeAt];
    const shape = size && (size.kind === 'tuple' || size.kind === 'list') ? size.items.map(dimOf) : undefined;
    return integers(call, shape, below);
  }),
  creation('randint_like', 'input, low=0, high=None', (call) =>
    integers(call, call.payload('input')?.shape, call.int('high') ?? call.int('low')),
  ),
  creation('randperm', `n, generator=None, ${tail}`, (call) => integers(call, [call.dim('n')], call.int('n'))),
  creation('bernoulli', 'input, p=None, generator=None', (call) =>
    random(call, call.payload('input')?.shape, uniform(0, 1)),
  ),
  creation('arange', `*args, start=None, end=None, step=None, ${tail}`, arange),
  creation('linspace', `start, end, steps, ${tail}`, (call) => {
    const start = call.number('start');
    const end = call.number('end');
    const steps = call.int('steps');
    if (start === undefined || end === undefined || steps === undefined) return undefined;
    const gap = steps > 1 ? (end - start) / (steps - 1) : 0;
    return listed(call, [steps], (index) => start + index * gap);
  }),
  creation('eye', `n, m=None, ${tail}`, (call) => {
    const rows = call.dim('n');
    const shape = [rows, call.has('m') ? call.dim('m') : rows];
    const facts = { isConstant: true, distribution: { kind: 'identity', gain: 1 } } as const;
    const { session, batchSize } = call.state;
    const site = call.site();
    const [height, width] = shape.map((size) => countOf(size, batchSize));
    const elements = () => {
      if (height === undefined || width === undefined || height * width > mostConstants) return {};
      const isOnDiagonal = (at: number) => Math.floor(at / width) === at % width;
      return { values: Array.from({ length: height * width }, (_, at) => Number(isOnDiagonal(at))) };
    };
    const make = () => addNode(session, { kind: 'constant', value: undefined, ...elements() }, [], shape, site);
    return call.state.lazyTensor(shape, make, facts);
  }),
  ...[
    'tensor',
    'as_tensor',
    'asarray',
    'from_numpy',
    'FloatTensor',
    'LongTensor',
    'DoubleTensor',
    'IntTensor',
    'BoolTensor',
    'ByteTensor',
    'CharTensor',
    'ShortTensor',
    'HalfTensor',
    'BFloat16Tensor',
    'scalar_tensor',
  ].map((name) => creation(name, '*data, dtype=None, device=None, requires_grad=False', literal)),
  creation('meshgrid', '*tensors, indexing=None', meshgrid),
];

/** A tensor of one value everywhere. */
export function filled(call: TorchCall, shape: Shape, value: number | undefined): Value {
  const site = call.site();
  const { state } = call;
  const distribution = value === undefined ? undefined : value === 0 ? zeros : value === 1 ? ones : constant(value);
  const count = elementCount(shape);
  const values =
    value !== undefined && typeof count === 'number' && count <= mostValues
      ? new Array<number>(count).fill(value)
      : undefined;
  return state.lazyTensor(
    shape,
    () => addNode(state.session, { kind: 'constant', value }, [], shape, site),
    { isConstant: true, ...(distribution && { distribution }), ...(values && { values }) },
    call.context.trail,
  );
}

/** Drawn afresh. */
export function random(call: TorchCall, shape: Shape, distribution: Distribution): Value | undefined {
  if (!shape && !call.payload('input')) return undefined;
  const site = call.site();
  const { state } = call;
  return state.lazyTensor(
    shape,
    () => addNode(state.session, { kind: 'random', distribution }, [], shape, site),
    { distribution },
    call.context.trail,
  );
}

function integers(call: TorchCall, shape: Shape, below: number | undefined): Value | undefined {
  if (below === undefined) return undefined;
  const site = call.site();
  const { state } = call;
  return state.lazyTensor(
    shape,
    () => addNode(state.session, { kind: 'random', distribution: { kind: 'integers', below } }, [], shape, site),
    { isInteger: true },
    call.context.trail,
  );
}

function arange(call: TorchCall): Value | undefined {
  const values = call.args.rest;
  const [first, second, third] = values.map(numberOf);
  const start = values.length > 1 ? first : (call.number('start') ?? 0);
  const end = values.length > 1 ? second : values.length === 1 ? first : call.number('end');
  const step = third ?? call.number('step') ?? 1;
  if (start === undefined || end === undefined || step === 0)
    return call.unknown('the bounds of torch.arange are not known', [undefined]);
  const endValue = values.length > 1 ? values[1] : (values[0] ?? call.value('end'));
  const count = Math.max(0, Math.ceil((end - start) / step));
  const isBatch = start === 0 && step === 1 && endValue?.kind === 'int' && endValue.perBatch !== undefined;
  const size: Dim = isBatch && endValue.kind === 'int' ? { perBatch: endValue.perBatch ?? 1 } : count;
  const written = [...values, ...['start', 'end', 'step'].map((name) => call.value(name))];
  const isInteger = isOfIntegers(
    call,
    written.every((value) => value === undefined || value.kind !== 'float'),
  );
  return listed(call, [size], (index) => start + index * step, count, isInteger);
}

function listed(
  call: TorchCall,
  shape: Shape,
  at: (index: number) => number,
  length?: number,
  isInteger = false,
): Value {
  const count = length ?? elementCount(shape);
  const values =
    typeof count === 'number' && count <= mostListed
      ? Array.from({ length: count }, (_, index) => at(index))
      : undefined;
  return constantTensor(call.state, shape, values, call.site(), { isInteger });
}

/** `torch.tensor([[1, 2], [3, 4]])`; `torch.Tensor(2, 3)` is uninitialised. */
export function literal(call: TorchCall): Value | undefined {
  const { rest } = call.args;
  const data = rest[0] ?? call.value('data');
  if (!data) return undefined;
  const payload = call.state.payloadOf(data);
  if (payload) return payload.facts.parameter === undefined ? data : call.state.tensorValue(payload.tensor);
  const isLegacy = call.name.endsWith('Tensor');
  if (isLegacy && rest.every((value) => value.kind === 'int')) {
    const distribution: Distribution = { kind: 'unknown', reason: `${call.name} of sizes is not initialised` };
    return random(call, rest.map(dimOf), distribution);
  }
  const values: number[] = [];
  const isInteger = !isLegacy && isOfIntegers(call, holdsIntegers(data));
  const shape = nestedShape(data, values);
  if (!shape) return data.kind === 'unknown' ? data : call.unknown('the elements of a tensor are not known');
  return constantTensor(call.state, shape, values.length <= mostValues ? values : undefined, call.site(), {
    isInteger,
  });
}

const integerTypes = ['int', 'int8', 'int16', 'int32', 'int64', 'long', 'short', 'uint8'];

/** By the type that is asked for, else by the numbers that are given. */
function isOfIntegers(call: TorchCall, givenAre: boolean): boolean {
  if (!call.has('dtype')) return givenAre;
  const type = call.value('dtype');
  return integerTypes.some((name) => call.state.torchFunction(name) === type);
}

function holdsIntegers(value: Value): boolean {
  if (value.kind === 'list' || value.kind === 'tuple') return value.items.every(holdsIntegers);
  return value.kind === 'int';
}

function nestedShape(value: Value, values: number[]): number[] | undefined {
  const number = numberOf(value);
  if (number !== undefined) {
    values.push(number);
    return [];
  }
  if (value.kind !== 'list' && value.kind !== 'tuple') return undefined;
  let inner: number[] | undefined = [];
  for (const item of value.items) {
    inner = nestedShape(item, values);
    if (!inner) return undefined;
  }
  return [value.items.length, ...inner];
}

/** Matrices, or higher arrays, of every combination; `ij` is PyTorch's default. */
function meshgrid(call: TorchCall): Value | undefined {
  const [only] = call.args.rest;
  const isList = call.args.rest.length === 1 && (only?.kind === 'list' || only?.kind === 'tuple');
  const payloads = (isList ? only.items : call.args.rest).map((value) => call.state.payloadOf(value));
  const sizes = payloads.map((payload) => payload?.shape?.[0]);
  const isPlain = payloads.every((payload) => payload?.facts.isConstant && payload.shape?.length === 1);
  if (payloads.length === 0) return undefined;
  const isTransposed = call.text('indexing') === 'xy' && sizes.length > 1;
  const swap = <T>([first, second, ...rest]: readonly T[]): readonly (T | undefined)[] => [second, first, ...rest];
  const shape = isTransposed ? swap(sizes) : sizes;
  if (!isPlain)
    return several(
      call.with(new Map([['grid', makeTuple(call.args.rest)]])),
      sizes.map(() => [shape, 'reals']),
    );
  const count = elementCount(shape);
  const grids = payloads.map((payload, index) => {
    const axis = isTransposed && index < 2 ? 1 - index : index;
    const inner = elementCount(shape.slice(axis + 1));
    const values = payload?.facts.values;
    const isKept = values && typeof count === 'number' && count <= mostValues && typeof inner === 'number';
    const spread = isKept
      ? Array.from({ length: count }, (_, at) => values[Math.floor(at / inner) % values.length] ?? 0)
      : undefined;
    return constantTensor(call.state, shape, spread, call.site(), { isInteger: payload?.facts.isInteger === true });
  });
  return makeTuple(grids);
}

function creation(name: string, signature: string, call: NativeFunction['call']): NativeFunction {
  return { name: `torch.${name}`, signature, call };
}
