import { makeNative, makeNativeClass } from '../../python/nativeClass';
import type {
  ClassValue,
  InstanceValue,
  ModuleValue,
  NativeFunctionValue,
  UnknownValue,
  Value,
} from '../../python/values';

/**
 * Optimisers, callbacks, metrics: objects that shape no network. Whatever is asked of them or called on them gives another of the kind,
 * so that code around them reads on without an unknown.
 */
export class InertObjects {
  readonly #class: ClassValue;

  constructor() {
    const again = makeNative('inert', () => this.object);
    const namespace: Readonly<Record<string, Value>> = {
      __init__: makeNative('inert.__init__', () => ({ kind: 'none' })),
      __call__: again,
      __getattr__: again,
      __enter__: again,
      __exit__: makeNative('inert.__exit__', () => ({ kind: 'none' })),
    };
    this.#class = makeNativeClass('inert', [], namespace);
  }

  /** A module all of whose names are classes of such objects. */
  module(name: string): ModuleValue {
    return { kind: 'module', name, lookup: () => this.#class };
  }

  get class(): ClassValue {
    return this.#class;
  }

  get object(): InstanceValue {
    return { kind: 'instance', class: this.#class, attributes: new Map(), made: [] };
  }

  /** A module of data: everything it gives is unknown, and nobody needs to hear of it. */
  dataModule(name: string): ModuleValue {
    const unknown: UnknownValue = { kind: 'unknown', reason: `${name} is data`, span: undefined };
    const load = makeNative(`${name}.load`, () => unknown);
    const members: ModuleValue = {
      kind: 'module',
      name,
      lookup: (member) => (member === 'load_data' ? load : unknown),
    };
    return { kind: 'module', name, lookup: (member) => (/^[a-z0-9_]+$/.test(member) ? members : unknown) };
  }
}

/** A decorator, plain or with arguments, that leaves its function as it is. */
export function passingDecorator(name: string): NativeFunctionValue {
  const pass = makeNative(name, (args) => args.positional[0] ?? { kind: 'none' });
  return makeNative(name, (args) => {
    const [first] = args.positional;
    const isDecorated = first?.kind === 'function' || first?.kind === 'class' || first?.kind === 'method';
    return isDecorated ? first : pass;
  });
}
