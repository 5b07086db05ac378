import type { Span } from '../span';
import { evaluateCondition } from './branches';
import { callValue } from './calls';
import { makeUserClass } from './classes';
import { evaluate, spanOf } from './expressions';
import { strOf } from './formatting';
import { makeFunction } from './functions';
import { executeTry, executeWith, raisePython } from './guarded';
import { importFrom, importModules } from './imports';
import { executeFor, executeWhile } from './loops';
import type { Frame, Machine } from './machine';
import { makeDict, makeStr, setEntry } from './make';
import { executeMatch } from './matching';
import { binary } from './operators';
import type { AnnotatedStatement, AssertStatement, Expression, Statement } from './syntax';
import { assignName, assignTarget, deleteTarget } from './targets';
import { truthOf } from './truth';
import type { Value } from './values';

/** How a statement ended. */
export type Completion = 'normal' | 'break' | 'continue' | 'return';

export function executeBlock(machine: Machine, frame: Frame, body: readonly Statement[]): Completion {
  for (const statement of body) {
    const completion = execute(machine, frame, statement);
    if (completion !== 'normal') return completion;
  }
  return 'normal';
}

export function execute(machine: Machine, frame: Frame, node: Statement): Completion {
  if (!machine.step()) return 'return';
  if (machine.isNestedTooDeeply) {
    machine.unknown('nested too deeply to follow', spanOf(frame, node));
    return 'normal';
  }
  machine.nesting++;
  const completion = executeKind(machine, frame, node);
  machine.nesting--;
  return completion;
}

function executeKind(machine: Machine, frame: Frame, node: Statement): Completion {
  switch (node.kind) {
    case 'expression':
      evaluate(machine, frame, node.value);
      return 'normal';
    case 'assign': {
      const value = evaluate(machine, frame, node.value);
      for (const target of node.targets) assignTarget(machine, frame, target, value);
      return 'normal';
    }
    case 'annotated':
      executeAnnotated(machine, frame, node);
      return 'normal';
    case 'augmented': {
      const left = evaluate(machine, frame, node.target);
      const right = evaluate(machine, frame, node.value);
      const value = binary(machine, node.operator, left, right, spanOf(frame, node), true);
      assignTarget(machine, frame, node.target, value);
      return 'normal';
    }
    case 'if': {
      const branch = evaluateCondition(machine, frame, node);
      return executeBlock(machine, frame, branch ? node.body : node.otherwise);
    }
    case 'for':
      return executeFor(machine, frame, node);
    case 'while':
      return executeWhile(machine, frame, node);
    case 'try':
      return executeTry(machine, frame, node);
    case 'with':
      return executeWith(machine, frame, node);
    case 'match':
      return executeMatch(machine, frame, node);
    case 'function': {
      const made = makeFunction(machine, frame, node);
      assignName(frame, node.name.name, decorate(machine, frame, node.decorators, made));
      return 'normal';
    }
    case 'class': {
      const made = makeUserClass(machine, frame, node);
      assignName(frame, node.name.name, decorate(machine, frame, node.decorators, made));
      return 'normal';
    }
    case 'return':
      frame.returned = node.value && evaluate(machine, frame, node.value);
      return 'return';
    case 'raise':
      raisePython(machine, frame, node);
      return 'normal';
    case 'assert': {
      const test = evaluate(machine, frame, node.test);
      if (truthOf(machine, test) === false) failAssertion(machine, frame, node);
      return 'normal';
    }
    case 'delete':
      for (const target of node.targets) deleteTarget(machine, frame, target);
      return 'normal';
    case 'import':
      importModules(machine, frame, node);
      return 'normal';
    case 'importFrom':
      importFrom(machine, frame, node);
      return 'normal';
    case 'break':
      return 'break';
    case 'continue':
      return 'continue';
    case 'typeAlias':
      assignName(frame, node.name.name, makeStr(node.name.name));
      return 'normal';
    case 'error':
      if (node.child) evaluate(machine, frame, node.child);
      return 'normal';
    case 'pass':
    case 'global':
      return 'normal';
  }
}

function failAssertion(machine: Machine, frame: Frame, node: AssertStatement): void {
  const message = machine.tryDepth > 0 && node.message ? evaluate(machine, frame, node.message) : undefined;
  const text = message && strOf(machine, message);
  machine.fail('AssertionError', text ?? 'assertion does not hold', spanOf(frame, node));
}

function executeAnnotated(machine: Machine, frame: Frame, node: AnnotatedStatement): void {
  if (frame.scope.kind === 'class' && node.target.kind === 'name')
    noteAnnotation(frame, node.target.name, node.annotation);
  if (node.value) assignTarget(machine, frame, node.target, evaluate(machine, frame, node.value));
}

/** `__annotations__` keeps the names in order; the value is the annotation's outermost name, for `ClassVar` and `InitVar`. */
function noteAnnotation(frame: Frame, name: string, annotation: Expression): void {
  let annotations = frame.scope.names.get('__annotations__');
  if (annotations?.kind !== 'dict') {
    annotations = makeDict();
    frame.scope.names.set('__annotations__', annotations);
  }
  setEntry(annotations, makeStr(name), makeStr(outermostName(annotation)));
}

function outermostName(annotation: Expression): string {
  switch (annotation.kind) {
    case 'name':
      return annotation.name;
    case 'attribute':
      return annotation.attribute.name;
    case 'index':
      return outermostName(annotation.object);
    case 'string':
      return /^[\w.]*/.exec(annotation.value)?.[0].split('.').at(-1) ?? '';
    default:
      return '';
  }
}

/** What enters itself somewhere looks at it, without need of what others enter later. */
function callDecorator(machine: Machine, callee: Value, value: Value, span: Span): Value {
  machine.importing++;
  try {
    return callValue(machine, callee, [value], undefined, span);
  } finally {
    machine.importing--;
  }
}

/** A decorator that is not known passes what it decorates through. */
function decorate(machine: Machine, frame: Frame, decorators: readonly Expression[], made: Value): Value {
  let value = made;
  for (const decorator of decorators.toReversed()) {
    const span: Span = spanOf(frame, decorator);
    const callee = evaluate(machine, frame, decorator);
    const decorated = callee.kind === 'unknown' ? callee : callDecorator(machine, callee, value, span);
    if (decorated.kind === 'unknown') machine.assume('decorator', 'changes nothing', span);
    else value = decorated;
  }
  return value;
}
