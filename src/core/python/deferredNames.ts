import type { ScannedImport } from './importScan';
import { loadModule } from './imports';
import type { Machine, ResolvedModule } from './machine';
import type { WaitingDefinition } from './outline';
import type { SourceModule } from './sourceModule';
import type { Scope, Value } from './values';

/** An import that waits, in `file`. */
interface PendingImport extends ScannedImport {
  readonly file: string;
}

/** A star import; `load` binds what the module exports beyond the names that its text says. */
interface WaitingStar {
  readonly source: SourceModule;
  readonly load: () => void;
}

/**
 * Names of a project module that wait until they are read: imports, as in PEP 690 (Lazy Imports, Meyer and Price 2022), and plain
 * definitions. A large package of which one model is built costs the definitions of that model. What such a wait could hide are classes
 * that enter themselves somewhere when they are made (`@register_model`): they are made before the place of entry is looked at, see
 * `settleImports`.
 */
export class DeferredNames {
  readonly #waiting = new Map<string, () => Value | undefined>();
  /** Definitions that may enter themselves somewhere. */
  readonly #entering = new Set<string>();
  #stars: WaitingStar[] = [];
  readonly #isFilledByFunctions = new Map<string, boolean>();

  constructor(
    private readonly machine: Machine,
    readonly module: ResolvedModule,
    private readonly scope: Scope,
  ) {}

  /** `load` gives the value when the name is first read. */
  defer(name: string, load: () => Value | undefined): void {
    if (this.#entering.has(name)) this.take(name);
    this.scope.names.delete(name);
    this.#waiting.set(name, load);
  }

  deferDefinition({ name, mayEnter }: WaitingDefinition, load: () => Value | undefined): void {
    this.defer(name, load);
    if (mayEnter) this.#entering.add(name);
  }

  /** Makes every definition that may enter itself somewhere. */
  makeEntering(): void {
    for (const name of this.#entering) this.take(name);
  }

  deferRest(star: WaitingStar): void {
    this.#stars.push(star);
  }

  /** The value of a name that waits, which from now on is bound. */
  take(name: string): Value | undefined {
    const load = this.#waiting.get(name);
    if (!load) return undefined;
    this.#waiting.delete(name);
    this.#entering.delete(name);
    const value = this.#atTop(load);
    if (value) this.scope.names.set(name, value);
    return value;
  }

  /** A name that no text says it exports: modules may add to their `__all__` while they run. First those that mention it. */
  takeRest(name: string): Value | undefined {
    const mentioned = this.takeMentioned(name);
    if (mentioned) return mentioned;
    this.#loadStars(() => true);
    return this.scope.names.get(name);
  }

  /** Of those that its text says, at least: `def name` below a decorator that exports it. */
  takeMentioned(name: string): Value | undefined {
    const word = new RegExp(`\\b${name}\\b`);
    this.#loadStars(({ source }) => word.test(source.text));
    return this.scope.names.get(name);
  }

  #loadStars(isWanted: (star: WaitingStar) => boolean): void {
    const wanted = this.#stars.filter(isWanted);
    this.#stars = this.#stars.filter((star) => !wanted.includes(star));
    for (const star of wanted) if (!this.machine.isExhausted) this.#atTop(star.load);
  }

  /** A handler around the place where the name is read is none of the import's. */
  #atTop<T>(load: () => T): T {
    const { machine } = this;
    const { tryDepth } = machine;
    machine.tryDepth = 0;
    try {
      return load();
    } finally {
      machine.tryDepth = tryDepth;
    }
  }

  drop(name: string): void {
    this.#waiting.delete(name);
    this.#entering.delete(name);
  }

  /** Names that are bound or wait. */
  get names(): readonly string[] {
    return [...this.scope.names.keys(), ...this.#waiting.keys()];
  }

  /** True where a function or method in the module's text adds to the collection of this name. */
  isFilledByFunctions(name: string): boolean {
    let isFilled = this.#isFilledByFunctions.get(name);
    if (isFilled === undefined) {
      const adding = `\\[[^\\n]{0,200}\\]\\s*=[^=]|\\.(?:append|add|update|setdefault|extend|insert)\\(|\\s*[|+]=`;
      isFilled = new RegExp(`^[ \\t].{0,400}\\b${name}(?:${adding})`, 'm').test(this.module.source.text);
      this.#isFilledByFunctions.set(name, isFilled);
    }
    return isFilled;
  }
}

/** Every import of an evaluation that waits or has waited. */
export class PendingImports {
  readonly #pending: PendingImport[] = [];
  readonly #keys = new Set<string>();
  /** By file: how many of the pending imports were looked at for it. */
  readonly #settled = new Map<string, number>();

  add(pending: PendingImport): void {
    const key = `${pending.file} ${pending.level} ${pending.dotted} ${pending.names.join()}`;
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#pending.push(pending);
  }

  /**
   * Runs the modules that can add to what `file` keeps: those that the waiting imports lead to, directly or not, and that import something
   * of it.
   */
  settle(machine: Machine, file: string): void {
    for (;;) {
      const looked = this.#settled.get(file) ?? 0;
      if (looked === this.#pending.length) return;
      const scan = new ImportScan(machine);
      const waiting = this.#pending.slice(looked).flatMap((pending) => scan.modulesOf(pending, pending.file));
      const adding = scan.reachedFrom(waiting).filter(({ module }) => scan.importsFrom(module, file));
      if (scan.isUnread) machine.exhaust('modules that may add to another have to be read first');
      if (machine.isExhausted) return;
      this.#settled.set(file, this.#pending.length);
      for (const { module, dotted } of adding) {
        loadModule(machine, module, dotted).names?.();
        machine.deferredNames.get(module.file)?.makeEntering();
      }
      machine.deferredNames.get(file)?.makeEntering();
    }
  }
}

/** True of values that others may enter themselves in: collections, and objects of the project's classes. */
function isPlaceOfEntry(value: Value): boolean {
  if (value.kind === 'instance') return !value.class.isNative;
  return value.kind === 'dict' || value.kind === 'list' || value.kind === 'set';
}

/** Which module keeps a value, and under which name, where another imports it. */
export class Keepers {
  readonly #keepers = new WeakMap<Value, { readonly file: string; readonly name: string }>();

  note(value: Value, file: string, name: string): void {
    if (isPlaceOfEntry(value) && !this.#keepers.has(value)) this.#keepers.set(value, { file, name });
  }

  of(value: Value): { readonly file: string; readonly name: string } | undefined {
    return this.#keepers.get(value);
  }
}

/** Called when a value of module or class level is read; `file` is where it is kept, unless it was imported from elsewhere. */
export function settleImports(machine: Machine, value: Value, file: string | undefined, name: string): void {
  if (!isPlaceOfEntry(value) || machine.importing > 0) return;
  const keeper = machine.keepers.of(value) ?? { file, name };
  if (keeper.file === undefined) return;
  const deferred = machine.deferredNames.get(keeper.file);
  if (!deferred || (value.kind !== 'instance' && !deferred.isFilledByFunctions(keeper.name))) return;
  machine.pendingImports.settle(machine, keeper.file);
}

interface NamedModule {
  readonly module: ResolvedModule;
  readonly dotted: string;
}

const deepestReexport = 4;

/** Follows imports by their text. What is not read yet is asked for all at once. */
class ImportScan {
  isUnread = false;

  constructor(private readonly machine: Machine) {}

  /** These modules and all that they import, directly or not. */
  reachedFrom(modules: readonly NamedModule[]): readonly NamedModule[] {
    const reached = new Map<string, NamedModule>();
    const visit = (named: NamedModule): void => {
      const { file, source } = named.module;
      if (reached.has(file)) return;
      reached.set(file, named);
      for (const imported of source.imports) for (const next of this.modulesOf(imported, file)) visit(next);
    };
    for (const named of modules) visit(named);
    return [...reached.values()];
  }

  /** True where the module imports something of `file`, or a package's name that comes from there. */
  importsFrom(module: ResolvedModule, file: string, names: readonly string[] = [], depth = 0): boolean {
    if (depth > deepestReexport) return false;
    return module.source.imports.some((imported) => {
      const isWanted =
        names.length === 0 || imported.names.length === 0 || imported.names.some((name) => names.includes(name));
      if (!isWanted) return false;
      return this.modulesOf(imported, module.file).some(
        ({ module: from }) =>
          from.file === file || (from.isPackage && this.importsFrom(from, file, imported.names, depth + 1)),
      );
    });
  }

  /** The modules that an import names, the packages around them and submodules among them. */
  modulesOf({ level, dotted, names }: ScannedImport, file: string): readonly NamedModule[] {
    const found: NamedModule[] = [];
    if (!this.machine.spend(1)) return found;
    const add = (name: string): void => {
      const module = this.machine.modules?.resolve(name, level, file);
      if (module === 'unread') this.isUnread = true;
      else if (module) found.push({ module, dotted: name });
    };
    for (let at = dotted.indexOf('.'); at > 0 && level === 0; at = dotted.indexOf('.', at + 1)) {
      add(dotted.slice(0, at));
    }
    add(dotted);
    if (found.at(-1)?.module.isPackage !== false) {
      for (const name of names) add(dotted === '' ? name : `${dotted}.${name}`);
    }
    return found;
  }
}
