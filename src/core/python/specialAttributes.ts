import { makeDict, makeStr, makeTuple, makeUnknown, none } from './make';
import { moduleNameOf } from './scopes';
import type { Statement } from './syntax';
import type { DictValue, FunctionValue, NativeFunctionValue, Scope, Value } from './values';

/** What Python keeps with a function. */
export function functionAttribute(object: FunctionValue, name: string): Value | undefined {
  switch (name) {
    case '__name__':
      return makeStr(object.name);
    case '__qualname__':
      return qualifiedName(object);
    case '__module__':
      return moduleNameOf(object.closure);
    case '__doc__':
      return docOf(object.definition.kind === 'function' ? object.definition.body : undefined);
    case '__defaults__':
    case '__kwdefaults__':
      return defaultsOf(object, name === '__kwdefaults__');
    case '__dict__':
      return attributeDict(object.attributes);
    case '__annotations__':
      return makeDict();
    default:
      return undefined;
  }
}

function qualifiedName({ name, definition, owner, closure }: FunctionValue): Value {
  const isMethod = definition.kind === 'function' && owner?.definition?.body.includes(definition);
  const outer = isMethod ? owner?.namespace.get('__qualname__') : undefined;
  if (outer?.kind === 'str') return makeStr(`${outer.value}.${name}`);
  if (closure.kind === 'module') return makeStr(name);
  return makeUnknown('qualified names of functions within functions are not followed');
}

/** The text that stands first in a body. */
export function docOf(body: readonly Statement[] | undefined): Value {
  const first = body?.[0];
  return first?.kind === 'expression' && first.value.kind === 'string' ? makeStr(first.value.value) : none;
}

function defaultsOf({ definition, defaults }: FunctionValue, isKeywordOnly: boolean): Value {
  const { parameters } = definition;
  const star = parameters.findIndex(({ form }) => form === '*' || form === 'bare*');
  const wanted = parameters.filter((_, index) => (star >= 0 && index > star) === isKeywordOnly);
  const known = wanted.flatMap(({ name }): [string, Value][] => {
    const value = name && defaults.get(name.name);
    return name && value ? [[name.name, value]] : [];
  });
  if (known.length === 0) return none;
  return isKeywordOnly
    ? makeDict(known.map(([name, value]) => [makeStr(name), value]))
    : makeTuple(known.map(([, value]) => value));
}

export function propertyAttribute(property: Extract<Value, { kind: 'property' }>, name: string): Value | undefined {
  if (name === 'fget') return property.get;
  const call = (make: (accessor: FunctionValue | NativeFunctionValue) => Value): Value => ({
    kind: 'native',
    name: `property.${name}`,
    call: (args) => {
      const accessor = args.positional[0];
      return accessor?.kind === 'function' || accessor?.kind === 'native' ? make(accessor) : property;
    },
  });
  if (name === 'setter') return call((set) => ({ ...property, set }));
  if (name === 'getter') return call((get) => ({ ...property, get }));
  if (name === 'deleter') return call((remove) => ({ ...property, delete: remove }));
  return undefined;
}

/** The names of a module, with those that wait. */
export function namesOfModule(scope: Scope): Map<string, Value> {
  for (const name of scope.deferred?.names ?? []) scope.deferred?.take(name);
  return scope.names;
}

/** `__dict__`, `globals()`: a mapping whose entries are the names themselves, so that `self.__dict__.update(…)` sets them. */
export function attributeDict(attributes: Map<string, Value>): DictValue {
  return { kind: 'dict', entries: new AttributeEntries(attributes) };
}

class AttributeEntries extends Map<string, { readonly key: Value; value: Value }> {
  readonly #attributes: Map<string, Value>;

  constructor(attributes: Map<string, Value>) {
    super();
    this.#attributes = attributes;
    for (const name of attributes.keys()) super.set(`s${name}`, this.#entry(name));
  }

  override set(key: string, entry: { readonly key: Value; value: Value }): this {
    if (entry.key.kind !== 'str') return super.set(key, entry);
    this.#attributes?.set(entry.key.value, entry.value);
    return super.set(key, this.#entry(entry.key.value));
  }

  override delete(key: string): boolean {
    this.#attributes.delete(key.slice(1));
    return super.delete(key);
  }

  #entry(name: string): { readonly key: Value; value: Value } {
    const attributes = this.#attributes;
    return {
      key: makeStr(name),
      get value() {
        return attributes.get(name) ?? none;
      },
      set value(value: Value) {
        attributes.set(name, value);
      },
    };
  }
}
