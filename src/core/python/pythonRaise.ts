import type { InstanceValue } from './values';

/** A Python exception on its way to a handler. Thrown inside the evaluator only; no caller outside ever sees it. */
export class PythonRaise {
  constructor(
    /** Name of the exception's class. */
    readonly exception: string,
    readonly message: string,
    /** The exception object where the user's code made one. */
    readonly value: InstanceValue | undefined,
  ) {}
}
