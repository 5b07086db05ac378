import type { Value } from '../../python/values';

/** A table whose values are made when they are first looked up: a file uses few of a framework's names. */
export class LazyNames extends Map<string, Value> {
  constructor(private readonly make: (name: string) => Value | undefined) {
    super();
  }

  override get(name: string): Value | undefined {
    const known = super.get(name);
    if (known) return known;
    const made = this.make(name);
    if (made) this.set(name, made);
    return made;
  }

  override has(name: string): boolean {
    return this.get(name) !== undefined;
  }
}
