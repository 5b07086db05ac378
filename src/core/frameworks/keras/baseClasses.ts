import { argumentSpan } from '../../python/arguments';
import { makeBool } from '../../python/make';
import { makeNativeClass } from '../../python/nativeClass';
import type { CallArguments, CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import { createArrayClass } from '../numpy/arrayClass';
import { sizesOf } from '../numpy/arrays';
import { tensorsIn } from '../numpy/numpy';
import { numberOf } from '../tensor/dimValues';
import { addNode } from '../tensor/trace';
import { callLayer } from './callLayer';
import { configurationOf, fromConfig } from './configuration';
import { initialiserOf } from './initialisers';
import { inputTensor } from './inputs';
import type { KerasClasses, KerasState } from './kerasState';
import { initialiseLayer, kerasMethod, kerasProperty, type Method } from './layerClasses';
import { inputLayer } from './layers/inputLayer';
import { declareLoss } from './losses';
import {
  addToSequence,
  callFramework,
  callModel,
  callSequence,
  declaredInputShapes,
  declareFromBuild,
  declareFromData,
  layersOf,
  makeFunctional,
  markLoaded,
  setTrainable,
} from './models';

const none: Value = { kind: 'none' };

/** `Layer`, `Model`, `Sequential`, tensors and `Initializer`, for one file's evaluation. */
export function baseClasses(state: () => KerasState): KerasClasses {
  const layer = layerClass(state);
  const model = modelClass(state, layer);
  return {
    layer,
    inputLayer: inputLayer(state, layer),
    model,
    sequential: sequentialClass(state, model),
    tensor: createArrayClass('keras.KerasTensor', state),
    initialiser: makeNativeClass('keras.initializers.Initializer'),
  };
}

function layerClass(state: () => KerasState): ClassValue {
  const method = (name: string, body: Method): [string, Value] => [
    name,
    kerasMethod(`keras.layers.Layer.${name}`, body),
  ];
  return makeNativeClass(
    'keras.layers.Layer',
    [],
    new Map([
      method('__init__', (self, args, context) => {
        initialiseLayer(state(), self, args.named, context);
        return none;
      }),
      method('__call__', (self, args, context) => callLayer(state(), self, args, context)),
      method('build', () => none),
      method('add_weight', (self, args, context) => addWeight(state(), self, args, context)),
      method('add_loss', () => none),
      method('add_metric', () => none),
      method('get_config', (self) => configurationOf(state(), self)),
      ['from_config', fromConfig],
      method('compute_output_shape', (_self, _args, context) =>
        context.unknown('the output shape is left to the trace'),
      ),
      method('set_weights', (self) => {
        markLoaded(state(), self);
        return none;
      }),
      method('get_weights', (_self, _args, context) => ({
        kind: 'unknown',
        reason: 'the values of weights are known only when the code runs',
        span: context.trail[0],
      })),
      [
        'trainable',
        kerasProperty(
          'trainable',
          (self) => makeBool(state().stateOf(self).isTrainable),
          (self, value, context) => {
            const isTrainable = context.truth(value);
            if (isTrainable !== undefined) setTrainable(state(), self, isTrainable);
          },
        ),
      ],
      ['name', kerasProperty('name', (self) => ({ kind: 'str', value: state().stateOf(self).name }))],
      ['layers', kerasProperty('layers', (self) => layerList(state(), self))],
      ['output', kerasProperty('output', (self, context) => outputOf(state(), self, context))],
    ]),
  );
}

function modelClass(state: () => KerasState, layer: ClassValue): ClassValue {
  const method = (name: string, body: Method): [string, Value] => [name, kerasMethod(`keras.Model.${name}`, body)];
  const tolerated = ['summary', 'save', 'save_weights', 'export', 'reset_states'];
  const trained = ['fit', 'evaluate', 'predict', 'train_on_batch', 'test_on_batch', 'predict_on_batch'];
  return makeNativeClass(
    'keras.Model',
    [layer],
    new Map([
      method('__init__', (self, args, context) => {
        const isPlain = self.class === state().classes.model;
        // `Model(inputs, outputs)` makes an object of a class of its own (Keras 3.15 `Model.__new__`).
        if (isPlain) state().stateOf(self, args.named.get('name'), 'Functional');
        initialiseLayer(state(), self, args.named, context);
        const inputs = args.named.get('inputs') ?? args.named.get('input') ?? args.positional[0];
        const outputs = args.named.get('outputs') ?? args.named.get('output') ?? args.positional[1];
        if (inputs && outputs) makeFunctional(state(), self, inputs, outputs);
        return none;
      }),
      method('__call__', (self, args, context) => callModel(state(), self, args, context)),
      method('call', (self, args, context) => callFramework(state(), self, args, context)),
      method('build', (self, args, context) => {
        declareFromBuild(state(), self, args.named.get('input_shape') ?? args.positional[0], context);
        return none;
      }),
      method('compile', (self, args, context) => {
        const signature = 'optimizer, loss, loss_weights, metrics';
        const loss = args.named.get('loss') ?? args.positional[1];
        declareLoss(state(), self, loss, argumentSpan(signature, args, 'loss'), context);
        return none;
      }),
      ...trained.map((name) =>
        method(name, (self, args) => {
          const target = args.named.get('y') ?? args.positional[1];
          declareFromData(state(), self, args.named.get('x') ?? args.positional[0], target);
          return { kind: 'unknown', reason: `${name} runs the model`, span: undefined };
        }),
      ),
      method('load_weights', (self) => {
        markLoaded(state(), self);
        return none;
      }),
      ...tolerated.map((name) => method(name, () => none)),
      method('get_layer', (self, args, context) => layerNamed(state(), self, args, context)),
      ['inputs', kerasProperty('inputs', (self, context) => listOf(inputsOf(state(), self, context)))],
      ['outputs', kerasProperty('outputs', (self, context) => outputsOf(state(), self, context))],
      ['input', kerasProperty('input', (self, context) => inputsOf(state(), self, context)[0] ?? none)],
    ]),
  );
}

function sequentialClass(state: () => KerasState, model: ClassValue): ClassValue {
  const method = (name: string, body: Method): [string, Value] => [name, kerasMethod(`keras.Sequential.${name}`, body)];
  return makeNativeClass(
    'keras.Sequential',
    [model],
    new Map([
      method('__init__', (self, args, context) => {
        initialiseLayer(state(), self, args.named, context);
        const own = state().stateOf(self);
        own.sequence = [];
        const layers = args.named.get('layers') ?? args.positional[0];
        if (!layers || layers.kind === 'none') return none;
        const items = context.iterate(layers);
        if (!items) return context.unknown(`the layers of ${own.name} are not known`);
        for (const item of items) addToSequence(state(), self, item);
        return none;
      }),
      method('add', (self, args, context) => {
        const layer = args.named.get('layer') ?? args.positional[0];
        if (!layer) return context.unknown('add without a layer');
        addToSequence(state(), self, layer);
        return none;
      }),
      method('pop', (self) => state().stateOf(self).sequence?.pop() ?? none),
    ]),
  );
}

/** `self.add_weight(shape=…, initializer=…)`: the parameter, read as a tensor. */
function addWeight(state: KerasState, self: InstanceValue, args: CallArguments, context: CallContext): Value {
  const own = state.stateOf(self);
  const argument = (name: string, position: number): Value | undefined =>
    args.named.get(name) ?? args.positional[position];
  const [first] = args.positional;
  const isNameFirst = first?.kind === 'str';
  const sizes = sizesOf(argument('shape', isNameFirst ? 1 : 0) ?? { kind: 'tuple', items: [] }, context);
  const shape = sizes?.every((size): size is number => typeof size === 'number') ? sizes : undefined;
  if (!shape) return context.unknown(`the shape of a weight of ${own.name} is not known`);
  const given = argument('name', isNameFirst ? 0 : 5);
  const plain = given?.kind === 'str' ? given.value : 'variable';
  const name = own.weights.has(plain) ? `${plain}_${own.weights.size}` : plain;
  const initial = argument('initializer', 1) ?? { kind: 'str', value: shape.length > 1 ? 'glorot_uniform' : 'zeros' };
  const initialiser = initialiserOf(state, initial, { shape }, args.namedSpans.get('initializer'), context);
  const trainable = args.named.get('trainable');
  const path = state.weightPath(own.name, name);
  const isTrainable = !(trainable && context.truth(trainable) === false);
  const parameter = state.session.tracer.addParameter(path, shape, initialiser, isTrainable);
  own.weights.set(name, parameter);
  const site = { trail: context.trail, name, label: name, path };
  return state.tensorValue(
    addNode(state.session, { kind: 'parameter' }, [], shape, site, [{ role: 'value', parameter }]),
  );
}

function layerList(state: KerasState, self: InstanceValue): Value {
  return listOf(layersOf(state, self));
}

function listOf(items: readonly Value[]): Value {
  return { kind: 'list', items: [...items] };
}

function layerNamed(state: KerasState, self: InstanceValue, args: CallArguments, context: CallContext): Value {
  const layers = layersOf(state, self);
  const name = args.named.get('name') ?? args.positional[0];
  if (name?.kind === 'str') {
    const found = layers.find((layer) => state.stateOf(layer).name === name.value);
    if (found) return found;
  }
  const index = numberOf(args.named.get('index') ?? args.positional[1]);
  const found = index === undefined ? undefined : layers.at(index);
  return found ?? context.unknown('the model has no such layer');
}

/** The placeholders of a model; a Sequential one is turned into a functional one the first time they are asked for. */
function inputsOf(state: KerasState, self: InstanceValue, context: CallContext): readonly Value[] {
  return graphOf(state, self, context)?.inputs.map((tensor) => state.tensorValue(tensor)) ?? [];
}

function outputsOf(state: KerasState, self: InstanceValue, context: CallContext): Value {
  const graph = graphOf(state, self, context);
  return listOf(graph ? tensorsIn(graph.outputs).map((tensor) => state.tensorValue(tensor)) : []);
}

function graphOf(
  state: KerasState,
  self: InstanceValue,
  context: CallContext,
): ReturnType<KerasState['stateOf']>['graph'] {
  const own = state.stateOf(self);
  if (own.graph || !own.sequence) return own.graph;
  const [shape] = declaredInputShapes(state, self) ?? [];
  if (!shape) return undefined;
  const input = inputTensor(state, [{ perBatch: 1 }, ...shape], 'real', context, own.inputName);
  const outputs = callSequence(own.sequence, state.tensorValue(input), context);
  own.graph = { inputs: [input], outputs };
  return own.graph;
}

/** `layer.output`: the last tensor that the layer made while a functional model was written down. */
function outputOf(state: KerasState, self: InstanceValue, context: CallContext): Value {
  const graph = state.isModel(self) ? graphOf(state, self, context) : undefined;
  if (graph) return graph.outputs;
  const output = state.lastOutputOf(self);
  return output ? state.tensorValue(output) : context.unknown(`${state.stateOf(self).name} has no output yet`);
}
