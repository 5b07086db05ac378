import type { SignatureParameter } from '../../python/arguments';
import type { CallArguments, Value } from '../../python/values';

export interface LenientArguments {
  readonly values: ReadonlyMap<string, Value>;
  readonly rest: readonly Value[];
}

/** NumPy's names for parameters (torch 2.13, torch/csrc/utils/python_arg_parser.cpp, numpy_compatibility_arg_names). */
const numpyNames: ReadonlyMap<string, string> = new Map([
  ['axis', 'dim'],
  ['keepdims', 'keepdim'],
  ['x', 'input'],
  ['a', 'input'],
  ['x1', 'input'],
  ['x2', 'other'],
]);

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
  for (const [name, value] of args.named) values.set(parameterNamed(parameters, name), value);
  return { values, rest };
}

function parameterNamed(parameters: readonly SignatureParameter[], name: string): string {
  const has = (wanted: string | undefined) => parameters.some((parameter) => parameter.name === wanted);
  const alias = numpyNames.get(name);
  return alias !== undefined && !has(name) && has(alias) ? alias : name;
}
