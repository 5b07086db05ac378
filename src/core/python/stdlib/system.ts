import { functionClass, methodClass, moduleClass } from '../builtinClasses';
import { type BuiltinFunction, defineMethods, makeBuiltin, notKnown } from '../builtins/define';
import { compare } from '../comparison';
import { getItem } from '../indexing';
import { makeInt, makeStr, makeTuple, makeUnknown, none } from '../make';
import { makeNativeClass } from '../nativeClass';
import { binary, unary } from '../operators';
import type { BinaryOperator, CompareOperator } from '../syntax';
import type { InstanceValue, ModuleValue, Value } from '../values';
import { loadedModules } from './importing';
import { makeFrame } from './inspection';
import { doNothing, functionsOf, makePartialModule, passThrough, transparentDecorator } from './tables';

/** The environment is empty: `get` gives its default. */
const environClass = makeNativeClass('os._Environ');
const environGet: BuiltinFunction = ([, fallback = none]) => fallback;
defineMethods(environClass, {
  get: (_self, args, call) => environGet(args, call),
  setdefault: (_self, args, call) => environGet(args, call),
  __getitem__: (_self, _args, call) => call.context.unknown('environment variables are not known'),
  __setitem__: () => none,
  __contains__: (_self, _args, call) => call.context.unknown('environment variables are not known'),
  update: () => none,
});

const environ: InstanceValue = { kind: 'instance', class: environClass, attributes: new Map(), made: [] };

function textOperation(change: (parts: readonly string[]) => string): BuiltinFunction {
  return (args, call) => {
    const parts = args.flatMap((arg) => (arg.kind === 'str' ? [arg.value] : []));
    return parts.length === args.length ? makeStr(change(parts)) : notKnown(call, 'path is not known', ...args);
  };
}

function joinPaths(parts: readonly string[]): string {
  let path = '';
  for (const part of parts) {
    if (part.startsWith('/')) path = part;
    else path = path === '' || path.endsWith('/') ? path + part : `${path}/${part}`;
  }
  return path;
}

function splitExtension(path: string): [string, string] {
  const at = path.lastIndexOf('.');
  return at > path.lastIndexOf('/') + 1 ? [path.slice(0, at), path.slice(at)] : [path, ''];
}

export function pathModule(): ModuleValue {
  return makePartialModule(
    'os.path',
    new Map<string, Value>([
      ['sep', makeStr('/')],
      ...functionsOf('os.path', {
        join: textOperation(joinPaths),
        basename: textOperation(([path = '']) => path.slice(path.lastIndexOf('/') + 1)),
        dirname: textOperation(([path = '']) => path.slice(0, Math.max(0, path.lastIndexOf('/')))),
        splitext: ([path], call) =>
          path?.kind === 'str'
            ? makeTuple(splitExtension(path.value).map(makeStr))
            : notKnown(call, 'path is not known', path),
        expanduser: passThrough,
        abspath: passThrough,
        realpath: passThrough,
      }),
    ]),
  );
}

export function osModule(): ModuleValue {
  return makePartialModule(
    'os',
    new Map<string, Value>([
      ['environ', environ],
      ['path', pathModule()],
      ['sep', makeStr('/')],
      ...functionsOf('os', { getenv: environGet, makedirs: doNothing, mkdir: doNothing }),
    ]),
  );
}

export function sysModule(): ModuleValue {
  return makePartialModule(
    'sys',
    new Map<string, Value>([
      ['version_info', makeTuple([makeInt(3), makeInt(12), makeInt(0), makeStr('final'), makeInt(0)])],
      ['maxsize', makeInt(Number.MAX_SAFE_INTEGER)],
      ['modules', loadedModules],
      ...functionsOf('sys', {
        exit: doNothing,
        setrecursionlimit: doNothing,
        _getframe: ([depth], call) => makeFrame(call.machine.frame, depth?.kind === 'int' ? depth.value : 0),
      }),
    ]),
  );
}

/** `tqdm` and its variants show progress and give their iterable back. */
export function tqdmModule(): ModuleValue {
  const range = makeBuiltin('tqdm.trange', (args, call) => {
    const numbers = args.map((arg) => (arg.kind === 'int' ? arg.value : undefined));
    const [first, second] = numbers;
    if (first === undefined || numbers.includes(undefined))
      return notKnown(call, 'bound of a range is not an integer', ...args);
    return second === undefined
      ? { kind: 'range', start: 0, stop: first, step: 1 }
      : { kind: 'range', start: first, stop: second, step: numbers[2] ?? 1 };
  });
  return makePartialModule(
    'tqdm',
    new Map<string, Value>([...functionsOf('tqdm', { tqdm: passThrough }), ['trange', range]]),
  );
}

const nullContextClass = makeNativeClass('contextlib.nullcontext', [], {
  __init__: makeBuiltin('contextlib.nullcontext', ([self, value = none]) => {
    if (self?.kind === 'instance') self.attributes.set('enter_result', value);
    return none;
  }),
  __enter__: makeBuiltin(
    'contextlib.nullcontext.__enter__',
    ([self]) => (self?.kind === 'instance' ? self.attributes.get('enter_result') : undefined) ?? none,
  ),
});

export function contextlibModule(): ModuleValue {
  return makePartialModule(
    'contextlib',
    new Map<string, Value>([
      ['contextmanager', transparentDecorator('contextlib.contextmanager')],
      ['asynccontextmanager', transparentDecorator('contextlib.asynccontextmanager')],
      ['nullcontext', nullContextClass],
      [
        'suppress',
        makeNativeClass('contextlib.suppress', [], { __init__: makeBuiltin('contextlib.suppress', doNothing) }),
      ],
    ]),
  );
}

const simpleNamespaceClass = makeNativeClass('SimpleNamespace', [], {
  __init__: makeBuiltin('types.SimpleNamespace', ([self], call) => {
    if (self?.kind === 'instance') for (const [name, value] of call.named) self.attributes.set(name, value);
    return none;
  }),
});

export function typesModule(): ModuleValue {
  return makePartialModule(
    'types',
    new Map<string, Value>([
      ['SimpleNamespace', simpleNamespaceClass],
      ['FunctionType', functionClass],
      ['LambdaType', functionClass],
      ['BuiltinFunctionType', functionClass],
      ['MethodType', methodClass],
      ['ModuleType', moduleClass],
    ]),
  );
}

const operatorNames: Readonly<Record<string, BinaryOperator>> = {
  add: '+',
  sub: '-',
  mul: '*',
  truediv: '/',
  floordiv: '//',
  mod: '%',
  pow: '**',
  matmul: '@',
};
const comparisonNames: Readonly<Record<string, CompareOperator>> = {
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  is_: 'is',
};

export function operatorModule(): ModuleValue {
  const functions: Record<string, BuiltinFunction> = {
    neg: ([value], call) => (value ? unary(call.machine, '-', value, call.span) : notKnown(call, 'nothing is given')),
    itemgetter: (...[[index]]) =>
      makeBuiltin('operator.itemgetter', ([object], call) =>
        object && index ? getItem(call.machine, object, index, call.span) : notKnown(call, 'nothing is given'),
      ),
    attrgetter: (...[[name]]) =>
      makeBuiltin('operator.attrgetter', ([object], call) =>
        object && name?.kind === 'str'
          ? call.context.getAttribute(object, name.value)
          : notKnown(call, 'name is not known', name),
      ),
  };
  for (const [name, operator] of Object.entries(operatorNames)) {
    functions[name] = ([a, b], call) =>
      a && b ? binary(call.machine, operator, a, b, call.span) : notKnown(call, 'two values are needed');
  }
  for (const [name, operator] of Object.entries(comparisonNames)) {
    functions[name] = ([a, b], call) =>
      a && b ? compare(call.machine, operator, a, b, call.span) : notKnown(call, 'two values are needed');
  }
  return makePartialModule('operator', new Map(functionsOf('operator', functions)));
}

/** Modules whose every result hangs on the world outside: `random`, `time`. */
export function worldModule(name: string): ModuleValue {
  return {
    kind: 'module',
    name,
    lookup: (key) =>
      key === 'seed' || key === 'sleep'
        ? makeBuiltin(`${name}.${key}`, doNothing)
        : makeBuiltin(`${name}.${key}`, () => makeUnknown(`${name}.${key} differs from run to run`)),
  };
}
