import type { Span } from '../span';
import { spanOf } from './expressions';
import { evaluateModuleBody } from './interpreter';
import type { Frame, Machine } from './machine';
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
    if (alias) {
      assignName(frame, alias.name, moduleByName(machine, frame.file, parts.join('.'), 0, span));
      continue;
    }
    const whole = parts.length > 1 ? moduleByName(machine, frame.file, parts.join('.'), 0, span) : undefined;
    const top = moduleByName(machine, frame.file, root, 0, span);
    assignName(frame, root, withSubmodule(top, parts.slice(1), whole));
  }
}

/** `import a.b` binds `a`, through which `a.b` can be reached. */
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
  const span = spanOf(frame, node);
  if (dotted === '__future__') return;
  const source = moduleByName(machine, frame.file, dotted, node.level, span);
  if (node.isStar) {
    importStar(machine, frame, source, span);
    return;
  }
  for (const { name, alias } of node.names) {
    const value =
      (isUnread(source) ? undefined : source.lookup(name.name)) ??
      submodule(machine, frame.file, dotted, name.name, node.level, spanOf(frame, name)) ??
      source.lookup(name.name) ??
      makeUnknown(`module ${source.name} has no '${name.name}' that is known`, spanOf(frame, name));
    assignName(frame, alias?.name ?? name.name, value);
  }
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

function importStar(machine: Machine, frame: Frame, source: ModuleValue, span: Span): void {
  const names = exportedNames(machine, source);
  if (!names) {
    machine.unknown(`names of module ${source.name} are not known`, span);
    return;
  }
  for (const name of names) {
    const value = source.lookup(name);
    if (value) assignName(frame, name, value);
  }
}

function exportedNames(machine: Machine, source: ModuleValue): readonly string[] | undefined {
  const listed = source.lookup('__all__');
  if (listed?.kind === 'list' || listed?.kind === 'tuple') {
    return listed.items.flatMap((item) => (item.kind === 'str' ? [item.value] : []));
  }
  const scope = machine.moduleScopes.get(source);
  return scope && [...scope.names.keys()].filter((name) => !name.startsWith('_'));
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

/** `torch.nn` where a framework offers `torch` with a module `nn` in it. */
function nestedModule(machine: Machine, dotted: string): ModuleValue | undefined {
  const at = dotted.lastIndexOf('.');
  if (at < 0) return undefined;
  const parent = machine.frameworks.module(dotted.slice(0, at)) ?? nestedModule(machine, dotted.slice(0, at));
  const found = parent?.lookup(dotted.slice(at + 1));
  return found?.kind === 'module' ? found : undefined;
}

/** Its body runs when something of it is first asked for: a large package of which one name is used costs that name's file. */
export function projectModule(machine: Machine, file: string, dotted: string, level: number): ModuleValue | undefined {
  const resolved = machine.modules?.resolve(dotted, level, file);
  if (!resolved) return undefined;
  if (resolved === 'unread') {
    machine.exhaust(`module ${dotted} has to be read first`);
    return undefined;
  }
  const loaded = machine.loadedModules.get(resolved.file);
  if (loaded) return loaded;
  const names = new Map<string, Value>([
    ['__name__', makeStr(dotted)],
    ['__file__', makeStr(resolved.file)],
    ['__doc__', none],
    ['__package__', makeStr(resolved.isPackage ? dotted : dotted.slice(0, Math.max(0, dotted.lastIndexOf('.'))))],
  ]);
  const scope: Scope = { kind: 'module', names, parent: undefined };
  let isEvaluated = false;
  const lookup = (name: string): Value | undefined => {
    if (!isEvaluated) {
      // Set before the body runs: a circular import sees what is there so far, as in Python.
      isEvaluated = true;
      evaluateModuleBody(machine, resolved.parsed().module.body, scope, resolved.file);
    }
    const known = names.get(name);
    if (known || !resolved.isPackage || name.startsWith('__')) return known;
    return projectModule(machine, resolved.file, name, 1);
  };
  const module: ModuleValue = { kind: 'module', name: dotted, lookup };
  machine.loadedModules.set(resolved.file, module);
  machine.moduleScopes.set(module, scope);
  return module;
}
