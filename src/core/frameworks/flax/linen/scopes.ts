import type { ParameterId, Shape } from '../../../network/network';
import type { CallContext, FunctionValue, InstanceValue, Value } from '../../../python/values';
import type { FlaxState } from '../flaxState';
import { initialiserOf } from '../initialisers';
import type { LayerCall, ParameterHome, ParameterRequest } from '../layerCall';
import { copyConstruction } from '../layerClasses';

/** What a linen module keeps with its instance: the binding of flax 0.12.8, linen/module.py `_ModuleInternalState`. */
export class ModuleState {
  name: string | undefined;
  /** null for modules made outside of every other; undefined before that is known. */
  parent: InstanceValue | null | undefined;
  /** Dotted path below the model that is applied; undefined until the module is bound. */
  path: string | undefined;
  inSetup = false;
  inCompact = false;
  isSetUp = false;
  /** Next number for submodules of each class that a compact method makes. */
  readonly cursors = new Map<string, number>();
}

/** The parameters of one model, by path; a later application with other sizes makes them anew. */
class RootParameters {
  readonly ids = new Map<string, ParameterId>();
  readonly used = new Set<ParameterId>();
}

/** Which linen module stands where while models are applied. */
export class LinenScopes {
  readonly #modules: InstanceValue[] = [];
  readonly #declared = new WeakMap<InstanceValue, readonly Shape[]>();
  readonly #roots = new WeakMap<InstanceValue, RootParameters>();
  #root = new RootParameters();

  constructor(private readonly state: () => FlaxState) {}

  stateOf(module: InstanceValue): ModuleState {
    if (module.payload instanceof ModuleState) return module.payload;
    const made = new ModuleState();
    module.payload = made;
    return made;
  }

  /** True where the module has its place in a model that is being applied. */
  isBound(module: InstanceValue): boolean {
    return this.stateOf(module).path !== undefined || this.current !== undefined;
  }

  get current(): InstanceValue | undefined {
    return this.#modules.at(-1);
  }

  /** After the fields are set: finds the parent and the name, as Flax's `__post_init__`. */
  constructed(module: InstanceValue, name: Value | undefined, parent: Value | undefined): void {
    const own = this.stateOf(module);
    if (name?.kind === 'str') own.name = name.value;
    if (this.state().isLinen(parent)) own.parent = parent;
    else own.parent = this.current ?? null;
    this.#attach(module);
  }

  #attach(module: InstanceValue): void {
    const own = this.stateOf(module);
    if (!own.parent) return;
    const parent = this.stateOf(own.parent);
    if (own.name === undefined) {
      if (parent.inSetup) return;
      const prefix = module.class.name.slice(module.class.name.lastIndexOf('.') + 1);
      const count = parent.cursors.get(prefix) ?? 0;
      parent.cursors.set(prefix, count + 1);
      own.name = `${prefix}_${count}`;
    }
    own.path = joined(parent.path, own.name);
    this.#adoptFields(module);
  }

  #adoptFields(module: InstanceValue): void {
    for (const [field, value] of [...module.attributes]) if (field !== 'parent') this.adopt(module, field, value);
  }

  /** Modules in a value that is kept under `name` become submodules, unless they have a place already: `layers_0`. */
  adopt(module: InstanceValue, name: string, value: Value, depth = 0): void {
    if (depth > 8) return;
    if (this.state().isLinen(value)) {
      const own = this.stateOf(value);
      if (own.name !== undefined && own.parent) return;
      own.parent = module;
      own.name = name;
      this.#attach(value);
    } else if (value.kind === 'list' || value.kind === 'tuple') {
      for (const [index, item] of value.items.entries()) this.adopt(module, `${name}_${index}`, item, depth + 1);
    } else if (value.kind === 'dict') {
      for (const { key, value: item } of value.entries.values()) {
        const suffix = key.kind === 'str' || key.kind === 'int' ? String(key.value) : '';
        this.adopt(module, `${name}_${suffix}`, item, depth + 1);
      }
    }
  }

  /** Runs a method in the module's place; `setup` has run before it. */
  calling(module: InstanceValue, isCompact: boolean, context: CallContext, body: () => Value): Value {
    const own = this.stateOf(module);
    if (own.path === undefined && own.parent === null && this.current) own.parent = this.current;
    if (own.path === undefined && own.parent) this.#attach(module);
    this.setUp(module, context);
    const isOuter = isCompact && !own.inCompact;
    if (isOuter) {
      own.inCompact = true;
      own.cursors.clear();
    }
    this.#modules.push(module);
    try {
      return this.state().session.tracer.within(own.path ?? '', body);
    } finally {
      this.#modules.pop();
      if (isOuter) {
        own.inCompact = false;
        own.cursors.clear();
      }
    }
  }

  /** The user's `setup`, once for each binding. */
  setUp(module: InstanceValue, context: CallContext): void {
    const own = this.stateOf(module);
    if (own.path === undefined || own.inSetup || own.isSetUp) return;
    own.isSetUp = true;
    const setup = setupOf(module);
    if (!setup) return;
    own.inSetup = true;
    this.#modules.push(module);
    try {
      context.call(setup, [module]);
    } finally {
      this.#modules.pop();
      own.inSetup = false;
    }
  }

  /** Applies a copy of the model, as Flax does, with parameters of its own. */
  asRoot<T>(model: InstanceValue, body: (copy: InstanceValue) => T): T {
    const outer = this.#root;
    const outerModules = this.#modules.splice(0);
    this.#root = this.#roots.get(model) ?? new RootParameters();
    this.#roots.set(model, this.#root);
    this.#root.used.clear();
    const copy = this.#copy(model, new Map());
    const own = this.stateOf(copy);
    own.parent = null;
    own.path = '';
    this.#adoptFields(copy);
    try {
      return body(copy);
    } finally {
      this.#root = outer;
      this.#modules.push(...outerModules);
    }
  }

  /** The first axis of an array of several is the batch. */
  declare(model: InstanceValue, shapes: readonly Shape[]): void {
    const withoutBatch = shapes.map((shape) => (shape && shape.length > 1 ? shape.slice(1) : shape));
    if (!this.#declared.has(model)) this.#declared.set(model, withoutBatch);
  }

  declaredInputShapes(model: InstanceValue): readonly Shape[] | undefined {
    return this.#declared.get(model);
  }

  /** Of its last application. */
  parametersOf(model: InstanceValue): readonly ParameterId[] {
    return [...(this.#roots.get(model)?.used ?? [])];
  }

  /** The parameter at this path, made by `make` where there is none of this shape. */
  parameter(
    path: string,
    shape: readonly number[],
    make: () => ParameterId,
    problem: (text: string) => void,
  ): ParameterId {
    const { ids, used } = this.#root;
    const known = ids.get(path);
    if (known !== undefined) {
      const before = this.state().session.tracer.parameter(known).shape;
      const fits = before.length === shape.length && before.every((size, axis) => size === shape[axis]);
      if (!fits && used.has(known))
        problem(`${path} has the shape ${before.join('×')} and is asked for as ${shape.join('×')}`);
      if (fits || used.has(known)) {
        used.add(known);
        return known;
      }
    }
    const made = make();
    ids.set(path, made);
    used.add(made);
    return made;
  }

  home(layer: InstanceValue): ParameterHome {
    const path = this.stateOf(layer).path ?? '';
    return {
      isLinen: true,
      path,
      parameter: (request, call) => this.#layerParameter(joined(path, request.name), request, call),
    };
  }

  #layerParameter(path: string, request: ParameterRequest, call: LayerCall): ParameterId {
    const shape = request.stored ?? request.shape;
    const make = (): ParameterId => {
      const { argument } = request;
      const value = argument === undefined ? undefined : call.value(argument);
      const span = argument === undefined ? undefined : call.span(argument);
      const drawn = request.drawn ?? request.shape;
      const initialiser = initialiserOf(call.state, value, request.fallback, drawn, span, call.context);
      return call.session.tracer.addParameter(path, shape, initialiser);
    };
    return this.parameter(path, shape, make, (text) => call.problem(text));
  }

  /** A module and the modules among its fields, unbound; each is copied once. */
  #copy(module: InstanceValue, copies: Map<InstanceValue, InstanceValue>): InstanceValue {
    const known = copies.get(module);
    if (known) return known;
    const copy: InstanceValue = { kind: 'instance', class: module.class, attributes: new Map(), made: module.made };
    copies.set(module, copy);
    const own = this.stateOf(copy);
    const before = this.stateOf(module);
    own.parent = null;
    if (before.parent === null && before.name !== undefined) own.name = before.name;
    for (const [name, value] of module.attributes) {
      if (name !== 'parent') copy.attributes.set(name, this.#copyWithin(value, copies, 0));
    }
    copyConstruction(module, copy);
    return copy;
  }

  #copyWithin(value: Value, copies: Map<InstanceValue, InstanceValue>, depth: number): Value {
    if (depth > 8) return value;
    if (this.state().isLinen(value)) return this.#copy(value, copies);
    if (value.kind === 'list' || value.kind === 'tuple') {
      const items = value.items.map((item) => this.#copyWithin(item, copies, depth + 1));
      return items.some((item, index) => item !== value.items[index]) ? { kind: value.kind, items } : value;
    }
    if (value.kind !== 'dict') return value;
    const entries = new Map(
      [...value.entries].map(([key, entry]) => [
        key,
        { key: entry.key, value: this.#copyWithin(entry.value, copies, depth + 1) },
      ]),
    );
    return { kind: 'dict', entries };
  }
}

export function joined(path: string | undefined, name: string): string {
  return path ? `${path}.${name}` : name;
}

const setups = new WeakMap<object, FunctionValue>();

/** Keeps the `setup` of a class apart from its other methods: nobody calls it but Flax. */
export function setSetup(cls: InstanceValue['class'], setup: FunctionValue): void {
  setups.set(cls, setup);
}

function setupOf(module: InstanceValue): FunctionValue | undefined {
  for (const cls of module.class.mro) {
    const found = setups.get(cls);
    if (found) return found;
  }
  return undefined;
}
