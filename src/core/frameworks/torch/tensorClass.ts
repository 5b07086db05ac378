import { broadcastShapes } from '../../network/shapes';
import { makeBool, makeFloat, makeInt, makeList, makeUnknown, none } from '../../python/make';
import { makeClass, objectClass } from '../../python/nativeClass';
import type { CallContext, ClassValue, Value } from '../../python/values';
import { dimValue } from '../tensor/dimValues';
import { unbind } from '../tensor/rearranging';
import { addUnknown, type Site } from '../tensor/trace';
import { callNative, type NativeFunction, nativeFunction, TorchCall } from './call';
import { constantTensor, elementwise } from './functions/arithmetic';
import { literal } from './functions/creation';
import type { TensorFunction } from './functions/entry';
import { activationFunctions } from './functions/functional';
import { inPlaceFunctions } from './functions/initialisation';
import { inPlace } from './functions/inPlace';
import { logical } from './functions/logic';
import { comparisons, operators } from './functions/pointwise';
import { product } from './functions/reduction';
import { type Elements, shaped } from './functions/shapeRule';
import { functionsOfTensors } from './functions/tensorFunctions';
import { LazyNames } from './lazyNames';
import { type Method, nativeMethod } from './nativeClass';
import type { TorchState } from './state';
import { item, tensorAccessors } from './tensorAccessors';
import { getItem, setItem } from './tensorItems';

/** Operators of which no expression is made; without kind of elements they give booleans of booleans, integers of integers. */
const unfollowedOperators: readonly { readonly methods: readonly string[]; readonly elements?: Elements }[] = [
  { methods: ['__floordiv__', '__rfloordiv__', '__mod__', '__rmod__'], elements: 'reals' },
  { methods: ['__ne__'], elements: 'booleans' },
  { methods: ['__invert__', '__and__', '__rand__', '__or__', '__ror__', '__xor__', '__rxor__'] },
  { methods: ['__lshift__', '__rlshift__', '__rshift__', '__rrshift__'], elements: 'integers' },
];

/** `torch.Tensor` of PyTorch 2.13. */
export function tensorClass(state: () => TorchState): ClassValue {
  const members = new LazyNames((name) => {
    const member = entries.get(name);
    return member && (member.isInPlace ? inPlace(state, member.entry) : nativeFunction(state, member.entry));
  });
  for (const [name, value] of operatorMethods(state)) members.set(name, value);
  for (const [name, value] of tensorAccessors(state)) members.set(name, value);
  const tensor = makeClass({ name: 'torch.Tensor', bases: [objectClass], namespace: members, isNative: true });
  members.set('__new__', creator(state, tensor));
  return tensor;
}

interface Member {
  readonly entry: NativeFunction;
  readonly isInPlace: boolean;
}

/** The methods that tables have, later ones in place of earlier ones. */
function methodEntries(): ReadonlyMap<string, Member> {
  const result = new Map<string, Member>();
  for (const entry of functionsOfTensors) {
    if (entry.place === 'function') continue;
    const native = asNative(entry);
    result.set(entry.name, { entry: native, isInPlace: false });
    if (!entry.name.endsWith('_')) result.set(`${entry.name}_`, { entry: native, isInPlace: true });
  }
  for (const entry of activationFunctions) {
    if (!entry.name.startsWith(methodPrefix)) continue;
    const name = entry.name.slice(methodPrefix.length);
    result.set(name, { entry, isInPlace: name.endsWith('_') });
  }
  for (const entry of inPlaceFunctions) result.set(entry.name, { entry: asNative(entry), isInPlace: false });
  return result;
}

const methodPrefix = 'torch.Tensor.';
const entries = methodEntries();

/** `torch.Tensor([1.0, 2.0])`, `torch.Tensor(2, 3)`; a parameter is made by its `__init__`. */
function creator(state: () => TorchState, tensor: ClassValue): Value {
  return nativeMethod('torch.Tensor.__new__', (cls, args, context) => {
    if (cls !== tensor) {
      return {
        kind: 'instance',
        class: cls.kind === 'class' ? cls : tensor,
        attributes: new Map(),
        made: context.trail,
      };
    }
    const entry = { name: 'torch.Tensor', signature: '*data', call: literal };
    return callNative(state(), entry, args, context);
  });
}

function asNative(entry: TensorFunction): NativeFunction {
  const signature = entry.signature === '' ? 'input' : `input, ${entry.signature}`;
  return { name: `torch.Tensor.${entry.name}`, signature, call: entry.call };
}

function operatorMethods(state: () => TorchState): [string, Value][] {
  const site = (context: CallContext, name: string): Site => ({
    trail: context.trail,
    name: state().freeName(name),
    label: name,
  });
  const operation = (name: string, body: Method): [string, Value] => [name, nativeMethod(`torch.Tensor.${name}`, body)];
  const unsupported = (self: Value, other: Value | undefined, context: CallContext, name: string): Value => {
    const tensors = [self, other].map((value) => state().tensorOf(value)).filter((tensor) => tensor !== undefined);
    const reason = other?.kind === 'unknown' ? other.reason : `the other side of ${name} is not a tensor or a number`;
    if (!state().session.isInsideModel) return makeUnknown(reason, context.trail[0]);
    context.unknown(reason);
    return state().tensorValue(addUnknown(state().session, reason, tensors, undefined, site(context, name)));
  };
  return [
    ...operators.flatMap(({ method, reflected, primitive }) => {
      const name = method.replaceAll('_', '');
      const forward: Method = (self, args, context) => {
        const [other] = args.positional;
        return (
          elementwise(state(), primitive, [self, other], site(context, name)) ?? unsupported(self, other, context, name)
        );
      };
      const backward: Method = (self, args, context) => {
        const [other] = args.positional;
        return (
          elementwise(state(), primitive, [other, self], site(context, name)) ?? unsupported(self, other, context, name)
        );
      };
      return [
        operation(method, forward),
        operation(reflected, backward),
        operation(`__i${method.slice(2)}`, (self, args, context) =>
          augment(state(), self, args.positional[0], name, forward, context),
        ),
      ];
    }),
    ...Object.entries(comparisons).map(([method, primitive]) =>
      operation(method, (self, args, context) => {
        const name = method.replaceAll('_', '');
        const [other] = args.positional;
        return (
          elementwise(state(), primitive, [self, other], site(context, name)) ?? makeUnknown('a comparison of tensors')
        );
      }),
    ),
    ...['__matmul__', '__rmatmul__'].map((method) =>
      operation(method, (self, args, context) => {
        const [other] = args.positional;
        const [first, second] = method === '__matmul__' ? [self, other] : [other, self];
        const values = new Map<string, Value>();
        if (first) values.set('first', first);
        if (second) values.set('second', second);
        const call = new TorchCall(state(), context, 'torch.matmul', { values, rest: [] });
        return product(call, 'first', 'second') ?? unsupported(self, other, context, 'matmul');
      }),
    ),
    operation(
      '__neg__',
      (self, _args, context) => elementwise(state(), 'negate', [self], site(context, 'neg')) ?? self,
    ),
    operation('__abs__', (self, _args, context) => elementwise(state(), 'abs', [self], site(context, 'abs')) ?? self),
    ...unfollowedOperators.flatMap(({ methods: names, elements }) =>
      names.map((method) =>
        operation(method, (self, args, context) => {
          const [other] = args.positional;
          const values = new Map([['input', self], ...(other ? [['other', other] as const] : [])]);
          const call = new TorchCall(state(), context, `torch.Tensor.${method}`, { values, rest: [] });
          const { shape } = broadcastShapes(call.tensors().map((payload) => payload.shape));
          const isOfBooleans = call.tensors().every((payload) => payload.facts.isBoolean);
          const mask = logical(call, method);
          if (mask) return mask;
          return shaped(call, shape, elements ?? (isOfBooleans ? 'booleans' : 'integers')) ?? makeUnknown(method);
        }),
      ),
    ),
    operation('__getitem__', (self, args, context) => getItem(state(), self, args.positional[0] ?? none, context)),
    operation('__setitem__', (self, args, context) =>
      setItem(state(), self, args.positional[0], args.positional[1], context),
    ),
    operation('__len__', (self) => dimValue(state().payloadOf(self)?.shape?.[0], state().batchSize)),
    operation('__iter__', (self, _args, context) => elements(state(), self, context)),
    operation('__bool__', (self) => {
      const [value] = state().payloadOf(self)?.facts.values ?? [];
      return value === undefined ? makeUnknown('the truth of a tensor') : makeBool(value !== 0);
    }),
    operation('__float__', (self) => asNumber(item(state(), self), makeFloat)),
    ...['__int__', '__index__'].map((method) =>
      operation(method, (self) => asNumber(item(state(), self), (value) => makeInt(Math.trunc(value)))),
    ),
    operation('__deepcopy__', (self) => self),
  ];
}

function asNumber(value: Value, make: (value: number) => Value): Value {
  return value.kind === 'int' || value.kind === 'float' ? make(value.value) : value;
}

const emptyArguments = { positional: [], named: new Map(), positionalSpans: [], namedSpans: new Map() };

/** `w *= 0.5` on a parameter rescales what it is drawn from; on a tensor of the network it makes a new one. */
function augment(
  state: TorchState,
  self: Value,
  other: Value | undefined,
  name: string,
  operation: Method,
  context: CallContext,
): Value {
  const args = { ...emptyArguments, positional: other ? [other] : [] };
  if (state.parameterOf(self) === undefined) return operation(self, args, context);
  const method = { add: 'add_', sub: 'sub_', mul: 'mul_', truediv: 'div_' }[name];
  return method ? context.call(context.getAttribute(self, method), args.positional) : operation(self, args, context);
}

function elements(state: TorchState, self: Value, context: CallContext): Value {
  const payload = state.payloadOf(self);
  const { values } = payload?.facts ?? {};
  const site: Site = { trail: context.trail, name: 'unbind' };
  if (values && payload?.shape?.length === 1) {
    return makeList(
      values.map((value) => constantTensor(state, [], [value], site, { isInteger: payload?.facts.isInteger === true })),
    );
  }
  const pieces = payload?.shape && unbind(state.session, payload.tensor, 0, site);
  if (!pieces) return makeUnknown('the elements of a tensor are not counted');
  return makeList(pieces.map((piece) => state.tensorValue(piece)));
}
