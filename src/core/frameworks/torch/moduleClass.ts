import { makeDict, makeList, makeStr, makeTuple, none, trueValue } from '../../python/make';
import type { CallArguments, CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import { applyModule } from './applyModule';
import { copiedFrom, copyModule } from './copyModule';
import { inertValue } from './inert';
import { childrenOf, namedModules, namedParameters } from './moduleTree';
import { type Method, methods, nativeClass, nativeProperty } from './nativeClass';
import type { TorchState } from './state';

type ModuleMethod = (module: InstanceValue, args: CallArguments, context: CallContext) => Value;

/** `torch.nn.Module` of PyTorch 2.13: submodules and parameters are the attributes that hold them. */
export function moduleClass(state: () => TorchState): ClassValue {
  const onModule =
    (body: ModuleMethod): Method =>
    (self, args, context) =>
      self.kind === 'instance'
        ? body(self, args, context)
        : context.unknown('a module method is called on something else');
  const itself = onModule((module) => module);
  const table: Record<string, Method> = {
    __init__: onModule((module) => {
      module.attributes.set('training', trueValue);
      return none;
    }),
    __setattr__: onModule((module, args) => setAttribute(state(), module, args)),
    __call__: onModule((module, args, context) => applyModule(state(), module, args, context)),
    forward: onModule((module, _args, context) => context.unknown(`${module.class.name} defines no forward`)),
    add_module: onModule((module, args) => register(state(), module, args)),
    register_module: onModule((module, args) => register(state(), module, args)),
    register_parameter: onModule((module, args) => register(state(), module, args)),
    register_buffer: onModule((module, args) => {
      const name = args.positional[0] ?? args.named.get('name');
      if (name?.kind === 'str') buffersOf(state(), module).add(name.value);
      return register(state(), module, args);
    }),
    parameters: onModule((module) => makeList(namedParameters(state(), module).map(({ value }) => value))),
    named_parameters: onModule((module, args) =>
      makeList(
        namedParameters(state(), module, prefixOf(args)).map(({ path, value }) => makeTuple([makeStr(path), value])),
      ),
    ),
    buffers: onModule((module) => makeList(namedBuffers(state(), module).map(([, value]) => value))),
    named_buffers: onModule((module, args) => makeList(named(namedBuffers(state(), module, prefixOf(args))))),
    modules: onModule((module) => makeList([...namedModules(state(), module).keys()])),
    named_modules: onModule((module) =>
      makeList([...namedModules(state(), module)].map(([value, path]) => makeTuple([makeStr(path), value]))),
    ),
    children: onModule((module) => makeList(childrenOf(state(), module).map(([, child]) => child))),
    named_children: onModule((module) =>
      makeList(childrenOf(state(), module).map(([name, child]) => makeTuple([makeStr(name), child]))),
    ),
    apply: onModule((module, args, context) => applyToAll(state(), module, args, context)),
    get_submodule: onModule((module, args, context) => attributeAt(module, args, context)),
    get_parameter: onModule((module, args, context) => attributeAt(module, args, context)),
    get_buffer: onModule((module, args, context) => attributeAt(module, args, context)),
    set_submodule: onModule((module, args, context) => setSubmodule(module, args, context)),
    requires_grad_: onModule((module, args, context) => {
      const flag = args.positional[0] ?? args.named.get('requires_grad');
      const isTrainable = flag ? context.truth(flag) : true;
      for (const { id } of namedParameters(state(), module)) {
        if (isTrainable !== undefined) state().tracer.setTrainable(id, isTrainable);
      }
      return module;
    }),
    state_dict: onModule((module) => stateDict(state(), module)),
    load_state_dict: onModule((module, args) =>
      loadStateDict(state(), module, args.positional[0] ?? args.named.get('state_dict')),
    ),
    __deepcopy__: onModule((module) => copyModule(state(), module)),
    zero_grad: onModule(() => none),
    get_extra_state: onModule(() => none),
    set_extra_state: onModule(() => none),
    extra_repr: onModule(() => makeStr('')),
  };
  for (const name of selfReturning) table[name] = itself;
  for (const name of hooks) table[name] = onModule(() => inertValue());
  return nativeClass('torch.nn.Module', undefined, [
    ...methods('torch.nn.Module', table),
    [
      '_modules',
      nativeProperty('torch.nn.Module._modules', (self) => registered(self, (value) => state().isModule(value))),
    ],
    [
      '_parameters',
      nativeProperty('torch.nn.Module._parameters', (self) => registered(self, (value) => state().isParameter(value))),
    ],
  ]);
}

const selfReturning = [
  ...['to', 'cuda', 'cpu', 'xpu', 'train', 'eval', 'half', 'float', 'double', 'bfloat16', 'type', 'compile'],
  ...['share_memory', 'to_empty', 'requires_grad', 'ipu', 'mtia'],
];

/** What is done besides forward and backward is not followed; registering it gives a handle. */
const hooks = [
  ...['forward', 'forward_pre', 'backward', 'full_backward', 'full_backward_pre'],
  ...['state_dict_pre', 'state_dict_post', 'load_state_dict_pre', 'load_state_dict_post'],
].map((name) => `register_${name}_hook`);

function registered(self: Value, isWanted: (value: Value) => boolean): Value {
  if (self.kind !== 'instance') return makeDict();
  const entries = [...self.attributes].filter(([, value]) => isWanted(value));
  return makeDict(entries.map(([name, value]) => [makeStr(name), value] as const));
}

function setAttribute(state: TorchState, module: InstanceValue, args: CallArguments): Value {
  const [name, value] = args.positional;
  if (name?.kind === 'str' && value) place(state, module, name.value, value);
  return none;
}

function register(state: TorchState, module: InstanceValue, args: CallArguments): Value {
  const name = args.positional[0] ?? args.named.get('name');
  const value =
    args.positional[1] ?? args.named.get('module') ?? args.named.get('param') ?? args.named.get('tensor') ?? none;
  if (name?.kind === 'str') place(state, module, name.value, value);
  return none;
}

/** A module or parameter takes its place in the order when it is first registered, not when a plain value of that name was. */
function place(state: TorchState, module: InstanceValue, name: string, value: Value): void {
  const before = module.attributes.get(name);
  const isRegistered = state.isModule(value) || state.isParameter(value);
  if (isRegistered && before && !state.isModule(before) && !state.isParameter(before)) module.attributes.delete(name);
  module.attributes.set(name, value);
}

function prefixOf(args: CallArguments): string {
  const prefix = args.positional[0] ?? args.named.get('prefix');
  return prefix?.kind === 'str' ? prefix.value : '';
}

/** Children before their parents, as `Module.apply`. */
function applyToAll(state: TorchState, module: InstanceValue, args: CallArguments, context: CallContext): Value {
  const initialise = args.positional[0] ?? args.named.get('fn');
  if (!initialise) return module;
  const visit = (current: InstanceValue, depth: number): void => {
    if (context.isExhausted || depth > 200) return;
    for (const [, child] of childrenOf(state, current)) visit(child, depth + 1);
    context.call(initialise, [current]);
  };
  visit(module, 0);
  return module;
}

function attributeAt(module: InstanceValue, args: CallArguments, context: CallContext): Value {
  const path = args.positional[0] ?? args.named.get('target');
  if (path?.kind !== 'str') return context.unknown('the path of a submodule is not known');
  if (path.value === '') return module;
  return path.value.split('.').reduce<Value>((value, name) => context.getAttribute(value, name), module);
}

/** The module at a path gives way to another. */
function setSubmodule(module: InstanceValue, args: CallArguments, context: CallContext): Value {
  const path = args.positional[0] ?? args.named.get('target');
  const child = args.positional[1] ?? args.named.get('module');
  if (path?.kind !== 'str' || !child) return context.unknown('the path of a submodule is not known');
  const names = path.value.split('.');
  const last = names.pop();
  const parent = names.reduce<Value>((value, name) => context.getAttribute(value, name), module);
  if (last !== undefined) context.setAttribute(parent, last, child);
  return none;
}

function stateDict(state: TorchState, module: InstanceValue): Value {
  const parameters = namedParameters(state, module).map(({ path, value }) => [makeStr(path), value] as const);
  return makeDict([
    ...parameters,
    ...namedBuffers(state, module).map(([path, value]) => [makeStr(path), value] as const),
  ]);
}

function buffersOf(state: TorchState, module: InstanceValue): Set<string> {
  const known = state.buffers.get(module) ?? new Set<string>();
  state.buffers.set(module, known);
  return known;
}

/** Registered tensors that are no parameters, of the module and all below it. */
function namedBuffers(state: TorchState, root: InstanceValue, prefix = ''): readonly (readonly [string, Value])[] {
  return [...namedModules(state, root, prefix)].flatMap(([module, path]) =>
    [...(state.buffers.get(module) ?? [])].flatMap((name): (readonly [string, Value])[] => {
      const value = module.attributes.get(name);
      return value && value.kind !== 'none' ? [[path === '' ? name : `${path}.${name}`, value]] : [];
    }),
  );
}

function named(entries: readonly (readonly [string, Value])[]): Value[] {
  return entries.map(([name, value]) => makeTuple([makeStr(name), value]));
}

/** Another model's own state is drawn from what that model draws it from (a target network); a checkpoint's is not known. */
function loadStateDict(state: TorchState, module: InstanceValue, loaded: Value | undefined): Value {
  const known = loaded?.kind === 'dict' ? [...loaded.entries.values()] : [];
  for (const { id, path } of namedParameters(state, module)) {
    const value = known.find(({ key }) => key.kind === 'str' && key.value === path)?.value;
    const other = value && state.parameterOf(value);
    const reason = 'the weights are loaded from a checkpoint';
    state.tracer.setInitialiser(
      id,
      other === undefined
        ? { distribution: { kind: 'unknown', reason }, scheme: 'load_state_dict', isDefault: false }
        : copiedFrom(other, state.tracer.parameter(other).initialiser),
    );
  }
  return none;
}
