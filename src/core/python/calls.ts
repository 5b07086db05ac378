import type { Span } from '../span';
import { bindToScope } from './binding';
import { describeFailure, MachineContext } from './callContext';
import { evaluate } from './expressions';
import { makeGenerator } from './generators';
import { CallSite, type Frame, type Machine } from './machine';
import { makeUnknown, none } from './make';
import { lookupInClass } from './nativeClass';
import { describeKind } from './operators';
import { PythonRaise } from './pythonRaise';
import { moduleScopeOf } from './scopes';
import { executeBlock } from './statements';
import type { CallArguments, ClassValue, FunctionValue, NativeFunctionValue, Scope, Value } from './values';

const noNames: ReadonlyMap<string, Value> = new Map();
const noSpans: ReadonlyMap<string, Span> = new Map();

export function makeArguments(
  positional: readonly Value[],
  named: ReadonlyMap<string, Value> = noNames,
): CallArguments {
  return { positional, named, positionalSpans: [], namedSpans: noSpans };
}

/** A call that the evaluator itself makes (operators, properties, iteration), at `span` where it has a place of its own. */
export function callValue(
  machine: Machine,
  callee: Value,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value> | undefined,
  span: Span | undefined,
): Value {
  const site = span && span !== machine.site?.span ? new CallSite(span, machine.site) : machine.site;
  return callWith(machine, callee, makeArguments(positional, named), site);
}

/** A call on behalf of a native function: what the callee raises becomes an unknown here. */
export function callSafely(
  machine: Machine,
  callee: Value,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
  site: CallSite | undefined,
): Value {
  const { tryDepth, frame, callDepth, nesting, site: siteBefore } = machine;
  machine.tryDepth = 0;
  try {
    return callWith(machine, callee, makeArguments(positional, named), site);
  } catch (error) {
    return machine.unknown(describeFailure(error), site?.span);
  } finally {
    machine.tryDepth = tryDepth;
    machine.frame = frame;
    machine.callDepth = callDepth;
    machine.nesting = nesting;
    machine.site = siteBefore;
  }
}

export function callWith(machine: Machine, callee: Value, args: CallArguments, site: CallSite | undefined): Value {
  switch (callee.kind) {
    case 'unknown':
      return callee;
    case 'function':
      return callFunction(machine, callee, args, site);
    case 'native':
      return callNative(machine, callee, args, site);
    case 'method':
      return callWith(machine, callee.function, withFirst(args, callee.self), site);
    case 'class':
      return callClass(machine, callee, args, site);
    case 'staticmethod':
    case 'classmethod':
      return callWith(machine, callee.function, args, site);
    case 'instance': {
      const method = lookupInClass(callee.class, '__call__');
      if (method?.kind === 'staticmethod') return callWith(machine, method.function, args, site);
      if (method) return callWith(machine, method, withFirst(args, callee), site);
      const inherited = callee.class.bases.find((base) => base.kind === 'unknown');
      if (inherited) return inherited;
      return machine.fail('TypeError', `${callee.class.name} object is not callable`, site?.span);
    }
    default:
      return machine.fail('TypeError', `${describeKind(callee)} is not callable`, site?.span);
  }
}

function withFirst(args: CallArguments, first: Value): CallArguments {
  const { positional, named, positionalSpans, namedSpans, rest } = args;
  return {
    positional: [first, ...positional],
    named,
    positionalSpans: [undefined, ...positionalSpans],
    namedSpans,
    ...(rest && { rest }),
  };
}

function callNative(
  machine: Machine,
  callee: NativeFunctionValue,
  args: CallArguments,
  site: CallSite | undefined,
): Value {
  if (!machine.step()) return machine.exhaustedValue(site?.span);
  if (machine.callDepth >= machine.budget.depth) return tooDeep(machine, site);
  machine.callDepth++;
  const before = machine.site;
  machine.site = site;
  try {
    const result = callee.call(args, new MachineContext(machine, site));
    if (result.kind === 'instance') machine.nativeResults++;
    return result;
  } catch (error) {
    if (error instanceof PythonRaise) throw error;
    return machine.unknown(`${callee.name}: ${describeFailure(error)}`, site?.span);
  } finally {
    machine.site = before;
    machine.callDepth--;
  }
}

/** A function that calls itself twice or more at every level would go through them all. */
const maximumOverflows = 100;

function tooDeep(machine: Machine, site: CallSite | undefined): Value {
  if (++machine.overflows > maximumOverflows) machine.exhaust('evaluation stopped in calls without end');
  return machine.unknown(`calls are nested deeper than ${machine.budget.depth}`, site?.span);
}

function callFunction(machine: Machine, callee: FunctionValue, args: CallArguments, site: CallSite | undefined): Value {
  if (!machine.step()) return machine.exhaustedValue(site?.span);
  if (machine.callDepth >= machine.budget.depth || machine.isNestedTooDeeply) return tooDeep(machine, site);
  const { definition } = callee;
  const scope: Scope = { kind: 'function', names: new Map(), parent: callee.closure };
  const problem = bindToScope(machine, callee, args, scope.names, site);
  if (problem) return problem;
  const frame: Frame = {
    scope,
    moduleScope: moduleScopeOf(callee.closure),
    file: callee.file,
    function: callee,
    self: firstArgument(scope),
    yields: definition.kind === 'function' && definition.isGenerator ? [] : undefined,
    returned: undefined,
    caller: machine.frame,
  };
  if (frame.yields && definition.kind === 'function') return makeGenerator(machine, frame, definition.body, site);
  const { frame: frameBefore, site: siteBefore, nesting } = machine;
  machine.frame = frame;
  machine.site = site;
  machine.callDepth++;
  try {
    if (definition.kind === 'lambda') return evaluate(machine, frame, definition.body);
    executeBlock(machine, frame, definition.body);
    return frame.returned ?? none;
  } catch (error) {
    if (error instanceof PythonRaise && machine.tryDepth === 0) {
      machine.nesting = nesting;
      return machine.unknown(`${callee.name} ${describeFailure(error)}`, site?.span);
    }
    throw error;
  } finally {
    machine.callDepth--;
    machine.frame = frameBefore;
    machine.site = siteBefore;
  }
}

function firstArgument(scope: Scope): Value | undefined {
  const first = scope.names.values().next().value;
  return first?.kind === 'tuple' ? first.items[0] : first;
}

/** What a metaclass written in Python makes of the call, where it has its own `__call__`. */
function callClass(machine: Machine, cls: ClassValue, args: CallArguments, site: CallSite | undefined): Value {
  const own = cls.metaclass && lookupInClass(cls.metaclass, '__call__');
  return own?.kind === 'function'
    ? callWith(machine, own, withFirst(args, cls), site)
    : construct(machine, cls, args, site);
}

/** `type.__call__`: `__new__`, then `__init__` where an instance of the class came out. */
export function construct(machine: Machine, cls: ClassValue, args: CallArguments, site: CallSite | undefined): Value {
  if (!machine.step()) return machine.exhaustedValue(site?.span);
  if (cls.abstractNames) {
    const names = cls.abstractNames.join(', ');
    return machine.fail('TypeError', `abstract class ${cls.name} has no definition of ${names}`, site?.span);
  }
  machine.constructions++;
  const creator = lookupInClass(cls, '__new__');
  const creatorFunction = creator?.kind === 'staticmethod' ? creator.function : creator;
  const made: Value = creatorFunction
    ? callWith(machine, creatorFunction, withFirst(args, cls), site)
    : { kind: 'instance', class: cls, attributes: new Map(), made: site?.trail ?? [] };
  if (made.kind !== 'instance' || !made.class.mro.includes(cls)) return made;
  if (cls.definition) made.construction ??= args;
  const initialiser = lookupInClass(cls, '__init__');
  if (initialiser) {
    const answer = callWith(machine, initialiser, withFirst(args, made), site);
    // A native `__init__` that could not understand its arguments says so; the object is then not what it seems.
    if (answer.kind === 'unknown' && initialiser.kind === 'native') return answer;
    if (answer.kind === 'unknown' && machine.callDepth >= machine.budget.depth) {
      return makeUnknown(answer.reason, answer.span);
    }
  }
  return made;
}
