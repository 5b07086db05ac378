import { builtins } from './builtins/builtins';
import { describeFailure, MachineContext } from './callContext';
import { evaluate, spanOf } from './expressions';
import { enterOpenModule, projectModule } from './imports';
import {
  CallSite,
  type Frame,
  Machine,
  type MachineOptions,
  type RecordedAssumption,
  type RecordedUnknown,
} from './machine';

import { makeStr, none } from './make';
import type { OutlinedStatement, WaitingDefinition } from './outline';
import type { ParsedModule } from './parse';
import { execute } from './statements';
import type { Expression, Statement } from './syntax';
import type { CallContext, CallTrail, ModuleValue, Scope, Value } from './values';

export type {
  MachineOptions as InterpreterOptions,
  ModuleResolver,
  RecordedAssumption,
  RecordedUnknown,
} from './machine';

/** Evaluates Python source partially, without running it: what cannot be known is unknown, with its reason and place. */
export class Interpreter {
  readonly #machine: Machine;

  constructor(options: MachineOptions) {
    builtins.prepare();
    this.#machine = new Machine(options);
  }

  /** Runs the module's body, and after it the body of its main guard. Gives the module's names, whatever happens. */
  evaluateModule(parsed: ParsedModule, file: string): Scope {
    const scope: Scope = {
      kind: 'module',
      names: new Map<string, Value>([
        ['__name__', makeStr(this.#machine.modules?.nameOf?.(file) ?? '__main__')],
        ['__file__', makeStr(file)],
        ['__doc__', none],
      ]),
      parent: undefined,
    };
    enterOpenModule(this.#machine, file, scope);
    const guards = parsed.module.body.filter(isMainGuard);
    const rest =
      guards.length > 0 ? parsed.module.body.filter((statement) => !isMainGuard(statement)) : parsed.module.body;
    evaluateModuleBody(this.#machine, rest, scope, file);
    evaluateModuleBody(this.#machine, guards, scope, file);
    return scope;
  }

  /** One expression of `file` in a scope that `evaluateModule` gave. */
  evaluateExpression(node: Expression, scope: Scope, file: string): Value {
    const frame = moduleFrame(scope, file);
    const { frame: frameBefore, tryDepth } = this.#machine;
    this.#machine.frame = frame;
    this.#machine.tryDepth = 0;
    try {
      return evaluate(this.#machine, frame, node);
    } catch (error) {
      return this.#machine.unknown(describeFailure(error), spanOf(frame, node));
    } finally {
      this.#machine.frame = frameBefore;
      this.#machine.tryDepth = tryDepth;
    }
  }

  /** For calls that come from outside the source, such as applying a model that the file only defines. */
  context(trail: CallTrail): CallContext {
    let site: CallSite | undefined;
    for (const span of trail.toReversed()) site = new CallSite(span, site);
    return new MachineContext(this.#machine, site);
  }

  /** A module of the project or of the search path, whether or not a framework describes it; undefined where there is none. */
  moduleFromSource(dotted: string): ModuleValue | undefined {
    return projectModule(this.#machine, '', dotted, 0);
  }

  /** Undoes what the source did to classes that it did not define: others share them. */
  restoreNativeClasses(): void {
    this.#machine.restoreNativeClasses();
  }

  /** What `body` does not know or assumes is not told of. */
  unrecorded<T>(body: () => T): T {
    const { unknowns, assumptions } = this.#machine;
    const [known, assumed] = [unknowns.length, assumptions.length];
    try {
      return body();
    } finally {
      unknowns.length = known;
      assumptions.length = assumed;
    }
  }

  get unknowns(): readonly RecordedUnknown[] {
    return this.#machine.unknowns;
  }

  get assumptions(): readonly RecordedAssumption[] {
    return this.#machine.assumptions;
  }

  /** Evaluated expressions and statements so far. */
  get steps(): number {
    return this.#machine.steps;
  }

  /** Why evaluation stopped early, if it did. */
  get exhaustion(): string | undefined {
    return this.#machine.exhaustion;
  }
}

/** A statement that raises, or that our own stack is too small for, does not keep the next from being read. */
export function evaluateModuleBody(
  machine: Machine,
  body: readonly OutlinedStatement[],
  scope: Scope,
  file: string,
): void {
  const frame = moduleFrame(scope, file);
  const { frame: frameBefore, tryDepth, callDepth, nesting, site } = machine;
  if (scope.deferred) machine.importing++;
  for (const statement of body) {
    machine.frame = frame;
    machine.tryDepth = 0;
    try {
      if (statement.kind === 'waiting') deferDefinition(machine, statement, scope, file);
      else execute(machine, frame, statement);
    } catch (error) {
      machine.unknown(describeFailure(error), spanOf(frame, statement));
      machine.callDepth = callDepth;
      machine.nesting = nesting;
      machine.site = site;
    }
  }
  if (scope.deferred) machine.importing--;
  machine.frame = frameBefore;
  machine.tryDepth = tryDepth;
}

function deferDefinition(machine: Machine, waiting: WaitingDefinition, scope: Scope, file: string): void {
  scope.deferred?.deferDefinition(waiting, () => {
    evaluateModuleBody(machine, waiting.definition(), scope, file);
    return scope.names.get(waiting.name);
  });
}

function moduleFrame(scope: Scope, file: string): Frame {
  return {
    scope,
    moduleScope: scope,
    file,
    function: undefined,
    self: undefined,
    yields: undefined,
    returned: undefined,
  };
}

function isMainGuard(statement: Statement): boolean {
  if (statement.kind !== 'if' || statement.test.kind !== 'compare') return false;
  const { left, operands, operators } = statement.test;
  const [right] = operands;
  if (!right || operators.length !== 1 || operators[0] !== '==') return false;
  return (isDunderName(left) && isMainString(right)) || (isDunderName(right) && isMainString(left));
}

function isDunderName(node: Expression): boolean {
  return node.kind === 'name' && node.name === '__name__';
}

function isMainString(node: Expression): boolean {
  return node.kind === 'string' && node.value === '__main__';
}
