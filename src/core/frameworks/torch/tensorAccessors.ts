import { makeBool, makeFloat, makeInt, makeList, makeUnknown, none } from '../../python/make';
import type { CallContext, NativeFunctionValue, TupleValue, UnknownValue, Value } from '../../python/values';
import { shapeValue } from '../tensor/dimValues';
import { constantsOf } from '../tensor/picking';
import { permute } from '../tensor/rearranging';
import type { Site } from '../tensor/trace';
import { nativeFunction, TorchCall, unknownEntry } from './call';
import { complexPartsOf } from './complexTensors';
import { differentiate } from './differentiate';
import { setDistribution } from './functions/initialisation';
import { inPlace } from './functions/inPlace';
import { inertValue } from './inert';
import { type Method, methods, nativeProperty } from './nativeClass';
import { parameterDistribution } from './parameterClass';
import { sizeClass } from './sizeClass';
import type { TorchState } from './state';

/** What a tensor of floats in main memory, as models are read, answers when it is asked what it is: PyTorch 2.13 `_tensor.py`. */
const flags: readonly { readonly names: string; readonly value: boolean; readonly isMethod?: boolean }[] = [
  {
    names:
      'is_cuda is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse is_sparse_csr is_vulkan is_xla is_xpu retains_grad volatile',
    value: false,
  },
  { names: 'is_cpu is_leaf', value: true },
  {
    names: 'is_coalesced is_conj is_distributed is_inference is_neg is_pinned is_shared',
    value: false,
    isMethod: true,
  },
  { names: 'is_contiguous is_signed', value: true, isMethod: true },
];

const bytesOfFloat = 4;

/** Attributes and methods of `torch.Tensor` that are no functions of `torch`. */
export function tensorAccessors(state: () => TorchState): [string, Value][] {
  const property = (name: string, get: (self: Value, context: CallContext) => Value): [string, Value] => [
    name,
    nativeProperty(`torch.Tensor.${name}`, get),
  ];
  const table: Record<string, Method> = {
    size: (self, args, context) => {
      const shape = sizeOf(state(), self);
      const axis = args.positional[0] ?? args.named.get('dim');
      return axis && axis.kind !== 'none' ? context.getItem(shape, axis) : shape;
    },
    dim: (self) => rank(state(), self),
    ndimension: (self) => rank(state(), self),
    numel: (self, _args, context) => count(state(), self, context),
    nelement: (self, _args, context) => count(state(), self, context),
    item: (self) => item(state(), self),
    tolist: (self) => {
      const payload = state().payloadOf(self);
      const values = elementsOf(state(), self);
      return values && payload?.shape?.length === 1
        ? makeList(values.map((value) => (payload.facts.isInteger ? makeInt(value) : makeFloat(value))))
        : makeUnknown('the elements of a tensor are not known');
    },
    numpy: (self) => self,
    backward: (self, args, context) => {
      differentiate(state(), self, args.positional[0] ?? args.named.get('gradient'), context);
      return none;
    },
    requires_grad_: (self, args, context) => {
      const id = state().parameterOf(self);
      const flag = args.positional[0] ? context.truth(args.positional[0]) : true;
      if (id !== undefined && flag !== undefined) state().tracer.setTrainable(id, flag);
      return self;
    },
    is_complex: (self) => makeBool(complexPartsOf(state(), self) !== undefined),
    is_floating_point: (self) => makeBool(complexPartsOf(state(), self) === undefined),
    register_hook: () => none,
    register_post_accumulate_grad_hook: () => none,
    get_device: () => makeInt(-1),
    new_tensor: (_self, args, context) => context.call(state().torchFunction('tensor'), args.positional),
    element_size: () => makeInt(bytesOfFloat),
    new_zeros: (_self, args, context) => context.call(state().torchFunction('zeros'), args.positional),
    new_ones: (_self, args, context) => context.call(state().torchFunction('ones'), args.positional),
    new_empty: (_self, args, context) => context.call(state().torchFunction('empty'), args.positional),
    new: (_self, args, context) => context.call(state().torchFunction('empty'), args.positional),
    new_empty_strided: (_self, args, context) =>
      context.call(state().torchFunction('empty'), args.positional.slice(0, 1)),
    new_full: (_self, args, context) => context.call(state().torchFunction('full'), args.positional),
    __setattr__: (self, args, context) => setTensorAttribute(state(), self, args.positional, context),
    __getattr__: (self, args) => {
      const [name] = args.positional;
      return { kind: 'method', self, function: unknownMethod(state, name?.kind === 'str' ? name.value : '?') };
    },
  };
  for (const { names, value, isMethod } of flags) {
    if (isMethod) for (const name of names.split(' ')) table[name] = () => makeBool(value);
  }
  return [
    ...methods('torch.Tensor', table),
    ...flags
      .filter(({ isMethod }) => !isMethod)
      .flatMap(({ names, value }) => names.split(' ').map((name) => property(name, () => makeBool(value)))),
    property('shape', (self) => sizeOf(state(), self)),
    property('ndim', (self) => rank(state(), self)),
    property('data', (self) => self),
    ...['real', 'imag'].map((name) =>
      property(name, (self, context) => context.call(state().torchFunction(name), [self])),
    ),
    property('grad', () => none),
    property('dtype', () => inertValue()),
    property('device', () => inertValue()),
    property('layout', () => inertValue()),
    property('grad_fn', () => none),
    property('grad_dtype', () => inertValue()),
    property('name', () => none),
    property('output_nr', () => makeInt(0)),
    property('itemsize', () => makeInt(bytesOfFloat)),
    property('nbytes', (self, context) => context.binary('*', count(state(), self, context), makeInt(bytesOfFloat))),
    property('requires_grad', (self) => {
      const id = state().parameterOf(self);
      return makeBool(id !== undefined && state().tracer.parameter(id).isTrainable);
    }),
    property('T', (self, context) => transposed(state(), self, context, 'all')),
    property('H', (self, context) => transposed(state(), self, context, 'all')),
    property('mH', (self, context) => transposed(state(), self, context, 'last')),
    property('mT', (self, context) => transposed(state(), self, context, 'last')),
  ];
}

function setTensorAttribute(state: TorchState, self: Value, args: readonly Value[], context: CallContext): Value {
  const [name, value] = args;
  if (self.kind !== 'instance' || name?.kind !== 'str' || !value) return none;
  if (name.value === 'requires_grad') {
    const id = state.parameterOf(self);
    const flag = context.truth(value);
    if (id !== undefined && flag !== undefined) state.tracer.setTrainable(id, flag);
  } else if (name.value === 'data') {
    const call = new TorchCall(state, context, 'torch.Tensor.data', { values: new Map(), rest: [] });
    const payload = state.payloadOf(value);
    const distribution = payload?.facts.distribution ?? parameterDistribution(state, payload);
    const reason = 'data is set to a tensor that is not known';
    setDistribution(call, self, distribution ?? { kind: 'unknown', reason }, 'data');
  } else self.attributes.set(name.value, value);
  return none;
}

/** The elements where they are known, or follow from constants alone. */
function elementsOf(state: TorchState, self: Value): readonly number[] | undefined {
  const payload = state.payloadOf(self);
  if (!payload || payload.facts.values) return payload?.facts.values;
  const worked = constantsOf(state.session, payload.tensor.node);
  return worked && Array.from(worked);
}

export function item(state: TorchState, self: Value): Value {
  const { isInteger } = state.payloadOf(self)?.facts ?? {};
  const [value] = elementsOf(state, self) ?? [];
  if (value === undefined) return makeUnknown('the value of a tensor is known only when the code runs');
  return isInteger ? makeInt(value) : makeFloat(value);
}

function rank(state: TorchState, self: Value): Value {
  const length = state.payloadOf(self)?.shape?.length;
  return length === undefined ? makeUnknown('the rank of a tensor is not known') : makeInt(length);
}

function sizeOf(state: TorchState, self: Value): TupleValue | UnknownValue {
  const shape = shapeValue(state.payloadOf(self)?.shape, state.batchSize);
  return shape.kind === 'tuple' ? { ...shape, class: sizeClass } : shape;
}

function count(state: TorchState, self: Value, context: CallContext): Value {
  const shape = sizeOf(state, self);
  if (shape.kind === 'unknown') return shape;
  return shape.items.reduce<Value>((total, size) => context.binary('*', total, size), makeInt(1));
}

function transposed(state: TorchState, self: Value, context: CallContext, which: 'all' | 'last'): Value {
  const payload = state.payloadOf(self);
  const length = payload?.shape?.length;
  if (!payload || length === undefined) return makeUnknown('the rank of a tensor is not known');
  const order = Array.from({ length }, (_, axis) => axis);
  const last = which === 'all' ? order.toReversed() : [...order.slice(0, -2), ...order.slice(-2).toReversed()];
  const site: Site = { trail: context.trail, name: 'transpose' };
  return state.tensorValue(permute(state.session, payload.tensor, last, site), {
    ...(payload.facts.distribution && { distribution: payload.facts.distribution }),
  });
}

/** One whose name ends in an underscore writes into its tensor. */
function unknownMethod(state: () => TorchState, name: string): NativeFunctionValue {
  const isInPlace = name.endsWith('_') && !name.startsWith('_');
  const entry = unknownEntry(`torch.Tensor.${isInPlace ? name.slice(0, -1) : name}`);
  return isInPlace ? inPlace(state, entry) : nativeFunction(state, entry);
}
