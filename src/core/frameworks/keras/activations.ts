import { bindFrameworkCall, findByFrameworkName, useActivation } from '../../activations/catalogue';
import type { ArgumentValue } from '../../activations/entry';
import type { TracedTensor } from '../../network/tracer';
import { makeNative } from '../../python/nativeClass';
import type { CallArguments, CallContext, NativeFunctionValue, Value } from '../../python/values';
import { tensorOf } from '../numpy/arrays';
import { numberOf } from '../tensor/dimValues';
import { addNode, addUnknown, type Site } from '../tensor/trace';
import type { KerasState } from './kerasState';

/** Applies what an `activation=` argument holds: None, a string, a function of the framework or of the user's, a layer. */
export function applyActivation(
  state: KerasState,
  value: Value,
  tensor: TracedTensor,
  site: Site,
  context: CallContext,
): TracedTensor {
  if (value.kind === 'none') return tensor;
  if (value.kind === 'str') return applyNamed(state, value.value, [], {}, tensor, { ...site, label: value.value });
  if (value.kind === 'native' && findByFrameworkName('keras', value.name)) {
    return applyNamed(state, value.name, [], {}, tensor, { ...site, label: shortName(value.name) });
  }
  if (value.kind === 'unknown') return addUnknown(state.session, value.reason, [tensor], tensor.shape, site);
  const result = tensorOf(context.call(value, [state.tensorValue(tensor)]));
  return result ?? addUnknown(state.session, 'the activation could not be followed', [tensor], tensor.shape, site);
}

/** Applies the catalogue's activation of this Keras string or qualified name. */
export function applyNamed(
  state: KerasState,
  name: string,
  positional: readonly (ArgumentValue | undefined)[],
  named: Readonly<Record<string, ArgumentValue | undefined>>,
  tensor: TracedTensor,
  site: Site,
): TracedTensor {
  const bound = bindFrameworkCall('keras', name, positional, named);
  if (!bound) return addUnknown(state.session, `the activation ${name} is not known`, [tensor], tensor.shape, site);
  if (bound.id === 'linear') return tensor;
  const activation = useActivation(bound.id, bound.parameters);
  if (activation) {
    return addNode(state.session, { kind: 'activation', activation }, [tensor], tensor.shape, site);
  }
  return applyCoupling(state, bound.id, axisOf(positional, named), tensor, site);
}

/** A function of `keras.activations`, `keras.ops` or `tf.nn` that the catalogue knows. */
export function activationFunction(state: () => KerasState, qualifiedName: string): NativeFunctionValue | undefined {
  if (!findByFrameworkName('keras', qualifiedName)) return undefined;
  return makeNative(qualifiedName, (args, context) => {
    const { tensor, positional, named } = splitArguments(args);
    if (!tensor) return unknownInput(args) ?? context.unknown(`${qualifiedName} is applied to no tensor`);
    const name = shortName(qualifiedName);
    const site: Site = { trail: context.trail, name, label: name };
    return state().tensorValue(applyNamed(state(), qualifiedName, positional, named, tensor, site));
  });
}

/** `keras.activations.get`: a name becomes its function, None the identity, what can be called stays (Keras 3.15, `activations/__init__.py`). */
export function activationGetter(state: () => KerasState): NativeFunctionValue {
  return makeNative('keras.activations.get', (args, context) => {
    const identifier = args.positional[0] ?? args.named.get('identifier');
    if (!identifier) return context.unknown('keras.activations.get is called without a name');
    if (identifier.kind !== 'str' && identifier.kind !== 'none') return identifier;
    const name = identifier.kind === 'str' ? identifier.value : 'linear';
    const found = activationFunction(state, `keras.activations.${name}`);
    return found ?? context.unknown(`the activation ${name} is not known`);
  });
}

/** Softmax along an axis, and the gated linear unit. */
export function applyCoupling(
  state: KerasState,
  id: string,
  axis: number,
  tensor: TracedTensor,
  site: Site,
): TracedTensor {
  const rank = tensor.shape?.length;
  const resolved = axis >= 0 ? axis : rank === undefined ? undefined : axis + rank;
  if (resolved === undefined) {
    return addUnknown(state.session, `${id} of a tensor of unknown shape`, [tensor], tensor.shape, site);
  }
  if (id === 'softmax' || id === 'log-softmax') {
    return addNode(state.session, { kind: 'softmax', variant: id, axis: resolved }, [tensor], tensor.shape, site);
  }
  if (id === 'glu') {
    const gate = useActivation('sigmoid');
    const shape = tensor.shape?.map((size, index) =>
      index === resolved ? (typeof size === 'number' ? size / 2 : undefined) : size,
    );
    return addNode(state.session, { kind: 'gatedLinearUnit', gate, axis: resolved }, [tensor], shape, site);
  }
  return addUnknown(state.session, `${id} is not followed yet`, [tensor], tensor.shape, site);
}

/** What the tables take as an argument; undefined where it is not known. */
export function argumentValue(value: Value | undefined): ArgumentValue | undefined {
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

function shortName(qualifiedName: string): string {
  return qualifiedName.slice(qualifiedName.lastIndexOf('.') + 1);
}
