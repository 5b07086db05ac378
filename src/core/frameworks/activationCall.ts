import { bindFrameworkCall, findByFrameworkName, useActivation } from '../activations/catalogue';
import type { ArgumentValue, FrameworkName } from '../activations/entry';
import type { TracedTensor } from '../network/tracer';
import { makeNative } from '../python/nativeClass';
import type { CallArguments, NativeFunctionValue, Value } from '../python/values';
import { type ArrayRoom, arrayValue, tensorOf } from './numpy/arrays';
import { numberOf } from './tensor/dimValues';
import { addNode, addUnknown, type Site } from './tensor/trace';

/** Applies the catalogue's activation that the framework calls by this string or qualified name. */
export function applyNamed(
  room: ArrayRoom,
  framework: FrameworkName,
  name: string,
  positional: readonly (ArgumentValue | undefined)[],
  named: Readonly<Record<string, ArgumentValue | undefined>>,
  tensor: TracedTensor,
  site: Site,
): TracedTensor {
  const bound = bindFrameworkCall(framework, name, positional, named);
  if (!bound) return addUnknown(room.session, `the activation ${name} is not known`, [tensor], tensor.shape, site);
  if (bound.id === 'linear') return tensor;
  const activation = useActivation(bound.id, bound.parameters);
  if (activation) {
    return addNode(room.session, { kind: 'activation', activation }, [tensor], tensor.shape, site);
  }
  return applyCoupling(room, bound.id, axisOf(positional, named), tensor, site);
}

/** A function of the framework that the catalogue knows. */
export function activationFunction(
  room: () => ArrayRoom,
  framework: FrameworkName,
  qualifiedName: string,
): NativeFunctionValue | undefined {
  if (!findByFrameworkName(framework, qualifiedName)) return undefined;
  return makeNative(qualifiedName, (args, context) => {
    const { tensor, positional, named } = splitArguments(args);
    if (!tensor) return unknownInput(args) ?? context.unknown(`${qualifiedName} is applied to no tensor`);
    const name = shortName(qualifiedName);
    const path = room().operationPath?.(qualifiedName, args.positional);
    const site: Site = { trail: context.trail, name, label: name, ...(path !== undefined && { path }) };
    return arrayValue(room(), applyNamed(room(), framework, qualifiedName, positional, named, tensor, site));
  });
}

/** Softmax along an axis, and the gated linear unit. */
export function applyCoupling(
  room: ArrayRoom,
  id: string,
  axis: number,
  tensor: TracedTensor,
  site: Site,
): TracedTensor {
  const rank = tensor.shape?.length;
  const resolved = axis >= 0 ? axis : rank === undefined ? undefined : axis + rank;
  if (resolved === undefined) {
    return addUnknown(room.session, `${id} of a tensor of unknown shape`, [tensor], tensor.shape, site);
  }
  if (id === 'softmax' || id === 'log-softmax') {
    return addNode(room.session, { kind: 'softmax', variant: id, axis: resolved }, [tensor], tensor.shape, site);
  }
  if (id === 'glu') {
    const gate = useActivation('sigmoid');
    const shape = tensor.shape?.map((size, index) =>
      index === resolved ? (typeof size === 'number' ? size / 2 : undefined) : size,
    );
    return addNode(room.session, { kind: 'gatedLinearUnit', gate, axis: resolved }, [tensor], shape, site);
  }
  return addUnknown(room.session, `${id} is not followed yet`, [tensor], tensor.shape, site);
}

/** What the tables take as an argument; undefined where it is not known. */
function argumentValue(value: Value | undefined): ArgumentValue | undefined {
  if (!value) return undefined;
  if (value.kind === 'none') return null;
  if (value.kind === 'bool' || value.kind === 'str') return value.value;
  return numberOf(value);
}

function splitArguments(args: CallArguments): {
  readonly tensor: TracedTensor | undefined;
  readonly positional: readonly (ArgumentValue | undefined)[];
  readonly named: Readonly<Record<string, ArgumentValue | undefined>>;
} {
  const [first, ...others] = args.positional;
  let tensor = tensorOf(first);
  const named: Record<string, ArgumentValue | undefined> = {};
  for (const [name, value] of args.named) {
    const given = tensor ? undefined : tensorOf(value);
    if (given) tensor = given;
    else named[name] = argumentValue(value);
  }
  return { tensor, positional: others.map(argumentValue), named };
}

function unknownInput(args: CallArguments): Value | undefined {
  return [...args.positional, ...args.named.values()].find((value) => value.kind === 'unknown');
}

function axisOf(
  positional: readonly (ArgumentValue | undefined)[],
  named: Readonly<Record<string, ArgumentValue | undefined>>,
): number {
  const given = named.axis ?? positional[0];
  return typeof given === 'number' ? given : -1;
}

export function shortName(qualifiedName: string): string {
  return qualifiedName.slice(qualifiedName.lastIndexOf('.') + 1);
}
