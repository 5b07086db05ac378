import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { cumulativeSum, extremePlace, flip, gather, pick, rank, roll, scatter, take } from '../../tensor/picking';
import { flatten, reshapeTo } from '../../tensor/rearranging';
import { windowsOf } from '../../tensor/slidingWindows';
import { addNode } from '../../tensor/trace';
import { type Triangle, triangle } from '../../tensor/triangle';
import type { TorchCall } from '../call';
import type { TensorFacts } from '../state';
import { areFew } from './arithmetic';
import type { TensorFunction } from './entry';
import { axisOf } from './shapeRule';
import { valuesAndIndices } from './valuesAndIndices';

type Follow = (call: TorchCall, input: TracedTensor) => TracedTensor | readonly TracedTensor[] | undefined;

/** Functions that pick, order and place elements, as nodes; PyTorch 2.13 `torch/_torch_docs.py`. */
const follows: Readonly<Record<string, Follow>> = {
  flip: (call, input) => {
    const axes = call.sizes('dims')?.filter((axis) => typeof axis === 'number');
    return axes && flip(call.state.session, input, axes, call.site());
  },
  fliplr: (call, input) => flip(call.state.session, input, [1], call.site()),
  flipud: (call, input) => flip(call.state.session, input, [0], call.site()),
  roll: (call, input) => {
    const shifts = call.ints('shifts');
    return shifts && roll(call.state.session, input, shifts, call.ints('dims'), call.site());
  },
  tril: (call, input) => triangleOf(call, input, 'lower'),
  triu: (call, input) => triangleOf(call, input, 'upper'),
  unfold: (call, input) => {
    const axis = axisOf(call, input.shape, 'dimension');
    const [size, step] = [call.int('size'), call.int('step')];
    if (axis === undefined || size === undefined || step === undefined) return undefined;
    return windowsOf(call.state.session, input, axis, { size, step }, call.site());
  },
  gather: (call, input) => gathered(call, input, 'index'),
  take_along_dim: (call, input) => (call.has('dim') ? gathered(call, input, 'indices') : undefined),
  index_select: (call, input) => {
    const [axis, index] = [axisOf(call, input.shape), call.payload('index')];
    const { session } = call.state;
    if (axis === undefined || !index) return undefined;
    const known = index.facts.values && pick(session, input, axis, index.facts.values, call.site());
    return known ?? take(session, input, axis, index.tensor, call.site());
  },
  take: (call, input) => {
    const index = call.tensor('index');
    const { session } = call.state;
    return index && take(session, flatten(session, input, 0, -1, call.site()), 0, index, call.site());
  },
  scatter: (call, input) => {
    const adds = call.text('reduce') === 'add';
    return call.has('reduce') && !adds ? undefined : scattered(call, input, adds);
  },
  scatter_add: (call, input) => scattered(call, input, true),
  index_add: (call, input) => written(call, input, true),
  index_copy: (call, input) => written(call, input, false),
  cumsum: (call, input) => {
    const axis = axisOf(call, input.shape);
    return axis === undefined ? undefined : cumulativeSum(call.state.session, input, axis, call.site());
  },
  argsort: (call, input) => {
    const axis = axisOf(call, input.shape);
    const isDescending = call.flag('descending') === true;
    return axis === undefined ? undefined : rank(call.state.session, input, axis, undefined, isDescending, call.site());
  },
  argmax: (call, input) => placeOf(call, input, true),
  argmin: (call, input) => placeOf(call, input, false),
  sort: (call, input) => valuesAndPlaces(call, input, undefined, call.flag('descending') === true),
  topk: (call, input) => {
    const count = call.int('k');
    return count === undefined ? undefined : valuesAndPlaces(call, input, count, call.flag('largest') !== false);
  },
};

/** Those of the functions that nodes stand for, as far as the arguments suffice and anything but constants takes part. */
export function withSelections(functions: readonly TensorFunction[]): readonly TensorFunction[] {
  return functions.map((entry) => {
    const follow = Object.hasOwn(follows, entry.name) ? follows[entry.name] : undefined;
    return follow ? { ...entry, call: (call) => followed(call, follow) ?? entry.call(call) } : entry;
  });
}

const places: TensorFacts = { isInteger: true };

function followed(call: TorchCall, follow: Follow): Value | undefined {
  const payload = call.payload('input');
  if (!payload) return undefined;
  const isConstant = call.tensors().every(({ facts }) => facts.isConstant);
  if (isConstant && !(worksOnConstants.has(call.shortName) && areFew(payload.shape, call.state))) return undefined;
  const result = follow(call, payload.tensor);
  const [values, indices] = Array.isArray(result) ? (result as readonly TracedTensor[]) : [];
  const { state } = call;
  if (values && indices) return valuesAndIndices(state.tensorValue(values), state.tensorValue(indices, places));
  const isOfPlaces = call.shortName.startsWith('arg');
  const { isInteger, isBoolean } = payload.facts;
  const kept: TensorFacts = {
    ...(isConstant && { isConstant }),
    ...(isInteger && { isInteger }),
    ...(isBoolean && { isBoolean }),
  };
  return result && 'node' in result ? state.tensorValue(result, isOfPlaces ? places : kept) : undefined;
}

/** What the network works out of constants. */
const worksOnConstants: ReadonlySet<string> = new Set(['flip', 'fliplr', 'flipud', 'roll', 'tril', 'triu']);

function triangleOf(call: TorchCall, input: TracedTensor, side: Triangle): TracedTensor | undefined {
  const diagonal = call.int('diagonal');
  return diagonal === undefined ? undefined : triangle(call.state.session, input, side, diagonal, call.site());
}

function gathered(call: TorchCall, input: TracedTensor, name: string): TracedTensor | undefined {
  const [axis, index] = [axisOf(call, input.shape), call.tensor(name)];
  if (axis === undefined || !index?.shape || index.shape.length !== input.shape?.length) return undefined;
  return gather(call.state.session, input, axis, index, call.site());
}

/** The source may be a number; as in `scatter_(1, index, 1.0)`. */
function scattered(call: TorchCall, input: TracedTensor, adds: boolean): TracedTensor | undefined {
  const [axis, index] = [axisOf(call, input.shape), call.tensor('index')];
  const number = call.number('value') ?? call.number('src');
  const { session } = call.state;
  const values =
    call.tensor('src') ??
    (number === undefined
      ? undefined
      : addNode(
          session,
          { kind: 'constant', value: number },
          [],
          index?.shape?.map(() => 1),
          call.site(),
        ));
  if (axis === undefined || !index || !values) return undefined;
  return scatter(session, input, axis, index, values, adds, call.site());
}

/** Whole lines of one axis at the places of a one-dimensional index. */
function written(call: TorchCall, input: TracedTensor, adds: boolean): TracedTensor | undefined {
  const [axis, index, source] = [axisOf(call, input.shape), call.tensor('index'), call.tensor('source')];
  const isPlain = !call.has('alpha') || call.number('alpha') === 1;
  if (axis === undefined || index?.shape?.length !== 1 || !source || !isPlain) return undefined;
  const { session } = call.state;
  const sizes = input.shape?.map((_, at) => (at === axis ? index.shape?.[0] : 1));
  const wide = reshapeTo(session, index, sizes, call.site());
  return scatter(session, input, axis, wide, source, adds, call.site());
}

function placeOf(call: TorchCall, input: TracedTensor, largest: boolean): TracedTensor | undefined {
  const axis = call.has('dim') ? axisOf(call, input.shape) : undefined;
  const keepsAxis = call.flag('keepdim') === true;
  if (call.has('dim') ? axis === undefined : keepsAxis) return undefined;
  return extremePlace(call.state.session, input, axis, largest, keepsAxis, call.site());
}

function valuesAndPlaces(
  call: TorchCall,
  input: TracedTensor,
  count: number | undefined,
  largest: boolean,
): readonly TracedTensor[] | undefined {
  const axis = axisOf(call, input.shape, 'dim', -1);
  const { session } = call.state;
  const order = axis === undefined ? undefined : rank(session, input, axis, count, largest, call.site());
  return axis === undefined || !order ? undefined : [gather(session, input, axis, order, call.site()), order];
}
