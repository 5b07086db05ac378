import type { TracedTensor } from '../../network/tracer';
import { makeUnknown } from '../../python/make';
import { builtinPart } from '../../python/payload';
import type { CallArguments, CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import { namedModules, nameParameters } from './moduleTree';
import type { TorchState } from './state';

/** `module(*args)`: runs its forward under its path; the outermost model reports its application. */
export function applyModule(
  state: TorchState,
  module: InstanceValue,
  args: CallArguments,
  context: CallContext,
): Value {
  if (!state.session.isInsideModel && isModelInstance(state, module)) return applyModel(state, module, args, context);
  return runForward(state, module, args.positional, args.named, context);
}

/** A class whose instances are models: the user's own, or a Sequential. */
export function isModelClass(state: TorchState, value: ClassValue): boolean {
  if (!value.mro.includes(state.moduleClass)) return false;
  return !value.isNative || value.name === 'torch.nn.Sequential';
}

export function isModelInstance(state: TorchState, value: Value): value is InstanceValue {
  return value.kind === 'instance' && isModelClass(state, value.class);
}

/** Tensors of a result in order, through tuples, lists and mappings. */
export function tensorsIn(state: TorchState, value: Value, depth = 0): readonly TracedTensor[] {
  if (depth > 8) return [];
  switch (value.kind) {
    case 'instance': {
      const tensor = state.tensorOf(value);
      const part = builtinPart(value);
      if (part) return tensorsIn(state, part, depth + 1);
      return tensor ? [tensor] : [...value.attributes.values()].flatMap((item) => plainTensors(state, item, depth));
    }
    case 'tuple':
    case 'list':
      return value.items.flatMap((item) => tensorsIn(state, item, depth + 1));
    case 'dict':
      return [...value.entries.values()].flatMap((entry) => tensorsIn(state, entry.value, depth + 1));
    default:
      return [];
  }
}

/** The parameters of forward after self. */
export function forwardParameters(
  state: TorchState,
  model: InstanceValue,
): readonly { readonly name: string; readonly hasDefault: boolean }[] {
  for (const candidate of model.class.mro) {
    const forward = candidate.namespace.get('forward');
    if (forward?.kind === 'function') {
      return forward.definition.parameters
        .filter((parameter) => parameter.form === 'plain')
        .slice(1)
        .map((parameter) => ({ name: parameter.name?.name ?? '', hasDefault: parameter.default !== undefined }));
    }
    if (forward) break;
  }
  return isModelInstance(state, model) ? [{ name: 'input', hasDefault: false }] : [];
}

function plainTensors(state: TorchState, value: Value, depth: number): readonly TracedTensor[] {
  if (state.isModule(value) || state.isParameter(value)) return [];
  return tensorsIn(state, value, depth + 1);
}

function applyModel(state: TorchState, model: InstanceValue, args: CallArguments, context: CallContext): Value {
  const { session, tracer } = state;
  // Example tensors belong to the code around the model: their nodes are made before it is entered.
  for (const value of [...args.positional, ...args.named.values()]) tensorsIn(state, value);
  nameParameters(state, model);
  const inside = (body: () => Value) => tracer.withFreshPaths(() => state.withPaths(namedModules(state, model), body));
  return inside(() => {
    const firstNode = tracer.nodes.length;
    session.enterModel(model);
    const parameters = forwardParameters(state, model);
    const assume = (value: Value, name: string, index: number): Value => {
      if (value.kind !== 'unknown') return value;
      const tensor = session.assumedInput(model, name, index);
      return tensor ? state.tensorValue(tensor) : value;
    };
    const positional = args.positional.map((value, index) => assume(value, parameters[index]?.name ?? '', index));
    const named = new Map(
      [...args.named].map(([name, value]) => {
        const index = parameters.findIndex((parameter) => parameter.name === name);
        return [name, index < 0 ? value : assume(value, name, index)];
      }),
    );
    let result: Value = makeUnknown('the model was not read to its end', context.trail[0]);
    try {
      result = runForward(state, model, positional, named, context);
    } finally {
      session.leaveModel({
        model,
        inputs: [...positional, ...named.values()].flatMap((value) => tensorsIn(state, value)),
        outputs: tensorsIn(state, result),
        firstNode,
        endNode: tracer.nodes.length,
        trail: context.trail,
        given: { positional, named },
      });
    }
    return result;
  });
}

function runForward(
  state: TorchState,
  module: InstanceValue,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
  context: CallContext,
): Value {
  const run = () => context.call(context.getAttribute(module, 'forward'), positional, named);
  const path = state.pathOf(module);
  return path === undefined ? run() : state.tracer.within(path, run);
}
