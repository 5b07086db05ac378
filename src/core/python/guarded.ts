import { classOf } from './builtinClasses';
import { exceptionClass } from './builtins/exceptions';
import { callValue } from './calls';
import { evaluate, spanOf } from './expressions';
import { reprOf } from './formatting';
import { freshGenerator, type GeneratorPart } from './generators';
import type { Frame, Machine } from './machine';
import { makeStr, makeTuple, none } from './make';
import { isSubclass, lookupInClass } from './nativeClass';
import { iteratorPart } from './payload';
import { PythonRaise } from './pythonRaise';
import { type Completion, executeBlock } from './statements';
import type { ExceptHandler, RaiseStatement, TryStatement, WithStatement } from './syntax';
import { assignName, assignTarget, deleteName } from './targets';
import { truthOf } from './truth';
import type { InstanceValue, Value } from './values';

/** The body runs; a handler only where the body certainly raises what it catches. `finally` runs on every way out. */
export function executeTry(machine: Machine, frame: Frame, node: TryStatement): Completion {
  let completion: Completion;
  try {
    completion = executeHandled(machine, frame, node);
  } catch (error) {
    if (error instanceof PythonRaise && executeBlock(machine, frame, node.finally) !== 'normal') return 'return';
    throw error;
  }
  const { returned } = frame;
  const last = executeBlock(machine, frame, node.finally);
  if (last !== 'normal') return last;
  frame.returned = returned;
  return completion;
}

function executeHandled(machine: Machine, frame: Frame, node: TryStatement): Completion {
  const before = stateOf(machine);
  if (node.handlers.length > 0) machine.tryDepth++;
  try {
    const completion = executeBlock(machine, frame, node.body);
    machine.tryDepth = before.tryDepth;
    return completion === 'normal' ? executeBlock(machine, frame, node.otherwise) : completion;
  } catch (error) {
    Object.assign(machine, before);
    if (!(error instanceof PythonRaise)) throw error;
    const handler = node.handlers.find((candidate) => catches(machine, frame, candidate, error));
    if (!handler) throw error;
    return executeHandler(machine, frame, handler, error);
  }
}

function executeHandler(machine: Machine, frame: Frame, handler: ExceptHandler, raised: PythonRaise): Completion {
  const { handled } = machine;
  machine.handled = raised;
  if (handler.name) assignName(frame, handler.name.name, exceptionValue(raised));
  try {
    return executeBlock(machine, frame, handler.body);
  } finally {
    machine.handled = handled;
    if (handler.name) deleteName(frame, handler.name.name);
  }
}

/** What a raise leaves changed on its way out. */
function stateOf(machine: Machine): Pick<Machine, 'tryDepth' | 'callDepth' | 'nesting' | 'site' | 'frame'> {
  const { tryDepth, callDepth, nesting, site, frame } = machine;
  return { tryDepth, callDepth, nesting, site, frame };
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
  if (!node.value && machine.handled) throw machine.handled;
  const given = node.value ? evaluate(machine, frame, node.value) : none;
  const value = given.kind === 'class' ? callValue(machine, given, [], undefined, spanOf(frame, node)) : given;
  if (value.kind !== 'instance') {
    throw new PythonRaise(
      given.kind === 'class' ? given.name : 'Exception',
      'an exception that is not known',
      undefined,
    );
  }
  if (node.cause) value.attributes.set('__cause__', evaluate(machine, frame, node.cause));
  const args = value.attributes.get('args');
  const message =
    args?.kind === 'tuple' ? args.items.map((item) => (item.kind === 'str' ? item.value : reprOf(machine, item))) : [];
  throw new PythonRaise(value.class.name, message.join(', '), value);
}

export function executeWith(machine: Machine, frame: Frame, node: WithStatement, index = 0): Completion {
  const item = node.items[index];
  if (!item) return executeBlock(machine, frame, node.body);
  const span = spanOf(frame, item.value);
  const manager = evaluate(machine, frame, item.value);
  const generator = freshGenerator(manager);
  if (generator) return executeInGenerator(machine, frame, node, index, generator);
  const target = enter(machine, manager, node.isAsync, span);
  if (item.target) assignTarget(machine, frame, item.target, target);
  const exit = managerMethod(manager, node.isAsync ? '__aexit__' : '__exit__');
  const before = stateOf(machine);
  let completion: Completion;
  try {
    completion = executeWith(machine, frame, node, index + 1);
  } catch (error) {
    if (!(error instanceof PythonRaise) || !exit) throw error;
    Object.assign(machine, before);
    const value = exceptionValue(error);
    const answer = callValue(machine, exit, [manager, value.class, value, none], undefined, span);
    if (truthOf(machine, answer) === true) return 'normal';
    throw error;
  }
  const { returned } = frame;
  if (exit) callValue(machine, exit, [manager, none, none, none], undefined, span);
  frame.returned = returned;
  return completion;
}

/** `@contextmanager`: the body runs at the generator's `yield`, where what it raises is raised too. */
function executeInGenerator(
  machine: Machine,
  frame: Frame,
  node: WithStatement,
  index: number,
  generator: GeneratorPart,
): Completion {
  let completion: Completion = 'normal';
  generator.run((value) => {
    const { frame: inner, site } = machine;
    machine.frame = frame;
    const target = node.items[index]?.target;
    if (target) assignTarget(machine, frame, target, value);
    completion = executeWith(machine, frame, node, index + 1);
    Object.assign(machine, { frame: inner, site });
    return none;
  });
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
