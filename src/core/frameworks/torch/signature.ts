import type { SignatureParameter } from '../../python/arguments';
import type { CallArguments, Value } from '../../python/values';

export interface LenientArguments {
  readonly values: ReadonlyMap<string, Value>;
  readonly rest: readonly Value[];
}

/**
 * Arguments by parameter name, with defaults; a missing one is absent, a stray one is kept under its name or in `rest`: half-typed
 * calls and arguments of other PyTorch versions still say what they can.
 */
export function bindLeniently(parameters: readonly SignatureParameter[], args: CallArguments): LenientArguments {
  const values = new Map<string, Value>();
  const names: string[] = [];
  let takesRest = false;
  for (const { name, form, default: value } of parameters) {
    if (form === '*') takesRest = true;
    else if (!takesRest && (form === 'plain' || form === 'positional')) names.push(name);
    if (value) values.set(name, value);
  }
  const rest: Value[] = [];
  args.positional.forEach((value, index) => {
    const name = names[index];
    if (name === undefined) rest.push(value);
    else values.set(name, value);
  });
  for (const [name, value] of args.named) values.set(name, value);
  return { values, rest };
}
