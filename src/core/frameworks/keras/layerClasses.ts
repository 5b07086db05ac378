import { bindArguments } from '../../python/arguments';
import { type InstanceMethod, instanceMethod, instanceProperty, makeNativeClass } from '../../python/nativeClass';
import type { CallArguments, CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import { isTracedTensor, sizesOf } from '../numpy/arrays';
import { numberOf } from '../tensor/dimValues';
import { permute } from '../tensor/rearranging';
import { addNode } from '../tensor/trace';
import { withPresentNames } from './formerArguments';
import { inputTensors, type KerasState } from './kerasState';
import { LayerCall, type LayerType, type LayerTypes } from './layerCall';

const none: Value = { kind: 'none' };

export type Method = InstanceMethod;

export const kerasMethod = instanceMethod;
export const kerasProperty = instanceProperty;

/** The classes of `keras.layers` by all their names. */
export function layerClasses(
  state: () => KerasState,
  base: ClassValue,
  types: LayerTypes,
): ReadonlyMap<string, ClassValue> {
  const classes = new Map<string, ClassValue>();
  for (const [name, type] of Object.entries(types)) {
    const qualified = `keras.layers.${name}`;
    const cls = makeNativeClass(qualified, [base], {
      __init__: kerasMethod(`${qualified}.__init__`, (self, args, context) =>
        construct(state(), self, type, args, context),
      ),
      call: kerasMethod(`${qualified}.call`, (self, args, context) => applyNative(state(), self, args, context)),
      ...Object.fromEntries(readableWeights.map((weight) => [weight, weightProperty(state, weight)])),
    });
    for (const alias of [name, ...(type.aliases ?? [])]) classes.set(alias, cls);
  }
  return classes;
}

/** Weights that other layers may read: a table used again as an output matrix. */
const readableWeights = ['kernel', 'bias', 'embeddings', 'gamma', 'beta'];

function weightProperty(state: () => KerasState, name: string): Value {
  return kerasProperty(
    name,
    (self, context) => self.attributes.get(name) ?? weightTensor(state(), self, name, context),
    (self, value) => self.attributes.set(name, value),
  );
}

/** In Keras's own order of axes; matrices are kept with their outputs first. */
function weightTensor(state: KerasState, layer: InstanceValue, name: string, context: CallContext): Value {
  const own = state.stateOf(layer);
  const parameter = own.weights.get(name);
  if (parameter === undefined) return context.unknown(`${own.name} has no ${name} yet`);
  const { shape } = state.session.tracer.parameter(parameter);
  if (name === 'kernel' && shape.length !== 2) return context.unknown(`the ${name} of ${own.name} is not followed`);
  const site = { trail: context.trail, name, label: name, path: state.weightPath(own.name, name) };
  const tensor = addNode(state.session, { kind: 'parameter' }, [], shape, site, [{ role: 'value', parameter }]);
  return state.tensorValue(name === 'kernel' ? permute(state.session, tensor, [1, 0], site) : tensor);
}

/** `Layer.__init__`: names the layer and keeps the input shape it declares. */
export function initialiseLayer(
  state: KerasState,
  layer: InstanceValue,
  named: ReadonlyMap<string, Value>,
  context: CallContext,
): void {
  const own = state.stateOf(layer, named.get('name'));
  const trainable = named.get('trainable');
  if (trainable && context.truth(trainable) === false) own.isTrainable = false;
  const declared = named.get('input_shape') ?? named.get('batch_input_shape') ?? named.get('batch_shape');
  const width = numberOf(named.get('input_dim'));
  if (declared && declared.kind !== 'none') {
    const sizes = sizesOf(declared, context);
    own.declaredShape = named.has('input_shape') ? sizes : sizes?.slice(1);
  } else if (width !== undefined && !own.construction?.bound.has('input_dim')) {
    const steps = numberOf(named.get('input_length'));
    own.declaredShape = steps === undefined ? [width] : [steps, width];
  }
}

function construct(
  state: KerasState,
  layer: InstanceValue,
  type: LayerType,
  written: CallArguments,
  context: CallContext,
): Value {
  const args = withPresentNames(type.signature, written);
  const bound = bindArguments(`${type.signature}${type.signature ? ', ' : ''}**kwargs`, args, context);
  const own = state.stateOf(layer, args.named.get('name'));
  if (bound instanceof Map) {
    own.construction = { type, bound, written: args };
    // Keras keeps its arguments as attributes of the same names.
    for (const [argument, value] of bound) if (argument !== 'kwargs') layer.attributes.set(argument, value);
  }
  initialiseLayer(state, layer, args.named, context);
  return none;
}

/** `call` of a framework layer. */
function applyNative(state: KerasState, layer: InstanceValue, args: CallArguments, context: CallContext): Value {
  const own = state.stateOf(layer);
  const first = args.positional[0] ?? args.named.get('inputs');
  if (first?.kind === 'unknown') return first;
  const inputs = inputTensors(first);
  if (!own.construction) {
    return context.unknown(`the arguments of ${own.name} are not known`);
  }
  if (!own.areInnerCounted) for (const inner of own.construction.type.inner ?? []) state.autoName(inner);
  own.areInnerCounted = true;
  const call = new LayerCall(state, layer, own.construction, inputs, args, context);
  const result = own.construction.type.call(call);
  if (result === undefined) {
    const reason =
      inputs.length === 0
        ? `the input of ${own.name} is not known`
        : `the arguments of ${own.name} are not known well enough`;
    return inputs.length === 0 ? context.unknown(reason) : state.tensorValue(call.unknown(reason, undefined));
  }
  return isTracedTensor(result) ? state.tensorValue(result) : result;
}
