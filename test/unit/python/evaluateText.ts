import { machineOf } from '../../../src/core/python/callContext';
import { reprOf } from '../../../src/core/python/formatting';
import { Interpreter, type InterpreterOptions } from '../../../src/core/python/interpreter';
import type { Machine } from '../../../src/core/python/machine';
import { type ParsedModule, parsePython } from '../../../src/core/python/parse';
import type { Scope } from '../../../src/core/python/values';

export interface Evaluated {
  readonly parsed: ParsedModule;
  readonly interpreter: Interpreter;
  readonly machine: Machine;
  readonly scope: Scope;
  /** The value of a name as Python would print it, `unknown: …` with the reason, or undefined where the name is not set. */
  show(name: string): string | undefined;
}

/** Evaluates one file's text without any framework. */
export function evaluateText(text: string, options: Partial<InterpreterOptions> = {}): Evaluated {
  const parsed = parsePython(text);
  const interpreter = new Interpreter({
    frameworks: { module: () => undefined },
    clock: () => performance.now(),
    ...options,
  });
  const scope = interpreter.evaluateModule(parsed, 'main.py');
  const machine = machineOf(interpreter.context([]));
  if (!machine) throw new Error('an interpreter gives its own context');
  const show = (name: string): string | undefined => {
    const value = scope.names.get(name);
    if (value?.kind === 'unknown') return `unknown: ${value.reason}`;
    return value && reprOf(machine, value);
  };
  return { parsed, interpreter, machine, scope, show };
}
