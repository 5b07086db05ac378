import type { Span } from '../span';
import { getAttribute, setAttribute } from './attributes';
import { callSafely } from './calls';
import { getItem } from './indexing';
import { iterate } from './iteration';
import type { CallSite, Machine } from './machine';
import { binary } from './operators';
import { truthOf } from './truth';
import type { CallContext, CallTrail, UnknownValue, Value } from './values';

const noNames: ReadonlyMap<string, Value> = new Map();

/** The evaluator as native functions see it, at the place of one call. */
export class MachineContext implements CallContext {
  constructor(
    readonly machine: Machine,
    readonly site: CallSite | undefined,
  ) {}

  get trail(): CallTrail {
    return this.site?.trail ?? [];
  }

  get #span(): Span | undefined {
    return this.site?.span;
  }

  call(callee: Value, positional: readonly Value[], named: ReadonlyMap<string, Value> = noNames): Value {
    return callSafely(this.machine, callee, positional, named, this.site);
  }

  getAttribute(object: Value, name: string): Value {
    return this.#guard(() => getAttribute(this.machine, object, name, this.#span));
  }

  setAttribute(object: Value, name: string, value: Value): void {
    this.#guard(() => {
      setAttribute(this.machine, object, name, value, this.#span);
      return value;
    });
  }

  getItem(object: Value, index: Value): Value {
    return this.#guard(() => getItem(this.machine, object, index, this.#span));
  }

  iterate(value: Value): readonly Value[] | undefined {
    return iterate(this.machine, value);
  }

  truth(value: Value): boolean | undefined {
    return truthOf(this.machine, value);
  }

  binary(operator: string, left: Value, right: Value): Value {
    return this.#guard(() => binary(this.machine, operator, left, right, this.#span));
  }

  unknown(reason: string): UnknownValue {
    return this.machine.unknown(reason, this.#span);
  }

  assume(what: string, value: string, span?: Span): void {
    this.machine.assume(what, value, span ?? this.#span);
  }

  get gradientRounds(): number {
    return this.machine.gradientRounds;
  }

  get isExhausted(): boolean {
    return this.machine.isExhausted;
  }

  #guard(body: () => Value): Value {
    const { machine } = this;
    const { tryDepth } = machine;
    machine.tryDepth = 0;
    try {
      return body();
    } catch (error) {
      return machine.unknown(describeFailure(error), this.#span);
    } finally {
      machine.tryDepth = tryDepth;
    }
  }
}

/** In words, what stopped a piece of evaluation. */
export function describeFailure(error: unknown): string {
  if (error instanceof RangeError) return 'nested too deeply';
  if (typeof error === 'object' && error !== null && 'exception' in error && 'message' in error) {
    return `raises ${String(error.exception)}: ${String(error.message)}`;
  }
  return `internal error: ${error instanceof Error ? error.message : String(error)}`;
}

/** The evaluator behind a context; undefined for doubles in tests. */
export function machineOf(context: CallContext): Machine | undefined {
  return context instanceof MachineContext ? context.machine : undefined;
}
