import type { Span } from '../span';
import { DeferredNames } from './deferredNames';
import { spanOf } from './expressions';
import type { ScannedImport } from './importScan';
import { evaluateModuleBody } from './interpreter';
import type { Frame, Machine, ResolvedModule } from './machine';
import { makeStr, makeUnknown, none } from './make';
import { PythonRaise } from './pythonRaise';
import { standardModule } from './stdlib/modules';
import { standardNames } from './stdlib/names';
import type { ImportFromStatement, ImportStatement } from './syntax';
import { assignName } from './targets';
import type { ModuleValue, Scope, Value } from './values';

export function importModules(machine: Machine, frame: Frame, node: ImportStatement): void {
  for (const { path, alias } of node.modules) {
    const parts = path.map(({ name }) => name);
    const [root] = parts;
    const last = path.at(-1);
    if (root === undefined || !last) continue;
    const span = spanOf(frame, { start: path[0]?.start ?? node.start, end: last.end });
    const dotted = parts.join('.');
    const load = (): ModuleValue =>
      alias ? moduleByName(machine, frame.file, dotted, 0, span) : importDotted(machine, frame.file, dotted, span);
    const waiting = waitingImports(machine, frame, { level: 0, dotted, names: [] });
    if (waiting) waiting.defer(alias?.name ?? root, load);
    else assignName(frame, alias?.name ?? root, load());
  }
}

/** Where an import may wait: at the top of another file, of a module that is read from a file, with no handler for its failing. */
function waitingImports(machine: Machine, frame: Frame, imported: ScannedImport): DeferredNames | undefined {
  const [root = ''] = imported.dotted.split('.', 1);
  if (imported.level === 0 && (standardNames.has(root) || machine.frameworks.module(root))) return undefined;
  machine.pendingImports.add({ ...imported, file: frame.file });
  return machine.tryDepth > 0 ? undefined : frame.scope.deferred;
}

/** What `import a.b` binds: `a`, through which `a.b` can be reached. */
export function importDotted(machine: Machine, file: string, dotted: string, span: Span): ModuleValue {
  const [root = '', ...rest] = dotted.split('.');
  const whole = rest.length > 0 ? moduleByName(machine, file, dotted, 0, span) : undefined;
  return withSubmodule(moduleByName(machine, file, root, 0, span), rest, whole);
}

function withSubmodule(top: ModuleValue, parts: readonly string[], whole: ModuleValue | undefined): ModuleValue {
  const [next, ...rest] = parts;
  if (next === undefined || !whole) return top;
  return {
    ...top,
    lookup: (name) => {
      const found = top.lookup(name);
      if (name !== next) return found;
      if (rest.length === 0) return found?.kind === 'module' && !isUnread(found) ? found : whole;
      return withSubmodule(found?.kind === 'module' ? found : emptyModule(`${top.name}.${next}`), rest, whole);
    },
  };
}

function emptyModule(name: string): ModuleValue {
  return { kind: 'module', name, lookup: () => undefined };
}

export function importFrom(machine: Machine, frame: Frame, node: ImportFromStatement): void {
  const dotted = node.path.map(({ name }) => name).join('.');
  const { level } = node;
  const span = spanOf(frame, node);
  if (dotted === '__future__') return;
  const waiting = waitingImports(machine, frame, { level, dotted, names: node.names.map(({ name }) => name.name) });
  if (node.isStar) {
    importStar(machine, frame, () => moduleByName(machine, frame.file, dotted, level, span), waiting, span);
    return;
  }
  for (const { name, alias } of node.names) {
    const load = () => importedName(machine, frame.file, dotted, name.name, level, spanOf(frame, name));
    if (waiting) waiting.defer(alias?.name ?? name.name, load);
    else assignName(frame, alias?.name ?? name.name, load());
  }
}

function importedName(machine: Machine, file: string, dotted: string, name: string, level: number, span: Span): Value {
  const source = moduleByName(machine, file, dotted, level, span);
  return (
    (isUnread(source) ? undefined : source.lookup(name)) ??
    submodule(machine, file, dotted, name, level, span) ??
    source.lookup(name) ??
    makeUnknown(`module ${source.name} has no '${name}' that is known`, span)
  );
}

function submodule(
  machine: Machine,
  file: string,
  dotted: string,
  name: string,
  level: number,
  span: Span,
): Value | undefined {
  const { tryDepth } = machine;
  machine.tryDepth = 0;
  const found = moduleByName(machine, file, dotted === '' ? name : `${dotted}.${name}`, level, span);
  machine.tryDepth = tryDepth;
  return isUnread(found) ? undefined : found;
}

/** Where names may wait, those that the module's text exports outright do not need it to run. */
function importStar(
  machine: Machine,
  frame: Frame,
  load: () => ModuleValue,
  waiting: DeferredNames | undefined,
  span: Span,
): void {
  const bind = (names: readonly string[]): void => {
    for (const name of names) {
      if (waiting) waiting.defer(name, () => load().lookup(name));
      else bindExport(frame, load(), name);
    }
  };
  const source = waiting && load().source;
  if (source?.exports) {
    bind(source.exports);
    waiting?.deferRest({ source, load: () => bindRest(frame, load()) });
    return;
  }
  const names = exportedNames(load());
  if (names) bind(names);
  else machine.unknown(`names of module ${load().name} are not known`, span);
}

/** What a module exports once it has run, but for names that are bound by now. */
function bindRest(frame: Frame, source: ModuleValue): void {
  const bound = new Set(frame.scope.deferred?.names);
  for (const name of exportedNames(source) ?? []) if (!bound.has(name)) bindExport(frame, source, name);
}

function bindExport(frame: Frame, source: ModuleValue, name: string): void {
  const value = source.lookup(name);
  if (value) assignName(frame, name, value);
}

function exportedNames(source: ModuleValue): readonly string[] | undefined {
  source.prepareExports?.();
  const listed = source.lookup('__all__');
  if (listed?.kind === 'list' || listed?.kind === 'tuple') {
    return listed.items.flatMap((item) => (item.kind === 'str' ? [item.value] : []));
  }
  return source.names?.().filter((name) => !name.startsWith('_'));
}

const unread = new WeakSet<ModuleValue>();

function isUnread(module: ModuleValue): boolean {
  return unread.has(module);
}

/** A framework's, the project's, the standard library's; else one whose every attribute is unknown. */
export function moduleByName(machine: Machine, file: string, dotted: string, level: number, span: Span): ModuleValue {
  if (level === 0) {
    const known = machine.frameworks.module(dotted) ?? nestedModule(machine, dotted);
    if (known) return known;
  }
  const own = projectModule(machine, file, dotted, level);
  if (own) return own;
  const standard = level === 0 ? standardModule(dotted) : undefined;
  if (standard) return standard;
  const name = '.'.repeat(level) + dotted;
  const isStandard = standardNames.has(dotted.split('.', 1)[0] ?? '');
  // Where other files are read and this one is none of them, a guarded import takes the way out that its author wrote.
  if (machine.modules && machine.tryDepth > 0 && !isStandard) {
    throw new PythonRaise('ModuleNotFoundError', `No module named '${dotted}'`, undefined);
  }
  const why = isStandard ? undefined : machine.modules?.whyMissing?.(level);
  const reason = why === undefined ? `module ${name} is not read` : `module ${name} is not read: ${why}`;
  const missing: ModuleValue = {
    kind: 'module',
    name,
    lookup: (attribute) => (attribute === '__name__' ? makeStr(name) : makeUnknown(reason, span)),
  };
  unread.add(missing);
  return missing;
}

/** The module whose code runs in `frame`, as it stands now. */
export function moduleOf(machine: Machine, frame: Frame): ModuleValue {
  const known = machine.loadedModules.get(frame.file);
  const scope = frame.moduleScope;
  if (known?.scope === scope) return known;
  const name = scope.names.get('__name__');
  const made: ModuleValue = {
    kind: 'module',
    name: name?.kind === 'str' ? name.value : frame.file,
    lookup: (wanted) => scope.names.get(wanted),
    names: () => [...scope.names.keys()],
    scope,
  };
  machine.loadedModules.set(frame.file, made);
  return made;
}

/** `torch.nn` where a framework offers `torch` with a module `nn` in it. */
function nestedModule(machine: Machine, dotted: string): ModuleValue | undefined {
  const at = dotted.lastIndexOf('.');
  if (at < 0) return undefined;
  const parent = machine.frameworks.module(dotted.slice(0, at)) ?? nestedModule(machine, dotted.slice(0, at));
  const found = parent?.lookup(dotted.slice(at + 1));
  return found?.kind === 'module' ? found : undefined;
}

export function projectModule(machine: Machine, file: string, dotted: string, level: number): ModuleValue | undefined {
  const resolved = resolveModule(machine, file, dotted, level);
  return resolved && loadModule(machine, resolved, dotted);
}

/** Where the file has to be read first, the evaluation ends. */
function resolveModule(machine: Machine, file: string, dotted: string, level: number): ResolvedModule | undefined {
  const resolved = machine.modules?.resolve(dotted, level, file);
  if (resolved !== 'unread') return resolved;
  machine.exhaust(`module ${dotted} has to be read first`);
  return undefined;
}

/** Its body runs when something of it is first asked for: a large package of which one name is used costs that name's file. */
export function loadModule(machine: Machine, resolved: ResolvedModule, dotted: string): ModuleValue {
  const loaded = machine.loadedModules.get(resolved.file);
  if (loaded) return loaded;
  const name = machine.modules?.nameOf?.(resolved.file) ?? dotted;
  const names = new Map<string, Value>([
    ['__name__', makeStr(name)],
    ['__file__', makeStr(resolved.file)],
    ['__doc__', none],
    ['__package__', makeStr(resolved.isPackage ? name : name.slice(0, Math.max(0, name.lastIndexOf('.'))))],
  ]);
  const scope: Scope = { kind: 'module', names, parent: undefined };
  const deferred = new DeferredNames(machine, resolved, scope);
  scope.deferred = deferred;
  let isEvaluated = false;
  const evaluated = (): DeferredNames => {
    if (!isEvaluated && !machine.isExhausted) {
      // Set before the body runs: a circular import sees what is there so far, as in Python.
      isEvaluated = true;
      evaluateModuleBody(machine, resolved.source.body, scope, resolved.file);
    }
    return deferred;
  };
  const lookup = (key: string): Value | undefined => {
    const waiting = evaluated();
    const known = names.get(key) ?? waiting.take(key);
    if (known) {
      machine.keepers.note(known, resolved.file, key);
      return known;
    }
    if (key.startsWith('__')) return undefined;
    const mentioned = deferred.takeMentioned(key);
    if (mentioned) return mentioned;
    const below = resolved.isPackage ? projectModule(machine, resolved.file, key, 1) : undefined;
    return below ?? deferred.takeRest(key);
  };
  const module: ModuleValue = {
    kind: 'module',
    name,
    lookup,
    names: () => evaluated().names,
    prepareExports: () => evaluated().makeEntering(),
    source: resolved.source,
    scope,
  };
  machine.loadedModules.set(resolved.file, module);
  machine.deferredNames.set(resolved.file, deferred);
  return module;
}

/** The file that is read itself, where others import it or ask for it by name: it is evaluated once. */
export function enterOpenModule(machine: Machine, file: string, scope: Scope): void {
  const { names } = scope;
  const name = names.get('__name__');
  const isPackage = file.endsWith('/__init__.py');
  machine.loadedModules.set(file, {
    kind: 'module',
    name: name?.kind === 'str' ? name.value : '__main__',
    lookup: (key) =>
      names.get(key) ?? (isPackage && !key.startsWith('__') ? projectModule(machine, file, key, 1) : undefined),
    names: () => [...names.keys()],
    scope,
  });
}
