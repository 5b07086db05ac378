import type { InstanceValue, Value } from './values';

/** What an instance of a class derived from a built-in type holds: the mapping of a `dict` subclass, the items of a named tuple. */
export class BuiltinPart {
  constructor(public value: Value) {}
}

export function builtinPart(instance: InstanceValue): Value | undefined {
  return instance.payload instanceof BuiltinPart ? instance.payload.value : undefined;
}

/** The built-in value behind an instance of a derived class, or the value itself. */
export function unwrap(value: Value): Value {
  return value.kind === 'instance' ? (builtinPart(value) ?? value) : value;
}

/** An iterator's state. Elements come once; an open one ends in an unknown number of elements like `sample`. */
export class IteratorPart {
  #taken = 0;
  #isClosed = false;

  constructor(
    private readonly pull: (index: number) => Value | undefined,
    /** Stands for elements of an iterable whose length is unknown. */
    readonly sample: Value | undefined = undefined,
    readonly isInfinite = false,
  ) {}

  /** Gives nothing more from now on. */
  close(): void {
    this.#isClosed = true;
  }

  next(): Value | undefined {
    if (this.#isClosed) return undefined;
    const value = this.pull(this.#taken);
    if (value) this.#taken++;
    return value;
  }
}

export function iteratorPart(value: Value): IteratorPart | undefined {
  return value.kind === 'instance' && value.payload instanceof IteratorPart ? value.payload : undefined;
}
