import { makeBool, makeDict, makeInt, makeList, makeStr, makeTuple, none } from '../../python/make';
import { unwrap } from '../../python/payload';
import type { CallArguments, CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import { intsOf } from './call';
import { type Method, methods, nativeClass } from './nativeClass';
import type { TorchState } from './state';

type ContainerMethod = (container: InstanceValue, args: CallArguments, context: CallContext) => Value;

/** `Sequential`, `ModuleList`, `ModuleDict`, `ParameterList`, `ParameterDict` of PyTorch 2.13 `nn/modules/container.py`. */
export function containerClasses(state: () => TorchState, base: ClassValue): readonly ClassValue[] {
  const list = listMethods(state);
  const dict = dictMethods(state);
  const sequential = nativeClass(
    'torch.nn.Sequential',
    base,
    containerMethods('torch.nn.Sequential', {
      ...list,
      __init__: (container, args, context) => {
        const [only] = args.positional;
        if (args.positional.length === 1 && only && unwrap(only).kind === 'dict')
          return addEntries(container, only, context);
        for (const [index, value] of args.positional.entries()) container.attributes.set(String(index), value);
        return none;
      },
      forward: (container, args, context) =>
        itemsOf(state(), container).reduce<Value>(
          (value, [, child]) => context.call(child, [value]),
          args.positional[0] ?? args.named.get('input') ?? context.unknown('a Sequential is called without an input'),
        ),
    }),
  );
  const list_ = (name: string, table = list) => nativeClass(name, base, containerMethods(name, table));
  const dict_ = (name: string, table = dict) => nativeClass(name, base, containerMethods(name, table));
  return [
    sequential,
    list_('torch.nn.ModuleList'),
    list_('torch.nn.ParameterList', makingParameters(state, list)),
    dict_('torch.nn.ModuleDict'),
    dict_('torch.nn.ParameterDict', makingParameters(state, dict)),
  ];
}

/** `ParameterList` and `ParameterDict` make parameters of the tensors that they are given. */
function makingParameters(
  state: () => TorchState,
  table: Readonly<Record<string, ContainerMethod>>,
): Record<string, ContainerMethod> {
  const asParameters = (value: Value, context: CallContext): Value => {
    const plain = unwrap(value);
    if (state().payloadOf(plain))
      return state().isParameter(plain) ? plain : context.call(state().parameterClass, [plain]);
    if (plain.kind === 'list' || plain.kind === 'tuple') {
      return makeList(plain.items.map((item) => asParameters(item, context)));
    }
    if (plain.kind !== 'dict') return value;
    return makeDict(
      [...plain.entries.values()].map(({ key, value: item }) => [key, asParameters(item, context)] as const),
    );
  };
  return Object.fromEntries(
    Object.entries(table).map(([name, method]): [string, ContainerMethod] => [
      name,
      (container, args, context) =>
        method(
          container,
          { ...args, positional: args.positional.map((value) => asParameters(value, context)) },
          context,
        ),
    ]),
  );
}

/** What a container holds, in order, under its keys; what stands under a number is an item even where it is not known. */
export function itemsOf(state: TorchState, container: InstanceValue): readonly (readonly [string, Value])[] {
  return [...container.attributes].filter(
    ([key, value]) => state.isModule(value) || state.isParameter(value) || /^\d+$/.test(key),
  );
}

function listMethods(state: () => TorchState): Record<string, ContainerMethod> {
  const append: ContainerMethod = (container, args) => {
    const [value] = args.positional;
    if (value) appendItem(state(), container, value);
    return container;
  };
  return {
    __init__: (container, args, context) => {
      const source = args.positional[0] ?? args.named.get('modules') ?? args.named.get('values');
      if (source && source.kind !== 'none') extend(state(), container, source, context);
      return none;
    },
    append,
    extend: (container, args, context) => {
      const [source] = args.positional;
      if (source) extend(state(), container, source, context);
      return container;
    },
    __iadd__: (container, args, context) => {
      const [source] = args.positional;
      if (source) extend(state(), container, source, context);
      return container;
    },
    insert: (container, args) => {
      const [at] = intsOf(args.positional[0]) ?? [];
      const value = args.positional[1];
      if (at === undefined || !value) return none;
      const items = itemsOf(state(), container).map(([, item]) => item);
      items.splice(at, 0, value);
      replaceItems(state(), container, items);
      return container;
    },
    pop: (container, args, context) => {
      const items = itemsOf(state(), container).map(([, item]) => item);
      const at = position(args.positional[0] ?? makeInt(-1), items.length);
      const [removed] = at === undefined ? [] : items.splice(at, 1);
      replaceItems(state(), container, items);
      return removed ?? context.unknown('the index of pop is not known');
    },
    __getitem__: (container, args, context) => {
      const [index] = args.positional;
      // A module list numbers its items from zero: of many, only the one that is asked for is looked at.
      const direct = index?.kind === 'int' && isModuleList(container) && container.attributes.get(String(index.value));
      if (direct) return direct;
      const items = itemsOf(state(), container);
      if (index?.kind === 'slice') {
        const picked = context.getItem(makeList(items.map(([key, item]) => makeTuple([makeStr(key), item]))), index);
        return sliceOf(container, picked);
      }
      const at = index && position(index, items.length);
      const found = at === undefined ? undefined : items[at];
      return found?.[1] ?? context.unknown('the index of a module list is not known or out of range');
    },
    __setitem__: (container, args) => {
      const [index, value] = args.positional;
      const items = itemsOf(state(), container);
      const at = index && position(index, items.length);
      const key = at === undefined ? undefined : items[at]?.[0];
      if (key !== undefined && value) container.attributes.set(key, value);
      return none;
    },
    __delitem__: (container, args) => {
      const items = itemsOf(state(), container).map(([, item]) => item);
      const at = args.positional[0] && position(args.positional[0], items.length);
      if (at !== undefined) items.splice(at, 1);
      replaceItems(state(), container, items);
      return none;
    },
    __len__: (container) => makeInt(itemsOf(state(), container).length),
    __iter__: (container) => makeList(itemsOf(state(), container).map(([, item]) => item)),
    __contains__: (container, args) =>
      makeBool(itemsOf(state(), container).some(([, item]) => item === args.positional[0])),
  };
}

function dictMethods(state: () => TorchState): Record<string, ContainerMethod> {
  const lookup = (container: InstanceValue, key: Value | undefined): Value | undefined =>
    key?.kind === 'str' ? container.attributes.get(key.value) : undefined;
  return {
    __init__: (container, args, context) => {
      const source = args.positional[0] ?? args.named.get('modules') ?? args.named.get('parameters');
      return source && source.kind !== 'none' ? addEntries(container, source, context) : none;
    },
    update: (container, args, context) =>
      args.positional[0] ? addEntries(container, args.positional[0], context) : none,
    __getitem__: (container, args, context) =>
      lookup(container, args.positional[0]) ?? context.unknown('the key of a module dictionary is not known'),
    get: (container, args) => lookup(container, args.positional[0]) ?? args.positional[1] ?? none,
    __setitem__: (container, args) => {
      const [key, value] = args.positional;
      if (key?.kind === 'str' && value) container.attributes.set(key.value, value);
      return none;
    },
    pop: (container, args, context) => {
      const [key] = args.positional;
      const value = lookup(container, key);
      if (key?.kind === 'str') container.attributes.delete(key.value);
      return value ?? context.unknown('the key of a module dictionary is not known');
    },
    __contains__: (container, args) =>
      makeBool(
        itemsOf(state(), container).some(
          ([key]) => args.positional[0]?.kind === 'str' && key === args.positional[0].value,
        ),
      ),
    __len__: (container) => makeInt(itemsOf(state(), container).length),
    __iter__: (container) => makeList(itemsOf(state(), container).map(([key]) => makeStr(key))),
    keys: (container) => makeList(itemsOf(state(), container).map(([key]) => makeStr(key))),
    values: (container) => makeList(itemsOf(state(), container).map(([, item]) => item)),
    items: (container) => makeList(itemsOf(state(), container).map(([key, item]) => makeTuple([makeStr(key), item]))),
  };
}

function containerMethods(name: string, table: Readonly<Record<string, ContainerMethod>>): [string, Value][] {
  return methods(
    name,
    Object.fromEntries(
      Object.entries(table).map(([method, body]): [string, Method] => [
        method,
        (self, args, context) =>
          self.kind === 'instance'
            ? body(self, args, context)
            : context.unknown(`${name}.${method} is called on something else`),
      ]),
    ),
  );
}

/** From a mapping or a sequence of pairs. */
function addEntries(container: InstanceValue, source: Value, context: CallContext): Value {
  const mapping = unwrap(source);
  if (mapping.kind === 'dict') {
    for (const { key, value } of mapping.entries.values()) {
      if (key.kind === 'str') container.attributes.set(key.value, value);
    }
    return none;
  }
  for (const pair of context.iterate(source) ?? []) {
    const [key, value] = context.iterate(pair) ?? [];
    if (key?.kind === 'str' && value) container.attributes.set(key.value, value);
  }
  return none;
}

function extend(state: TorchState, container: InstanceValue, source: Value, context: CallContext): void {
  const items = context.iterate(source);
  if (!items) {
    context.unknown('the modules of a list are not known');
    return;
  }
  for (const item of items) appendItem(state, container, item);
}

/** Items at the last append and all attributes then: one more append need not count anew. */
const counts = new WeakMap<InstanceValue, { readonly attributes: number; readonly items: number }>();

function appendItem(state: TorchState, container: InstanceValue, value: Value): void {
  const { attributes } = container;
  const known = counts.get(container);
  const items = known?.attributes === attributes.size ? known.items : itemsOf(state, container).length;
  attributes.set(String(items), value);
  counts.set(container, { attributes: attributes.size, items: items + 1 });
}

function replaceItems(state: TorchState, container: InstanceValue, items: readonly Value[]): void {
  counts.delete(container);
  for (const [key] of itemsOf(state, container)) container.attributes.delete(key);
  for (const [index, item] of items.entries()) container.attributes.set(String(index), item);
}

function isModuleList(container: InstanceValue): boolean {
  return container.class.mro.some((cls) => cls.name === 'torch.nn.ModuleList');
}

/** Slices of a Sequential keep the keys, those of a ModuleList count anew. */
function sliceOf(container: InstanceValue, picked: Value): Value {
  if (picked.kind !== 'list') return picked;
  const isList = isModuleList(container);
  const attributes = new Map<string, Value>();
  picked.items.forEach((pair, index) => {
    const [key, item] = pair.kind === 'tuple' ? pair.items : [];
    if (key?.kind === 'str' && item) attributes.set(isList ? String(index) : key.value, item);
  });
  return { kind: 'instance', class: container.class, attributes, made: container.made };
}

function position(index: Value, length: number): number | undefined {
  const [at] = intsOf(index) ?? [];
  if (at === undefined) return undefined;
  const resolved = at < 0 ? at + length : at;
  return resolved >= 0 && resolved < length ? resolved : undefined;
}
