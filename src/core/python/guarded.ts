import { classOf } from './builtinClasses';
import { exceptionClass } from './builtins/exceptions';
import { callValue } from './calls';
import { evaluate, spanOf } from './expressions';
import { reprOf } from './formatting';
import type { Frame, Machine } from './machine';
import { makeStr, makeTuple, none } from './make';
import { isSubclass, lookupInClass } from './nativeClass';
import { iteratorPart } from './payload';
import { PythonRaise } from './pythonRaise';
import { type Completion, executeBlock } from './statements';
import type { ExceptHandler, RaiseStatement, TryStatement, WithStatement } from './syntax';
import { assignName, assignTarget } from './targets';
import type { InstanceValue, Value } from './values';

/** The body runs; a handler only where the body certainly raises what it catches. */
export function executeTry(machine: Machine, frame: Frame, node: TryStatement): Completion {
  const { tryDepth, callDepth, nesting, site, frame: frameBefore } = machine;
  let completion: Completion;
  if (node.handlers.length > 0) machine.tryDepth++;
  try {
    completion = executeBlock(machine, frame, node.body);
    machine.tryDepth = tryDepth;
    if (completion === 'normal') completion = executeBlock(machine, frame, node.otherwise);
  } catch (error) {
    machine.tryDepth = tryDepth;
    machine.callDepth = callDepth;
    machine.nesting = nesting;
    machine.site = site;
    machine.frame = frameBefore;
    if (!(error instanceof PythonRaise)) throw error;
    const handler = node.handlers.find((candidate) => catches(machine, frame, candidate, error));
    if (!handler) {
      executeBlock(machine, frame, node.finally);
      throw error;
    }
    if (handler.name) assignName(frame, handler.name.name, exceptionValue(error));
    completion = executeBlock(machine, frame, handler.body);
  }
  const last = executeBlock(machine, frame, node.finally);
  return last === 'normal' ? completion : last;
}

function catches(machine: Machine, frame: Frame, handler: ExceptHandler, raised: PythonRaise): boolean {
  if (!handler.type) return true;
  const type = evaluate(machine, frame, handler.type);
  const cls = raised.value?.class ?? exceptionClass(raised.exception);
  const matches = (candidate: Value): boolean => {
    if (candidate.kind === 'tuple') return candidate.items.some(matches);
    if (candidate.kind === 'class') return isSubclass(cls, candidate);
    return candidate.kind === 'unknown';
  };
  return matches(type);
}

function exceptionValue(raised: PythonRaise): InstanceValue {
  if (raised.value) return raised.value;
  const attributes = new Map<string, Value>([['args', makeTuple([makeStr(raised.message)])]]);
  return { kind: 'instance', class: exceptionClass(raised.exception), attributes, made: [] };
}

export function raisePython(machine: Machine, frame: Frame, node: RaiseStatement): never {
  const value = node.value ? evaluate(machine, frame, node.value) : none;
  if (value.kind === 'class') {
    const made = callValue(machine, value, [], undefined, spanOf(frame, node));
    throw new PythonRaise(value.name, '', made.kind === 'instance' ? made : undefined);
  }
  if (value.kind !== 'instance') throw new PythonRaise('Exception', 'an exception that is not known', undefined);
  const args = value.attributes.get('args');
  const message =
    args?.kind === 'tuple' ? args.items.map((item) => (item.kind === 'str' ? item.value : reprOf(machine, item))) : [];
  throw new PythonRaise(value.class.name, message.join(', '), value);
}

export function executeWith(machine: Machine, frame: Frame, node: WithStatement): Completion {
  const entered: Value[] = [];
  for (const item of node.items) {
    const manager = evaluate(machine, frame, item.value);
    const target = enter(machine, manager, node.isAsync, spanOf(frame, item.value));
    entered.unshift(manager);
    if (item.target) assignTarget(machine, frame, item.target, target);
  }
  const completion = executeBlock(machine, frame, node.body);
  for (const manager of entered) {
    const exit = managerMethod(manager, node.isAsync ? '__aexit__' : '__exit__');
    if (exit) callValue(machine, exit, [manager, none, none, none], undefined, spanOf(frame, node));
  }
  return completion;
}

/** A generator (`@contextmanager`) gives what it yields first; a manager without the protocol gives itself. */
function enter(machine: Machine, manager: Value, isAsync: boolean, span: ReturnType<typeof spanOf>): Value {
  if (manager.kind === 'unknown') return manager;
  const generator = iteratorPart(manager);
  if (generator) return generator.next() ?? none;
  const method = managerMethod(manager, isAsync ? '__aenter__' : '__enter__');
  return method ? callValue(machine, method, [manager], undefined, span) : manager;
}

function managerMethod(manager: Value, name: string): Value | undefined {
  const cls = manager.kind === 'instance' ? classOf(manager) : undefined;
  return cls && lookupInClass(cls, name);
}
