import type { ActivationParameters, ArgumentValue, FrameworkAlias, FrameworkArgument, FrameworkName } from './entry';

type AliasKind = FrameworkAlias['kind'];
type Variant = FrameworkAlias['variants'][number];

/** The alias together with the entry it names. */
export interface NamedAlias extends FrameworkAlias {
  readonly id: string;
}

/** Names of one catalogue entry: all take the same arguments. */
export function nameEntry(
  framework: FrameworkName,
  id: string,
  kind: AliasKind,
  names: readonly string[],
  args: readonly FrameworkArgument[] = [],
  variants: readonly Variant[] = [],
  fixed: ActivationParameters = {},
): readonly NamedAlias[] {
  return names.map((name) => ({ framework, id, kind, name, arguments: args, variants, fixed }));
}

/** An argument that sets a parameter of the catalogue. */
export function sets(
  name: string,
  parameter: string,
  defaultValue?: ArgumentValue,
  formerly?: string,
): FrameworkArgument {
  return { name, parameter, default: defaultValue, ...(formerly ? { formerly } : {}) };
}

/** An argument that changes nothing the curve shows. */
export function inert(name: string, defaultValue: ArgumentValue = null): FrameworkArgument {
  return { name, default: defaultValue, isInert: true };
}

/** An argument that only picks a variant, or that the catalogue can only follow at its default. */
export function picks(name: string, defaultValue: ArgumentValue): FrameworkArgument {
  return { name, default: defaultValue };
}

export interface BoundAlias {
  readonly id: string;
  readonly parameters: ActivationParameters;
}

/**
 * Which entry with which parameters a call names. `positional` leaves out the tensor. Undefined where an argument is not known
 * (`undefined` in the list), is missing, or has a value that the catalogue has no curve for.
 */
export function bindAlias(
  alias: NamedAlias,
  positional: readonly (ArgumentValue | undefined)[],
  named: Readonly<Record<string, ArgumentValue | undefined>>,
): BoundAlias | undefined {
  if (positional.length > alias.arguments.length) return undefined;
  const isKnown = (name: string) =>
    alias.arguments.some((argument) => argument.name === name || argument.formerly === name);
  if (!Object.keys(named).every(isKnown)) return undefined;
  const parameters: Record<string, number> = { ...alias.fixed };
  let id = alias.id;
  for (const [index, argument] of alias.arguments.entries()) {
    if (argument.isInert) continue;
    const value = index < positional.length ? positional[index] : namedValue(argument, named);
    if (value === undefined) return undefined;
    const variant = alias.variants.find((other) => other.argument === argument.name && other.equals === value);
    if (variant) {
      id = variant.id;
    } else if (argument.parameter) {
      if (typeof value === 'number') parameters[argument.parameter] = value;
      else if (value !== null) return undefined;
    } else if (value !== argument.default) {
      return undefined;
    }
  }
  return { id, parameters };
}

function namedValue(
  argument: FrameworkArgument,
  named: Readonly<Record<string, ArgumentValue | undefined>>,
): ArgumentValue | undefined {
  if (argument.name in named) return named[argument.name];
  if (argument.formerly !== undefined && argument.formerly in named) return named[argument.formerly];
  return argument.default;
}
