import { shapeText } from '../../network/shapes';
import type { CallArguments, CallContext, FunctionValue, InstanceValue, Value } from '../../python/values';
import { shapeValue } from '../tensor/dimValues';
import { inputTensors, type KerasState } from './kerasState';

/** `layer(x)`: builds the layer on its first call, then runs its `call`. */
export function callLayer(state: KerasState, layer: InstanceValue, args: CallArguments, context: CallContext): Value {
  const own = state.stateOf(layer);
  const method = context.getAttribute(layer, 'call');
  if (method.kind === 'unknown') return method;
  const run = (): Value => {
    buildOnce(state, layer, args, context);
    return context.call(method, args.positional, withTraining(method, args));
  };
  const isUnnamed = own.construction !== undefined || state.isOutermost(layer);
  return state.calling(layer, () => (isUnnamed ? run() : state.within(own.name, run)));
}

/** The user's own `build(input_shape)`, once for each input shape that is tried; the batch size is None, as Keras gives it. */
function buildOnce(state: KerasState, layer: InstanceValue, args: CallArguments, context: CallContext): void {
  const own = state.stateOf(layer);
  const build = context.getAttribute(layer, 'build');
  if (build.kind !== 'method' || build.function.kind !== 'function') return;
  const [input] = inputTensors(args.positional[0] ?? args.named.get('inputs'));
  const shape = input?.shape && shapeValue(input.shape, state.session.tracer.batchSize);
  if (!input?.shape || shape?.kind !== 'tuple') return;
  const text = shapeText(input.shape);
  if (own.built && (own.built.shape === text || own.builtIn === state.application)) return;
  for (const name of own.built?.weights ?? []) own.weights.delete(name);
  const before = new Set(own.weights.keys());
  own.builtIn = state.application;
  const [, ...others] = shape.items;
  context.call(build, [{ kind: 'tuple', items: [{ kind: 'none' }, ...others] }]);
  own.built = { shape: text, weights: [...own.weights.keys()].filter((name) => !before.has(name)) };
}

/** Keras passes `training` to every `call` that takes it; networks are read as they train. */
function withTraining(method: Value, args: CallArguments): ReadonlyMap<string, Value> {
  const body = method.kind === 'method' ? method.function : method;
  if (body.kind !== 'function' || args.named.has('training')) return args.named;
  const names = parameterNames(body);
  const index = names.indexOf('training');
  if (index < 0 || index <= args.positional.length) return args.named;
  return new Map([...args.named, ['training', { kind: 'bool', value: true }]]);
}

/** Names of a function's plain parameters, self included. */
export function parameterNames(body: FunctionValue): readonly string[] {
  return body.definition.parameters.flatMap(({ form, name }) => (form === 'plain' && name ? [name.name] : []));
}
