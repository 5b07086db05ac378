import type { Initialiser, ParameterId } from '../../network/network';
import type { InstanceValue, Value } from '../../python/values';
import type { TorchState } from './state';

/** A module with parameters of its own, of the original's values: `copy.deepcopy`, the clones of `TransformerEncoder`. */
export function copyModule(state: TorchState, module: InstanceValue): InstanceValue {
  const copies = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    const known = copies.get(value);
    if (known) return known;
    if (value.kind !== 'instance') return value;
    const parameter = state.parameterOf(value);
    if (parameter === undefined) return state.isModule(value) ? copyInstance(value) : value;
    const { shape, initialiser, isTrainable } = state.tracer.parameter(parameter);
    const made = state.parameterValue(shape, copiedFrom(parameter, initialiser), value.made, isTrainable);
    copies.set(value, made);
    return made;
  };
  const copyInstance = (instance: InstanceValue): InstanceValue => {
    const attributes = new Map<string, Value>();
    const made: InstanceValue = { ...instance, attributes };
    copies.set(instance, made);
    for (const [name, value] of instance.attributes) attributes.set(name, copy(value));
    return made;
  };
  return copyInstance(module);
}

/** The initialiser of a parameter that is given another's values. */
export function copiedFrom(original: ParameterId, initialiser: Initialiser): Initialiser {
  return { ...initialiser, copyOf: initialiser.copyOf ?? original };
}
