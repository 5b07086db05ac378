import type { CallContext, FunctionValue, InstanceValue, NativeFunctionValue, Value } from '../../python/values';
import { tensorsIn } from '../numpy/numpy';
import type { FlaxState } from './flaxState';

export interface ForwardParameter {
  readonly name: string;
  readonly hasDefault: boolean;
}

const originals = new WeakMap<NativeFunctionValue, FunctionValue>();

/** Remembers the user's function behind the native one that took its place in a class. */
export function setOriginal(native: NativeFunctionValue, original: FunctionValue): void {
  originals.set(native, original);
}

/** The `__call__` that the user's class or one of its bases defines. */
export function userCall(model: InstanceValue): FunctionValue | undefined {
  for (const { namespace } of model.class.mro) {
    const found = namespace.get('__call__');
    if (found) return found.kind === 'native' ? originals.get(found) : undefined;
  }
  return undefined;
}

/** Arguments that say how to run, not what to run on, with the value they have while a network trains. */
const runFlags: readonly (readonly [RegExp, boolean])[] = [
  [/^(is_?)?train(ing)?$/, true],
  [/^(deterministic|eval(uate)?|use_running_average|inference)$/, false],
];

/** The parameters of `__call__` after self; flags and keys are no inputs. */
export function forwardParameters(model: InstanceValue): readonly ForwardParameter[] {
  const method = userCall(model);
  if (!method) return [{ name: 'x', hasDefault: false }];
  return method.definition.parameters
    .filter(({ form, name }) => form === 'plain' && name !== undefined)
    .slice(1)
    .map(({ name, default: value }) => ({
      name: name?.name ?? '',
      hasDefault: value !== undefined || isFlag(name?.name ?? ''),
    }));
}

function isFlag(name: string): boolean {
  return runFlags.some(([pattern]) => pattern.test(name)) || /^(rngs?|keys?|prng.*|dropout_rng)$/.test(name);
}

/** The named arguments with the flags that the method demands and the call does not give. */
function withFlags(
  model: InstanceValue,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  const parameters = userCall(model)?.definition.parameters.slice(1) ?? [];
  const completed = new Map(named);
  for (const [index, { name, form, default: fallback }] of parameters.entries()) {
    if (!name || fallback !== undefined || completed.has(name.name) || form === '*' || form === '**') continue;
    if (form === 'plain' && index < positional.length) continue;
    const flag = runFlags.find(([pattern]) => pattern.test(name.name));
    if (flag) completed.set(name.name, { kind: 'bool', value: flag[1] });
    else if (isFlag(name.name)) completed.set(name.name, { kind: 'none' });
  }
  return completed;
}

/**
 * One application of a model, reported to the session where no other encloses it. `run` calls the method with arguments in which unknown
 * tensors have become assumed inputs.
 */
export function applyModel(
  state: FlaxState,
  model: InstanceValue,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
  context: CallContext,
  run: (positional: readonly Value[], named: ReadonlyMap<string, Value>) => Value,
): Value {
  const { session } = state;
  if (session.isInsideModel) return run(positional, withFlags(model, positional, named));
  // Example arrays belong to the code around the model: their nodes are made before it is entered.
  for (const value of [...positional, ...named.values()]) tensorsIn(value);
  return session.tracer.withFreshPaths(() => {
    const firstNode = session.tracer.nodes.length;
    session.enterModel(model);
    const parameters = forwardParameters(model);
    const given = positional.map((value, index) => {
      if (value.kind !== 'unknown' || parameters[index]?.hasDefault) return value;
      const assumed = session.assumedInput(model, parameters[index]?.name ?? '', index);
      return assumed ? state.tensorValue(assumed) : value;
    });
    const result = run(given, withFlags(model, given, named));
    session.leaveModel({
      model,
      inputs: [...given, ...named.values()].flatMap((value) => tensorsIn(value)),
      outputs: tensorsIn(result),
      firstNode,
      endNode: session.tracer.nodes.length,
      trail: context.trail,
    });
    return result;
  });
}
