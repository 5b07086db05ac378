import { type BuiltinFunction, defineMethods, makeBuiltin, type NativeCall, notKnown } from '../builtins/define';
import { importDotted, moduleByName, moduleOf } from '../imports';
import { makeUnknown, none, trueValue } from '../make';
import { makeNativeClass } from '../nativeClass';
import type { InstanceValue, ModuleValue, Value } from '../values';
import { functionsOf, makePartialModule, passThrough } from './tables';

/** A module by the name that code computes, as seen from the running code's file. */
function moduleNamed(name: Value | undefined, call: NativeCall): Value {
  const { machine, span } = call;
  const { frame } = machine;
  if (name?.kind !== 'str' || !frame || !span) return notKnown(call, 'module name is not known', name);
  const own = frame.moduleScope.names.get('__name__');
  if (own?.kind === 'str' && own.value === name.value) return moduleOf(machine, frame);
  for (const module of machine.loadedModules.values()) if (module.name === name.value) return module;
  const level = /^\.*/.exec(name.value)?.[0].length ?? 0;
  return moduleByName(machine, frame.file, name.value.slice(level), level, span);
}

/** `sys.modules`: what is asked of it is looked up as an import would. */
const modulesClass = makeNativeClass('sys.modules');
defineMethods(modulesClass, {
  __getitem__: (_self, [name], call) => moduleNamed(name, call),
  get: (_self, [name], call) => moduleNamed(name, call),
  __contains__: (_self, [name], call) =>
    isOwnName(name, call) ? trueValue : makeUnknown('modules that are loaded are not known'),
  __setitem__: () => none,
  pop: () => none,
});

export const loadedModules: InstanceValue = {
  kind: 'instance',
  class: modulesClass,
  attributes: new Map(),
  made: [],
};

function isOwnName(name: Value | undefined, call: NativeCall): boolean {
  const own = call.machine.frame?.moduleScope.names.get('__name__');
  return name?.kind === 'str' && own?.kind === 'str' && own.value === name.value;
}

/** `__import__(name, globals, locals, fromlist, level)`: the top module unless names are wanted from the last one. */
const importFunction: BuiltinFunction = (args, call) => {
  const [name, , , wanted = call.named.get('fromlist'), level = call.named.get('level')] = args;
  const { machine, span } = call;
  const { frame } = machine;
  if (name?.kind !== 'str' || !frame || !span) return notKnown(call, 'module name is not known', name);
  if (level?.kind === 'int' && level.value > 0) {
    return moduleByName(machine, frame.file, name.value, level.value, span);
  }
  const wantsNames = wanted !== undefined && call.context.truth(wanted) === true;
  return wantsNames ? moduleNamed(name, call) : importDotted(machine, frame.file, name.value, span);
};

export const dunderImport = makeBuiltin('__import__', importFunction);

export function importlibModule(): ModuleValue {
  return makePartialModule(
    'importlib',
    new Map(
      functionsOf('importlib', {
        import_module: ([name], call) => moduleNamed(name, call),
        reload: passThrough,
      }),
    ),
  );
}
