import type { Primitive } from '../../activations/expression';
import { makeList, makeTuple } from '../../python/make';
import type { Value } from '../../python/values';
import { isSameShape } from '../tensor/rearranging';
import { addUnknown, type Site } from '../tensor/trace';
import type { NativeFunction, TorchCall } from './call';
import type { ComplexParts, TorchState } from './state';

/**
 * Functions that act on both parts of a complex tensor alike, PyTorch 2.13: those that rearrange elements, sums, copies and moves. A cast by
 * `to(dtype)` is taken as one to a complex type.
 */
const onBothParts = new Set([
  ...['view', 'reshape', 'view_as', 'reshape_as', 'flatten', 'ravel', 'unflatten', 'squeeze', 'unsqueeze'],
  ...['permute', 'transpose', 'swapaxes', 'swapdims', 't', 'movedim', 'moveaxis', 'flip', 'roll'],
  ...['expand', 'expand_as', 'broadcast_to', 'repeat', 'tile', 'repeat_interleave'],
  ...['chunk', 'split', 'split_with_sizes', 'tensor_split', 'unbind', 'narrow', 'select', 'index_select'],
  ...['cat', 'concat', 'concatenate', 'stack', 'hstack', 'vstack', 'sum', 'mean', 'cumsum'],
  ...['clone', 'positive', 'detach', 'detach_', 'contiguous', 'resolve_conj', 'resolve_neg', 'retain_grad'],
  ...['to', 'type', 'cpu', 'cuda', 'pin_memory', 'cfloat', 'cdouble', 'chalf'],
]);

/** Casts to real numbers, which drop the imaginary part. */
const ofRealPart = new Set(['float', 'double', 'half', 'bfloat16', 'char', 'byte']);

export function complexPartsOf(state: TorchState, value: Value | undefined): ComplexParts | undefined {
  return state.payloadOf(value)?.facts.complex;
}

/** A complex tensor of two real ones of one shape. What is not followed of it sees an unknown node behind both. */
export function complexTensor(
  state: TorchState,
  real: Value | undefined,
  imaginary: Value | undefined,
  site: Site,
): Value | undefined {
  const parts = [state.payloadOf(real), state.payloadOf(imaginary)].filter((payload) => payload !== undefined);
  const [first, second] = parts;
  if (!real || !imaginary || !first || !isSameShape(first.shape, second?.shape)) return undefined;
  const make = () => {
    const tensors = parts.map(({ tensor }) => tensor);
    return addUnknown(state.session, 'this use of a complex tensor is not followed', tensors, first.shape, site);
  };
  return state.lazyTensor(first.shape, make, { complex: { real, imaginary } });
}

/** A function that acts on both parts alike, applied to each; undefined where it is none or its tensors are not complex. */
export function onComplexTensors(entry: NativeFunction, call: TorchCall): Value | undefined {
  const { state, shortName } = call;
  const first = call.value('input') ?? call.value('tensors');
  const items = first?.kind === 'tuple' || first?.kind === 'list' ? first.items : [first];
  if (items.length === 0 || !items.every((item) => complexPartsOf(state, item))) return undefined;
  const other = call.value('other') ?? call.args.rest[0];
  const isCast = ofRealPart.has(shortName) || (shortName === 'type_as' && !complexPartsOf(state, other));
  if (isCast) return complexPartsOf(state, first)?.real;
  if (!onBothParts.has(shortName) && shortName !== 'type_as') return undefined;
  const on = (part: keyof ComplexParts) => entry.call(call.mapped((value) => partOf(state, value, part)));
  return joined(state, on('real'), on('imaginary'), call.site());
}

function partOf(state: TorchState, value: Value, part: keyof ComplexParts): Value {
  if (value.kind === 'tuple' || value.kind === 'list') {
    return { ...value, items: value.items.map((item) => partOf(state, item, part)) };
  }
  return complexPartsOf(state, value)?.[part] ?? value;
}

/** What was made of both parts, item by item where it is several tensors. */
function joined(
  state: TorchState,
  real: Value | undefined,
  imaginary: Value | undefined,
  site: Site,
): Value | undefined {
  if (real?.kind !== 'tuple' && real?.kind !== 'list') return complexTensor(state, real, imaginary, site);
  if (imaginary?.kind !== real.kind) return undefined;
  const items = real.items.map((item, index) => joined(state, item, imaginary.items[index], site));
  const known = items.filter((item) => item !== undefined);
  if (known.length < items.length) return undefined;
  return real.kind === 'tuple' ? makeTuple(known) : makeList(known);
}

/** Elementwise arithmetic on the parts of a tensor or number, of which a real one has no imaginary part. */
type Arithmetic = (primitive: Primitive, operands: readonly (Value | undefined)[]) => Value | undefined;

interface Operand {
  readonly real: Value | undefined;
  readonly imaginary?: Value;
}

/** A primitive of which an operand is complex, composed of primitives of the parts; undefined where there is none or it is not followed. */
export function complexElementwise(
  state: TorchState,
  primitive: Primitive,
  operands: readonly (Value | undefined)[],
  site: Site,
  apply: Arithmetic,
): Value | undefined {
  const [first, second] = operands.map((value): Operand => complexPartsOf(state, value) ?? { real: value });
  if (!first?.imaginary && !second?.imaginary) return undefined;
  const of = (real: Value | undefined, imaginary: Value | undefined) => complexTensor(state, real, imaginary, site);
  const [a, b] = [first?.real, first?.imaginary];
  const [c, d] = [second?.real, second?.imaginary];
  const times = (left: Value | undefined, right: Value | undefined) => apply('multiply', [left, right]);
  switch (primitive) {
    case 'negate':
      return of(apply(primitive, [a]), apply(primitive, [b]));
    case 'abs':
      return apply('sqrt', [apply('add', [apply('square', [a]), apply('square', [b])])]);
    case 'add':
    case 'subtract':
      return of(apply(primitive, [a, c]), sumOfImaginary(primitive, b, d, apply));
    case 'multiply':
      if (!b) return of(times(a, c), times(a, d));
      if (!d) return of(times(a, c), times(b, c));
      return of(apply('subtract', [times(a, c), times(b, d)]), apply('add', [times(a, d), times(b, c)]));
    case 'divide':
      return d ? undefined : of(apply(primitive, [a, c]), apply(primitive, [b, c]));
    default:
      return undefined;
  }
}

function sumOfImaginary(
  primitive: 'add' | 'subtract',
  left: Value | undefined,
  right: Value | undefined,
  apply: Arithmetic,
): Value | undefined {
  if (left && right) return apply(primitive, [left, right]);
  return left ?? (primitive === 'add' ? right : apply('negate', [right]));
}
