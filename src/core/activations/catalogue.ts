import type { ActivationUse } from './activation';
import { type BoundAlias, bindAlias, type NamedAlias } from './aliases';
import { couplingActivations } from './couplingActivations';
import type {
  ActivationDefinition,
  ActivationEntry,
  ActivationParameters,
  ArgumentValue,
  FrameworkName,
  Saturation,
} from './entry';
import { flaxNames } from './flaxNames';
import { kerasNames } from './kerasNames';
import { numpyNames } from './numpyNames';
import { findProperties } from './properties';
import { rectifierActivations } from './rectifierActivations';
import { saturatingActivations } from './saturatingActivations';
import { smoothActivations } from './smoothActivations';
import { torchNames } from './torchNames';

/** Ids of the entries that are functions of one number. */
export type ElementwiseId =
  | keyof typeof saturatingActivations
  | keyof typeof rectifierActivations
  | keyof typeof smoothActivations;

export type ActivationId = ElementwiseId | keyof typeof couplingActivations;

const aliases: readonly NamedAlias[] = [...torchNames, ...kerasNames, ...flaxNames, ...numpyNames];

const definitions: Readonly<Record<ActivationId, ActivationDefinition>> = {
  ...saturatingActivations,
  ...rectifierActivations,
  ...smoothActivations,
  ...couplingActivations,
};

/** Every activation that Gradlens knows, one entry each. */
export const catalogue: readonly ActivationEntry[] = Object.entries(definitions).map(([id, definition]) => ({
  ...definition,
  id,
  names: aliases.filter((alias) => alias.id === id),
}));

const entriesById: ReadonlyMap<string, ActivationEntry> = new Map(catalogue.map((entry) => [entry.id, entry]));

const aliasesByName: ReadonlyMap<string, NamedAlias> = new Map(
  aliases.map((alias) => [`${alias.framework} ${alias.name}`, alias]),
);

export function findActivation(id: string): ActivationEntry | undefined {
  return entriesById.get(id);
}

/** The alias of a qualified name: `torch.nn.functional.leaky_relu`, `torch.Tensor.relu`, for Keras also a bare string such as `relu`. */
export function findByFrameworkName(
  framework: FrameworkName,
  qualifiedName: string,
): { readonly entry: ActivationEntry; readonly alias: NamedAlias } | undefined {
  const alias = aliasesByName.get(`${framework} ${qualifiedName}`);
  const entry = alias && entriesById.get(alias.id);
  return entry ? { entry, alias } : undefined;
}

/**
 * Entry and parameters that a call names. `positional` leaves out the tensor; an `undefined` in it is a value that could not be worked out.
 * Undefined where the name is not known or an argument does not fit. Special cases of the general ReLU become their own entries.
 */
export function bindFrameworkCall(
  framework: FrameworkName,
  qualifiedName: string,
  positional: readonly (ArgumentValue | undefined)[] = [],
  named: Readonly<Record<string, ArgumentValue | undefined>> = {},
): BoundAlias | undefined {
  const alias = aliasesByName.get(`${framework} ${qualifiedName}`);
  const bound = alias && bindAlias(alias, positional, named);
  return bound && nameSpecialCase(bound);
}

/** The activation with its parameters bound; missing ones take the catalogue's default. Undefined for what is not elementwise or not known. */
export function useActivation(id: ElementwiseId, parameters?: ActivationParameters): ActivationUse;
export function useActivation(id: string, parameters?: ActivationParameters): ActivationUse | undefined;
export function useActivation(id: string, parameters: ActivationParameters = {}): ActivationUse | undefined {
  const entry = entriesById.get(id);
  if (!entry?.expression) return undefined;
  const complete: Record<string, number> = {};
  for (const { name, default: value } of entry.parameters) complete[name] = parameters[name] ?? value;
  return { id, parameters: complete, expression: entry.expression(complete) };
}

/** Where a unit counts as saturated, for custom expressions by their slope; undefined where the notion does not apply. */
export function saturationOf(use: ActivationUse): Saturation | undefined {
  const entry = entriesById.get(use.id);
  return entry ? entry.saturation?.(use.parameters) : findProperties(use.expression).saturation;
}

function nameSpecialCase(bound: BoundAlias): BoundAlias {
  if (bound.id === 'swish' && bound.parameters.beta === 1) return { id: 'silu', parameters: {} };
  if (bound.id !== 'general-relu' || (bound.parameters.threshold ?? 0) !== 0) return bound;
  const { negativeSlope = 0, maxValue } = bound.parameters;
  if (maxValue === undefined) {
    return negativeSlope === 0 ? { id: 'relu', parameters: {} } : { id: 'leaky-relu', parameters: { negativeSlope } };
  }
  return negativeSlope === 0 && maxValue === 6 ? { id: 'relu6', parameters: {} } : bound;
}
