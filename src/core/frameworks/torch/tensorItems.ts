import { elementCount } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import { makeUnknown, none } from '../../python/make';
import type { CallContext, InstanceValue, Value } from '../../python/values';
import { type AssignedPart, assigned, assignedPart } from '../tensor/assigning';
import { numberOf } from '../tensor/dimValues';
import { type IndexReader, indexTensor } from '../tensor/indexing';
import { isSameShape, sliceAxis, stack } from '../tensor/rearranging';
import { addUnknown, type Site } from '../tensor/trace';
import { intsOf, TorchCall } from './call';
import { complexTensor } from './complexTensors';
import { areFew, constantTensor, momentsOf } from './functions/arithmetic';
import { replacePayload, setDistribution } from './functions/initialisation';
import { type ConstantMoments, TensorPayload, type TorchState } from './state';

const noArguments = { values: new Map<string, Value>(), rest: [] };

/** `tensor[index]`; rows of a one-dimensional parameter can be written through. */
export function getItem(state: TorchState, self: Value, index: Value, context: CallContext): Value {
  const payload = state.payloadOf(self);
  if (!payload) return makeUnknown('a tensor that is not known is indexed', context.trail[0]);
  const { facts, shape } = payload;
  const site: Site = { trail: context.trail, name: 'getitem', label: 'index' };
  const { real, imaginary } = facts.complex ?? {};
  const complex =
    real &&
    imaginary &&
    complexTensor(state, getItem(state, real, index, context), getItem(state, imaginary, index, context), site);
  if (complex) return complex;
  const build = () => indexTensor(state.session, payload.tensor, index, indexReader(state), site);
  const slice = shape?.length === 1 && facts.parameter !== undefined ? plainSlice(index, shape[0]) : undefined;
  if (slice && facts.parameter !== undefined) {
    return state.lazyTensor([slice.to - slice.from], build, { slice: { parameter: facts.parameter, ...slice } });
  }
  if (facts.isConstant) {
    const [position] = intsOf(index.kind === 'int' ? index : undefined) ?? [];
    const at = position !== undefined && position < 0 ? position + (facts.values?.length ?? 0) : position;
    const value = shape?.length === 1 && at !== undefined ? facts.values?.[at] : undefined;
    const scratch = value === undefined ? indexedConstant(state, payload, index, site) : undefined;
    return (
      scratch ??
      constantTensor(state, value === undefined ? undefined : [], value === undefined ? undefined : [value], site, {
        isInteger: facts.isInteger === true,
      })
    );
  }
  const { isInteger, isBoolean } = facts;
  return state.tensorValue(build(), { ...(isInteger && { isInteger }), ...(isBoolean && { isBoolean }) });
}

/** Constants are indexed through a node of their own: the shape is what matters. */
function indexedConstant(state: TorchState, payload: TensorPayload, index: Value, site: Site): Value {
  const tensor = indexTensor(state.session, payload.tensor, index, indexReader(state), site);
  const { isInteger, isBoolean } = payload.facts;
  return state.tensorValue(tensor, {
    isConstant: true,
    ...(isInteger && { isInteger }),
    ...(isBoolean && { isBoolean }),
  });
}

function indexReader(state: TorchState): IndexReader {
  return {
    tensorOf: (value) => state.tensorOf(value),
    isMask: (value) => {
      const { isBoolean, isInteger } = state.payloadOf(value)?.facts ?? {};
      return isBoolean ?? (isInteger ? false : undefined);
    },
    integersOf: (value) => {
      const { facts, shape } = state.payloadOf(value) ?? {};
      return facts?.isInteger && shape?.length === 1 ? facts.values : undefined;
    },
    takesIntegersFirst: true,
  };
}

/** `tensor[index] = value`. */
export function setItem(
  state: TorchState,
  self: Value,
  index: Value | undefined,
  value: Value | undefined,
  context: CallContext,
): Value {
  const payload = state.payloadOf(self);
  if (!payload || !index || !value || self.kind !== 'instance') return none;
  const { facts, shape } = payload;
  const given = state.payloadOf(value);
  if (facts.isConstant && (given ? given.facts.isConstant : value.kind !== 'unknown')) {
    const site: Site = { trail: context.trail, name: 'constant' };
    const followed = areFew(shape, state)
      ? writtenConstant(state, payload, index, given ?? numberOf(value), site)
      : undefined;
    if (followed) {
      self.payload = followed;
      return none;
    }
    const moments = momentsAfter(payload, given);
    replace(self, state.payloadOf(constantTensor(state, shape, undefined, site, moments && { moments })));
    return none;
  }
  const call = new TorchCall(state, context, 'torch.Tensor.__setitem__', noArguments);
  const number = value.kind === 'int' || value.kind === 'float' ? value.value : undefined;
  if (facts.parameter !== undefined) {
    const slice = shape?.length === 1 ? plainSlice(index, shape[0]) : undefined;
    const isWhole = index.kind === 'ellipsis' || (slice && slice.from === 0 && slice.to === shape?.[0]);
    const distribution =
      number === undefined ? state.payloadOf(value)?.facts.distribution : { kind: 'constant' as const, value: number };
    if (isWhole && distribution) setDistribution(call, self, distribution, 'assignment');
    else if (slice && number !== undefined) state.biasSlices.set(facts.parameter, { ...slice, value: number });
    else if (index.kind !== 'int') {
      setDistribution(call, self, { kind: 'unknown', reason: 'some elements are assigned' }, 'assignment');
    }
    return none;
  }
  const site: Site = { trail: context.trail, name: 'setitem', label: 'assignment' };
  const part = assignedPart(state.session, { node: -1, shape }, index, indexReader(state));
  const put = number ?? given;
  if (part && put !== undefined) {
    const result = piecesWith(state, payload, part, put, site) ?? writtenPart(state, payload, part, put, site);
    if (result) {
      self.payload = result;
      return none;
    }
  }
  const inputs = [payload.tensor, state.tensorOf(value)].filter((tensor) => tensor !== undefined);
  const reason = 'elements of a tensor are assigned';
  if (state.session.isInsideModel) context.unknown(reason);
  replacePayload(
    call,
    self,
    state.lazyTensor(shape, () => addUnknown(state.session, reason, inputs, shape, site)),
  );
  return none;
}

/** Tensors of which elements of one axis were written one after the other, as a loop over time does. */
const written = new WeakMap<TensorPayload, Pieces>();

interface Pieces {
  readonly base: TensorPayload;
  readonly axis: number;
  readonly pieces: ReadonlyMap<number, TensorPayload>;
}

/** What is written element by element is stacked once it is read; undefined where other than one element of an axis is written. */
function piecesWith(
  state: TorchState,
  payload: TensorPayload,
  part: AssignedPart,
  value: TensorPayload | number,
  site: Site,
): TensorPayload | undefined {
  const { shape } = payload;
  const [range, ...others] = part.kind === 'ranges' ? part.ranges : [];
  const size = range && shape?.[range.axis];
  if (!range?.drop || others.length > 0 || typeof value === 'number') return undefined;
  if (typeof size !== 'number' || size > mostPieces) return undefined;
  const { axis, from } = range;
  const slot = shape?.filter((_, at) => at !== axis);
  if (!isSameShape(value.shape, slot)) return undefined;
  const known = written.get(payload);
  const before = known?.axis === axis ? known : { base: payload, axis, pieces: new Map<number, TensorPayload>() };
  const pieces = new Map(before.pieces).set(from, value);
  const { session } = state;
  const result = new TensorPayload(shape, () => {
    const rows = Array.from({ length: size }, (_, at): TracedTensor => {
      const piece = pieces.get(at)?.tensor;
      return piece ?? sliceAxis(session, before.base.tensor, axis, { from: at, to: at + 1, step: 1, drop: true }, site);
    });
    return stack(session, rows, axis, site);
  });
  written.set(result, { base: before.base, axis, pieces });
  return result;
}

const mostPieces = 1024;

function writtenPart(
  state: TorchState,
  payload: TensorPayload,
  part: AssignedPart,
  value: TensorPayload | number,
  site: Site,
): TensorPayload | undefined {
  const given = typeof value === 'number' ? value : value.tensor;
  const result = assigned(state.session, payload.tensor, part, given, site);
  return result && new TensorPayload(payload.shape, () => result);
}

/** A constant with a part written, which the network works out. */
function writtenConstant(
  state: TorchState,
  payload: TensorPayload,
  index: Value,
  value: TensorPayload | number | undefined,
  site: Site,
): TensorPayload | undefined {
  const { shape, facts } = payload;
  const part = assignedPart(state.session, { node: -1, shape }, index, indexReader(state));
  const result = part && value !== undefined ? writtenPart(state, payload, part, value, site) : undefined;
  const { isInteger, isBoolean } = facts;
  return (
    result &&
    new TensorPayload(shape, () => result.tensor, {
      isConstant: true,
      ...(isInteger && { isInteger }),
      ...(isBoolean && { isBoolean }),
    })
  );
}

/** Moments of a constant of which a part, as large as `part`, was written anew. */
function momentsAfter(whole: TensorPayload, part: TensorPayload | undefined): ConstantMoments | undefined {
  const before = momentsOf(whole.facts);
  const written = part && momentsOf(part.facts);
  const count = elementCount(whole.shape);
  const size = elementCount(part?.shape);
  if (!before || !written || typeof count !== 'number' || typeof size !== 'number' || !(count > 0)) return undefined;
  const share = Math.min(1, size / count);
  const blend = (from: number, to: number) => from + share * (to - from);
  return { mean: blend(before.mean, written.mean), square: blend(before.square, written.square) };
}

function replace(target: InstanceValue, payload: TensorPayload | undefined): void {
  if (payload) target.payload = payload;
}

function plainSlice(index: Value, size: unknown): { readonly from: number; readonly to: number } | undefined {
  if (index.kind !== 'slice' || typeof size !== 'number' || index.step.kind !== 'none') return undefined;
  const bound = (value: Value, otherwise: number): number | undefined => {
    if (value.kind === 'none') return otherwise;
    const [at] = intsOf(value) ?? [];
    if (at === undefined) return undefined;
    return Math.min(Math.max(at < 0 ? at + size : at, 0), size);
  };
  const from = bound(index.start, 0);
  const to = bound(index.stop, size);
  return from === undefined || to === undefined ? undefined : { from, to };
}
