import { unknownDistribution } from '../../network/initialisers';
import type { Initialiser, NodeId, ParameterId, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { getEntry, makeStr } from '../../python/make';
import type { CallArguments, CallContext, ClassValue, FunctionValue, InstanceValue, Value } from '../../python/values';
import { shapeOf, sizesOf, tensorOf } from '../numpy/arrays';
import { tensorsIn } from '../numpy/numpy';
import { callLayer, parameterNames } from './callLayer';
import { type KerasState, tensorsInOrder } from './kerasState';
import { layersInOrder } from './layerOrder';
import type { FunctionalGraph } from './layerState';
import { replay } from './replay';

/** `model(x)`: reported to the session where no other model encloses it and the input is not a mere placeholder. */
export function callModel(state: KerasState, model: InstanceValue, args: CallArguments, context: CallContext): Value {
  const isPlaceholder = [...args.positional, ...args.named.values()].some((value) => state.isSymbolic(value));
  if (state.session.isInsideModel || isPlaceholder) return callLayer(state, model, args, context);
  const { session } = state;
  return session.tracer.withFreshPaths(() => {
    session.enterModel(model);
    const firstNode = session.tracer.nodes.length;
    const completed = withAssumedInputs(state, model, args);
    const result = state.applying(model, () => callLayer(state, model, completed, context));
    session.leaveModel({
      model,
      inputs: completed.positional.flatMap((value) => tensorsIn(value)),
      outputs: tensorsInOrder(result),
      firstNode,
      endNode: session.tracer.nodes.length,
      trail: context.trail,
    });
    return result;
  });
}

/** `call` of Sequential and functional models; subclasses have their own. */
export function callFramework(
  state: KerasState,
  model: InstanceValue,
  args: CallArguments,
  context: CallContext,
): Value {
  const own = state.stateOf(model);
  const input = args.positional[0] ?? args.named.get('inputs');
  if (own.sequence) return callSequence(own.sequence, input, context);
  if (own.graph) {
    return replay(state, own.graph, givenInputs(state, own.graph, args.positional), context);
  }
  return context.unknown(`${own.name} has no call method`);
}

/** Tensors in the order of the model's inputs: a mapping is read by their names where it has them all. */
function givenInputs(
  state: KerasState,
  { inputs }: FunctionalGraph,
  positional: readonly Value[],
): readonly TracedTensor[] {
  const [first] = positional;
  if (first?.kind === 'dict') {
    const named = inputs.map(({ node }) => getEntry(first, makeStr(state.session.tracer.nodes[node]?.path ?? '')));
    const tensors = named.map(tensorOf);
    if (tensors.every((tensor) => tensor !== undefined)) return tensors;
  }
  return positional.flatMap((value) => tensorsInOrder(value));
}

export function callSequence(sequence: readonly Value[], input: Value | undefined, context: CallContext): Value {
  let current: Value = input ?? context.unknown('a model is called without input');
  for (const layer of sequence) {
    if (current.kind === 'unknown') return current;
    current = context.call(layer, [current]);
  }
  return current;
}

/** Inputs that are not tensors become assumed ones of the declared shape. */
function withAssumedInputs(state: KerasState, model: InstanceValue, args: CallArguments): CallArguments {
  const parameters = forwardParameters(state, model);
  const required = parameters.filter((parameter) => !parameter.hasDefault).length;
  const given = args.positional;
  const count = Math.max(given.length, args.named.size > 0 ? 0 : required);
  const positional = Array.from({ length: count }, (_, index): Value => {
    const value = given[index];
    if (value && tensorsIn(value).length > 0) return value;
    if (value && value.kind !== 'unknown') return value;
    const name = parameters[index]?.name ?? 'inputs';
    const assumed = state.session.assumedInput(model, name, index);
    if (assumed) return state.tensorValue(assumed);
    return value ?? { kind: 'unknown', reason: `the input ${name} is not known`, span: undefined };
  });
  return { ...args, positional };
}

/** Keras models take one argument; one of several inputs takes them as a list, which is spread here. */
export function forwardParameters(
  state: KerasState,
  model: InstanceValue,
): readonly { readonly name: string; readonly hasDefault: boolean }[] {
  const own = state.stateOf(model);
  if (own.graph) {
    return own.graph.inputs.map((tensor, index) => ({
      name: state.session.tracer.nodes[tensor.node]?.path ?? `input_${index}`,
      hasDefault: false,
    }));
  }
  if (own.sequence) return [{ name: 'inputs', hasDefault: false }];
  const method = userCall(model);
  if (!method) return [{ name: 'inputs', hasDefault: false }];
  return parameterNames(method)
    .slice(1)
    .map((name) => ({ name, hasDefault: method.defaults.has(name) || name === 'training' || name === 'mask' }));
}

/** The `call` that the user's class or one of its bases defines. */
export function userCall(model: InstanceValue): FunctionValue | undefined {
  for (const { namespace } of model.class.mro) {
    const found = namespace.get('call');
    if (found) return found.kind === 'function' ? found : undefined;
  }
  return undefined;
}

/** Without the batch axis: of `Input`, of the first layer, of `build`. */
export function declaredInputShapes(
  state: KerasState,
  model: InstanceValue,
  around: readonly InstanceValue[] = [],
): readonly Shape[] | undefined {
  const own = state.stateOf(model);
  if (own.graph) return own.graph.inputs.map((tensor) => tensor.shape?.slice(1));
  if (own.declaredShape) return [own.declaredShape];
  const first = own.sequence?.[0];
  if (!state.isLayer(first) || around.includes(first)) return undefined;
  if (state.isModel(first)) return declaredInputShapes(state, first, [...around, model, first]);
  const { declaredShape } = state.stateOf(first);
  return declaredShape && [declaredShape];
}

/** Layers of a model in Keras's order. */
export function layersOf(state: KerasState, model: InstanceValue): readonly InstanceValue[] {
  const own = state.stateOf(model);
  if (own.sequence) {
    const isPart = (layer: Value) => state.isLayer(layer) && layer.class !== state.classes.inputLayer;
    return own.sequence.filter((layer): layer is InstanceValue => isPart(layer));
  }
  if (own.graph) {
    const { inputs, outputs } = own.graph;
    const layerOf = (node: NodeId) => state.layerOfNode(node);
    return layersInOrder(state.session.tracer.nodes, inputs, tensorsInOrder(outputs), layerOf);
  }
  return [...new Set([...own.inner, ...attributeLayers(state, model)])];
}

/** Layers among the attributes of an instance, those in lists, tuples and mappings included. */
function attributeLayers(state: KerasState, instance: InstanceValue): readonly InstanceValue[] {
  const found = new Set<InstanceValue>();
  const containers = new Set<Value>();
  const visit = (value: Value): void => {
    if (state.isLayer(value)) found.add(value);
    if (containers.has(value)) return;
    containers.add(value);
    if (value.kind === 'list' || value.kind === 'tuple') value.items.forEach(visit);
    else if (value.kind === 'dict') for (const entry of value.entries.values()) visit(entry.value);
  };
  for (const value of instance.attributes.values()) visit(value);
  return [...found];
}

/** Every weight of the model, each once, frozen layers marked as such. */
export function parametersOf(state: KerasState, model: InstanceValue): readonly ParameterId[] {
  const found = new Set<ParameterId>();
  const seen = new Set<InstanceValue>();
  const { tracer } = state.session;
  const visit = (layer: InstanceValue, isFrozen: boolean, isLoaded: boolean): void => {
    if (seen.has(layer)) return;
    seen.add(layer);
    const own = state.stateOf(layer);
    const isFrozenHere = isFrozen || !own.isTrainable;
    const isLoadedHere = isLoaded || own.areWeightsLoaded;
    for (const id of new Set([...own.weights.values(), ...variablesOf(state, layer)])) {
      found.add(id);
      if (isFrozenHere) tracer.setTrainable(id, false);
      if (isLoadedHere) tracer.setInitialiser(id, loadedWeights);
    }
    for (const part of layersOf(state, layer)) visit(part, isFrozenHere, isLoadedHere);
  };
  visit(model, false, false);
  return [...found];
}

/** Variables that a layer of the user's keeps in attributes: weights that no `add_weight` made. */
function variablesOf(state: KerasState, layer: InstanceValue): readonly ParameterId[] {
  const { nodes } = state.session.tracer;
  return [...layer.attributes.values()]
    .flatMap((value) => tensorsIn(value))
    .flatMap(({ node }) => {
      const variable = nodes[node];
      return variable?.operation.kind === 'parameter' ? variable.parameters.map(({ parameter }) => parameter) : [];
    });
}

const loadedWeights: Initialiser = {
  distribution: unknownDistribution('the weights are loaded from a file'),
  scheme: 'load_weights',
  isDefault: false,
};

/** `layer.trainable = …` reaches every layer inside (Keras 3.15 `Layer.trainable`). */
export function setTrainable(state: KerasState, layer: InstanceValue, isTrainable: boolean): void {
  for (const part of layersWithin(state, layer)) state.stateOf(part).isTrainable = isTrainable;
}

/** `load_weights`, `set_weights`. */
export function markLoaded(state: KerasState, layer: InstanceValue): void {
  for (const part of layersWithin(state, layer)) state.stateOf(part).areWeightsLoaded = true;
}

function layersWithin(state: KerasState, layer: InstanceValue): ReadonlySet<InstanceValue> {
  const found = new Set<InstanceValue>([layer]);
  for (const part of found) for (const inner of layersOf(state, part)) found.add(inner);
  return found;
}

/** Remembers the data that a model is trained on, and their shape where nothing else tells it. */
export function declareFromData(
  state: KerasState,
  model: InstanceValue,
  data: Value | undefined,
  target: Value | undefined,
): void {
  const own = state.stateOf(model);
  const shape = shapeOf(data);
  if (shape && shape.length > 1 && !declaredInputShapes(state, model)) own.declaredShape = shape.slice(1);
  const tensor = tensorOf(data);
  own.fed ??= tensor && { data: tensor, target: tensorOf(target) };
}

/** `model.build((None, 20))`. */
export function declareFromBuild(
  state: KerasState,
  model: InstanceValue,
  shape: Value | undefined,
  context: CallContext,
): void {
  const sizes = sizesOf(shape, context);
  if (sizes && sizes.length > 1 && !declaredInputShapes(state, model)) {
    state.stateOf(model).declaredShape = sizes.slice(1);
  }
}

/** `Model(inputs, outputs)`. */
export function makeFunctional(state: KerasState, model: InstanceValue, inputs: Value, outputs: Value): void {
  state.stateOf(model).graph = { inputs: tensorsInOrder(inputs), outputs };
}

/** False for models that only hold others and train them by a `train_step` of their own. */
export function hasForward(state: KerasState, model: InstanceValue): boolean {
  const own = state.stateOf(model);
  return own.graph !== undefined || (own.sequence?.length ?? 0) > 0 || userCall(model) !== undefined;
}

/** What `hasForward` will say of the instances of a class that nobody has made yet. */
export function mayHaveForward(cls: ClassValue): boolean {
  const defines = (name: string) => cls.mro.some(({ namespace, isNative }) => !isNative && namespace.has(name));
  return defines('call') || !defines('train_step');
}

/** Adds a layer, or the placeholder that stands for one, to a Sequential model. */
export function addToSequence(state: KerasState, model: InstanceValue, layer: Value): void {
  const own = state.stateOf(model);
  own.sequence ??= [];
  const placeholder = tensorOf(layer);
  if (!placeholder) own.sequence.push(layer);
  else if (own.sequence.length === 0) {
    own.declaredShape = placeholder.shape?.slice(1);
    own.inputName = state.session.tracer.nodes[placeholder.node]?.path;
  }
}
