import type { Dim } from '../../../network/network';
import { resolveAxis } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { stopGradient } from '../../tensor/combining';
import {
  concat,
  expand,
  flatten,
  moveAxes,
  permute,
  repeatElements,
  reshape,
  sliceAxis,
  split,
  squeeze,
  stack,
  swapAxes,
  tile,
  unbind,
  unflatten,
  unsqueeze,
} from '../../tensor/rearranging';
import { addUnknown } from '../../tensor/trace';
import { sizesOf, type TorchCall } from '../call';
import { type TensorFunction, tensorFunctions } from './entry';

export const rearrangementFunctions: readonly TensorFunction[] = [
  ...onTensor('view reshape', '*shape', (call, input) => {
    const sizes = call.sizes('shape') ?? call.sizes('size');
    return sizes && reshape(call.state.session, input, sizes, call.site());
  }),
  ...onTensor('view_as reshape_as', 'other', (call, input) => {
    const shape = call.payload('other')?.shape;
    return shape && reshape(call.state.session, input, shape, call.site());
  }),
  ...onTensor('flatten', 'start_dim=0, end_dim=-1', (call, input) => {
    const from = call.int('start_dim');
    const to = call.int('end_dim');
    return from === undefined || to === undefined
      ? undefined
      : flatten(call.state.session, input, from, to, call.site());
  }),
  ...onTensor('ravel', '', (call, input) => flatten(call.state.session, input, 0, -1, call.site())),
  ...onTensor('unflatten', 'dim, sizes', (call, input) => {
    const axis = call.int('dim');
    const value = call.value('sizes');
    const sizes = value && sizesOf(value);
    return axis === undefined || !sizes ? undefined : unflatten(call.state.session, input, axis, sizes, call.site());
  }),
  ...onTensor('permute', '*dims', (call, input) => {
    const order = call.sizes('dims')?.filter((axis) => typeof axis === 'number');
    return order && permute(call.state.session, input, order, call.site());
  }),
  ...onTensor('transpose swapaxes swapdims', 'dim0, dim1', (call, input) => {
    const first = call.int('dim0') ?? call.int('axis0');
    const second = call.int('dim1') ?? call.int('axis1');
    return first === undefined || second === undefined
      ? undefined
      : swapAxes(call.state.session, input, first, second, call.site());
  }),
  ...onTensor('t', '', (call, input) =>
    input.shape && input.shape.length < 2 ? input : swapAxes(call.state.session, input, 0, 1, call.site()),
  ),
  ...onTensor('movedim moveaxis', 'source, destination', (call, input) => {
    const from = call.ints('source');
    const to = call.ints('destination');
    return from && to && moveAxes(call.state.session, input, from, to, call.site());
  }),
  ...onTensor('squeeze', 'dim=None', (call, input) =>
    squeeze(call.state.session, input, call.has('dim') ? call.ints('dim') : undefined, call.site()),
  ),
  ...onTensor('unsqueeze', 'dim', (call, input) => {
    const axis = call.int('dim');
    return axis === undefined ? undefined : unsqueeze(call.state.session, input, axis, call.site());
  }),
  ...onTensor('expand broadcast_to', '*size', (call, input) => {
    const sizes = call.sizes('size');
    return sizes && expand(call.state.session, input, sizes, call.site());
  }),
  ...onTensor('expand_as', 'other', (call, input) => {
    const shape = call.payload('other')?.shape;
    return shape && expand(call.state.session, input, shape, call.site());
  }),
  ...onTensor('repeat', '*repeats', (call, input) => {
    const counts = call.sizes('repeats');
    return counts && tile(call.state.session, input, counts, call.site());
  }),
  ...onTensor('tile', '*dims', (call, input) => {
    const counts = call.sizes('dims');
    return counts && tile(call.state.session, input, counts, call.site());
  }),
  ...tensorFunctions('clone positive resolve_conj resolve_neg dequantize', '*args', same),
  ...tensorFunctions('detach', '', detached),
  ...tensorFunctions(
    'contiguous cpu cuda float half double bfloat16 detach_ to type type_as pin_memory share_memory_ coalesce to_dense retain_grad chalf cfloat cdouble char byte to_sparse refine_names rename align_to xpu ipu hpu mtia',
    '*args',
    same,
    'method',
  ),
  ...tensorFunctions(
    'bool',
    'memory_format=None',
    (call) => {
      const payload = call.payload('input');
      if (!payload) return undefined;
      const { isConstant, values } = payload.facts;
      const facts = {
        isBoolean: true,
        ...(isConstant && { isConstant }),
        ...(values && { values: values.map((value) => (value === 0 ? 0 : 1)) }),
      };
      return call.state.lazyTensor(payload.shape, () => payload.tensor, facts);
    },
    'method',
  ),
  ...tensorFunctions('chunk unsafe_chunk', 'chunks, dim=0', (call) => {
    const count = call.int('chunks');
    return pieces(call, (size) => (count ? Math.ceil(size / count) : undefined));
  }),
  ...tensorFunctions('split unsafe_split', 'split_size_or_sections, dim=0', splitCall),
  ...tensorFunctions('split_with_sizes unsafe_split_with_sizes', 'split_sizes, dim=0', splitCall),
  ...tensorFunctions('unbind', 'dim=0', (call) => {
    const input = call.tensor('input');
    const axis = input?.shape && resolveAxis(call.int('dim') ?? 0, input.shape.length);
    if (!input || axis === undefined) return undefined;
    const pieces = unbind(call.state.session, input, axis, call.site());
    return pieces && makeTuple(pieces.map((piece) => call.state.tensorValue(piece)));
  }),
  ...onTensor('narrow narrow_copy', 'dim, start, length', (call, input) => {
    const axis = input.shape && resolveAxis(call.int('dim') ?? 0, input.shape.length);
    const from = call.int('start');
    const length = call.int('length');
    if (axis === undefined || from === undefined || length === undefined) return undefined;
    return sliceAxis(call.state.session, input, axis, { from, to: from + length, step: 1, drop: false }, call.site());
  }),
  ...onTensor('select', 'dim, index', (call, input) => {
    const axis = input.shape && resolveAxis(call.int('dim') ?? 0, input.shape.length);
    const index = call.int('index');
    const size = axis === undefined ? undefined : input.shape?.[axis];
    if (axis === undefined || index === undefined || (index < 0 && typeof size !== 'number')) return undefined;
    const from = index < 0 && typeof size === 'number' ? index + size : index;
    return sliceAxis(call.state.session, input, axis, { from, to: from + 1, step: 1, drop: true }, call.site());
  }),
  ...onTensor('repeat_interleave', 'repeats, dim=None', (call, input) => {
    const { session } = call.state;
    const count = call.int('repeats');
    const flat = call.has('dim') ? input : flatten(session, input, 0, -1, call.site());
    const axis = flat.shape && resolveAxis(call.int('dim') ?? 0, flat.shape.length);
    if (axis === undefined || !flat.shape) return undefined;
    if (count === undefined) {
      const counts = call.payload('repeats');
      const values = counts?.facts.values;
      const total = values?.reduce((sum, value) => sum + value, 0);
      const shape = counts && flat.shape.map((size, index): Dim => (index === axis ? total : size));
      return shape && addUnknown(session, 'rows are repeated by different counts', [flat], shape, call.site());
    }
    return repeatElements(session, flat, axis, count, call.site());
  }),
  ...tensorFunctions('tensor_split', 'indices_or_sections=None, dim=0, indices=None, sections=None', tensorSplit),
];

/** `torch.cat` and kin: the tensors are the first argument. */
export const joiningFunctions: readonly TensorFunction[] = [
  ...tensorFunctions('cat concat concatenate', 'dim=0, out=None', (call) =>
    join(call, (tensors) => concat(call.state.session, tensors, call.int('dim') ?? 0, call.site())),
  ),
  ...tensorFunctions('stack', 'dim=0, out=None', (call) =>
    join(call, (tensors) => stack(call.state.session, tensors, call.int('dim') ?? 0, call.site())),
  ),
  ...tensorFunctions('hstack', 'out=None', (call) =>
    join(call, (tensors) => concat(call.state.session, tensors, tensors[0]?.shape?.length === 1 ? 0 : 1, call.site())),
  ),
  ...tensorFunctions('vstack', 'out=None', (call) =>
    join(call, (tensors) =>
      tensors[0]?.shape?.length === 1
        ? stack(call.state.session, tensors, 0, call.site())
        : concat(call.state.session, tensors, 0, call.site()),
    ),
  ),
];

function onTensor(
  names: string,
  signature: string,
  body: (call: TorchCall, input: TracedTensor) => TracedTensor | undefined,
): readonly TensorFunction[] {
  return tensorFunctions(names, signature, (call) => {
    const payload = call.payload('input');
    if (!payload) return undefined;
    const { facts } = payload;
    const result = body(call, payload.tensor);
    if (!result) return undefined;
    const keepsValues = facts.values !== undefined && facts.values.length === countOf(result.shape);
    return call.state.tensorValue(result, {
      ...(facts.distribution && { distribution: facts.distribution }),
      ...(facts.isConstant && { isConstant: true }),
      ...(facts.isInteger && { isInteger: true }),
      ...(facts.isBoolean && { isBoolean: true }),
      ...(keepsValues &&
        facts.values &&
        !/permute|transpose|axes|dim/.test(call.shortName) && { values: facts.values }),
    });
  });
}

function countOf(shape: TracedTensor['shape']): number | undefined {
  return shape?.reduce<number | undefined>(
    (count, size) => (count === undefined || typeof size !== 'number' ? undefined : count * size),
    1,
  );
}

/** Copies, casts and moves: the same tensor as far as the network is concerned. */
function same(call: TorchCall): Value | undefined {
  return call.payload('input') && call.value('input');
}

/** Constants, labels and parameters stay what they are: nothing trains through them, or an initialiser writes them. */
function detached(call: TorchCall): Value | undefined {
  const payload = call.payload('input');
  if (!payload) return undefined;
  const { isConstant, isInteger, isBoolean, parameter } = payload.facts;
  if (isConstant || isInteger || isBoolean || parameter !== undefined) {
    return call.value('input');
  }
  return call.state.tensorValue(stopGradient(call.state.session, payload.tensor, call.site()));
}

function splitCall(call: TorchCall): Value | undefined {
  const value = call.value('split_size_or_sections') ?? call.value('split_size') ?? call.value('split_sizes');
  if (value?.kind === 'int') return pieces(call, () => value.value);
  const sizes = value && sizesOf(value)?.filter((size) => typeof size === 'number');
  const input = call.tensor('input');
  const axis = input?.shape && resolveAxis(call.int('dim') ?? 0, input.shape.length);
  if (!input || axis === undefined || !sizes) return undefined;
  const parts = split(call.state.session, input, sizes, axis, call.site());
  return makeTuple(parts.map((piece) => call.state.tensorValue(piece)));
}

/** Cut before the given indices, or into sections whose sizes differ by one at most. */
function tensorSplit(call: TorchCall): Value | undefined {
  const input = call.tensor('input');
  const axis = input?.shape && resolveAxis(call.int('dim') ?? 0, input.shape.length);
  const total = axis === undefined ? undefined : input?.shape?.[axis];
  if (!input || axis === undefined || typeof total !== 'number') return undefined;
  const given = ['indices_or_sections', 'indices', 'sections'].map((name) => call.value(name));
  const written = given.find((value) => value !== undefined && value.kind !== 'none');
  const sections = written?.kind === 'int' ? written.value : undefined;
  const indices =
    sections === undefined
      ? (call.ints('indices_or_sections') ?? call.ints('indices'))
      : Array.from(
          { length: Math.max(0, sections - 1) },
          (_, index) => (index + 1) * Math.floor(total / sections) + Math.min(index + 1, total % sections),
        );
  if (!indices || indices.length > 4096) return undefined;
  const bounds = [0, ...indices.map((index) => Math.min(total, index < 0 ? index + total : index)), total];
  const sizes = bounds.slice(1).map((end, index) => Math.max(0, end - (bounds[index] ?? 0)));
  const parts = split(call.state.session, input, sizes, axis, call.site());
  return makeTuple(parts.map((piece) => call.state.tensorValue(piece)));
}

function pieces(call: TorchCall, pieceSize: (size: number) => number | undefined): Value | undefined {
  const input = call.tensor('input');
  const axis = input?.shape && resolveAxis(call.int('dim') ?? 0, input.shape.length);
  const total = axis === undefined ? undefined : input?.shape?.[axis];
  const concrete = typeof total === 'object' ? total.perBatch * call.state.batchSize : total;
  const size = concrete === undefined ? undefined : pieceSize(concrete);
  if (!input || axis === undefined || concrete === undefined || !size || concrete / size > 4096) return undefined;
  const sizes = Array.from({ length: Math.ceil(concrete / size) }, (_, index) =>
    Math.min(size, concrete - index * size),
  );
  const parts = split(call.state.session, input, sizes, axis, call.site());
  return makeTuple(parts.map((piece) => call.state.tensorValue(piece)));
}

function join(call: TorchCall, combine: (tensors: readonly TracedTensor[]) => TracedTensor): Value | undefined {
  const value = call.value('input') ?? call.value('tensors');
  const items = value && call.context.iterate(value);
  const payloads = items?.map((item) => call.state.payloadOf(item));
  if (!items || !payloads || payloads.length === 0) return undefined;
  const known = payloads.filter((payload) => payload !== undefined);
  if (known.length < payloads.length) {
    if (known.length === 0) return undefined;
    const inputs = known.map((payload) => payload.tensor);
    const reason = 'a tensor among those that are joined is not known';
    call.context.unknown(reason);
    return call.result(addUnknown(call.state.session, reason, inputs, undefined, call.site()));
  }
  const result = combine(known.map((payload) => payload.tensor));
  return call.state.tensorValue(
    result,
    known.every((payload) => payload.facts.isConstant) ? { isConstant: true } : undefined,
  );
}
