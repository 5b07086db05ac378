import { makeStr } from '../../../python/make';
import type { ModuleValue, Value } from '../../../python/values';

export type Lookup = (name: string) => Value | undefined;

/** Modules by dotted name, whose members are made when they are first asked for. */
export class ModuleTable {
  readonly #modules = new Map<string, ModuleValue>();

  /** `moduleNamed` finds members that are modules themselves. */
  constructor(private readonly moduleNamed: (dotted: string) => ModuleValue | undefined) {}

  get(name: string): ModuleValue | undefined {
    return this.#modules.get(name);
  }

  set(name: string, module: ModuleValue): void {
    this.#modules.set(name, module);
  }

  /** `exported`: what a star import brings. */
  add(name: string, lookup: Lookup, exported?: Iterable<string>): void {
    const found = new Map<string, Value | undefined>();
    if (exported) found.set('__all__', { kind: 'list', items: Array.from(exported, makeStr) });
    this.set(name, {
      kind: 'module',
      name,
      lookup: (member) => {
        const module = this.moduleNamed(`${name}.${member}`);
        if (module) return module;
        if (!found.has(member)) found.set(member, lookup(member));
        return found.get(member);
      },
    });
  }

  addNames(name: string, members: ReadonlyMap<string, Value>): void {
    this.add(name, (member) => members.get(member), members.keys());
  }
}
