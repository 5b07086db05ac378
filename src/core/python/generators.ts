import { iteratorClass } from './builtinClasses';
import { describeFailure } from './callContext';
import type { CallSite, Frame, Machine } from './machine';
import { IteratorPart, iteratorPart } from './payload';
import { PythonRaise } from './pythonRaise';
import { executeBlock } from './statements';
import type { Statement } from './syntax';
import type { InstanceValue, Value } from './values';

/** Unwinds a generator whose elements nobody wants any more. */
export class GeneratorStop extends PythonRaise {
  constructor() {
    super('GeneratorExit', '', undefined);
  }
}

/**
 * A generator that a call has made. Its body runs when an element is first asked for: to its end, the elements kept, or, where a loop or
 * a `with` statement takes them one by one, with that statement's body run at each `yield`.
 */
export class GeneratorPart extends IteratorPart {
  #isFresh = true;

  constructor(
    private readonly machine: Machine,
    private readonly frame: Frame,
    private readonly body: readonly Statement[],
    private readonly site: CallSite | undefined,
  ) {
    let raised: PythonRaise | undefined;
    const pull = (index: number): Value | undefined => {
      if (this.#isFresh) raised = this.#runToEnd();
      const item = frame.yields?.[index];
      if (item || !raised) return item;
      const error = raised;
      raised = undefined;
      if (machine.tryDepth > 0) throw error;
      machine.unknown(`${frame.function?.name} ${describeFailure(error)}`, site?.span);
      return undefined;
    };
    super(pull);
  }

  get isFresh(): boolean {
    return this.#isFresh;
  }

  override close(): void {
    this.#isFresh = false;
    super.close();
  }

  /** What its `return` gives, once it has ended. */
  get returned(): Value | undefined {
    return this.frame.returned;
  }

  #runToEnd(): PythonRaise | undefined {
    try {
      this.run(undefined);
      return undefined;
    } catch (error) {
      if (!(error instanceof PythonRaise)) throw error;
      return error;
    }
  }

  /** `onYield` is called with each element and gives what `yield` evaluates to. */
  run(onYield: ((value: Value) => Value) | undefined): void {
    this.#isFresh = false;
    const { machine, frame } = this;
    const { frame: frameBefore, site: siteBefore } = machine;
    frame.onYield = onYield;
    machine.frame = frame;
    machine.site = this.site;
    machine.callDepth++;
    try {
      executeBlock(machine, frame, this.body);
    } finally {
      machine.callDepth--;
      machine.frame = frameBefore;
      machine.site = siteBefore;
    }
  }
}

export function makeGenerator(
  machine: Machine,
  frame: Frame,
  body: readonly Statement[],
  site: CallSite | undefined,
): InstanceValue {
  const payload = new GeneratorPart(machine, frame, body, site);
  return { kind: 'instance', class: iteratorClass, attributes: new Map(), payload, made: [] };
}

/** The generator behind a value, where nothing has been taken from it. */
export function freshGenerator(value: Value): GeneratorPart | undefined {
  const part = iteratorPart(value);
  return part instanceof GeneratorPart && part.isFresh ? part : undefined;
}
