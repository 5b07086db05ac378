import { useActivation } from '../../../activations/catalogue';
import { add, multiply, z } from '../../../activations/construct';
import { meanOf } from '../../../network/initialisers';
import type { Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { applyCoupling } from '../../activationCall';
import { tensorOf } from '../../numpy/arrays';
import { addExpression, applyElementwise, type ElementwiseOperand } from '../../tensor/elementwise';
import { applyNamed } from '../activations';
import type { LayerCall, LayerTypes } from '../layerCall';
import { einsumDense } from './einsumDense';

const denseSignature =
  "units, activation=None, use_bias=True, kernel_initializer='glorot_uniform', bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None, lora_rank=None, lora_alpha=None, quantization_config=None";

/** Dense layers, embeddings and layers that are an activation. Signatures: Keras 3.15.1. */
export const coreLayers: LayerTypes = {
  Dense: { signature: denseSignature, call: dense },
  EinsumDense: {
    signature:
      "equation, output_shape, activation=None, bias_axes=None, kernel_initializer='glorot_uniform', bias_initializer='zeros'",
    call: einsumDense,
  },
  Embedding: {
    signature:
      "input_dim, output_dim, embeddings_initializer='uniform', embeddings_regularizer=None, embeddings_constraint=None, mask_zero=False, weights=None",
    call: embedding,
  },
  ReversibleEmbedding: {
    signature:
      "input_dim, output_dim, tie_weights=True, embeddings_initializer='uniform', embeddings_regularizer=None, embeddings_constraint=None, mask_zero=False, reverse_dtype=None, logit_soft_cap=None",
    call: reversibleEmbedding,
  },
  Activation: {
    signature: 'activation',
    call: (call) => {
      const { input } = call;
      const value = call.value('activation');
      if (!input || !value) return undefined;
      const name = value.kind === 'str' ? value.value : call.label;
      return applyOwn(call, value, input, name);
    },
  },
  ReLU: {
    signature: 'max_value=None, negative_slope=0.0, threshold=0.0',
    call: (call) =>
      activationLayer(call, {
        max_value: call.isNone('max_value') ? null : call.number('max_value'),
        negative_slope: call.number('negative_slope'),
        threshold: call.number('threshold'),
      }),
  },
  LeakyReLU: {
    signature: 'negative_slope=0.3',
    call: (call) => activationLayer(call, { negative_slope: call.number('alpha') ?? call.number('negative_slope') }),
  },
  ELU: { signature: 'alpha=1.0', call: (call) => activationLayer(call, { alpha: call.number('alpha') }) },
  PReLU: {
    signature: "alpha_initializer='Zeros', alpha_regularizer=None, alpha_constraint=None, shared_axes=None",
    call: prelu,
  },
  Softmax: {
    signature: 'axis=-1',
    call: (call) => {
      const axis = call.int('axis');
      if (!call.input || axis === undefined) return undefined;
      return applyCoupling(call.state, 'softmax', axis, call.input, call.site(undefined, 'softmax'));
    },
  },
  Lambda: {
    signature: 'function, output_shape=None, mask=None, arguments=None',
    call: (call) => {
      const body = call.value('function');
      const value = call.args.positional[0];
      return body && value && call.context.call(body, [value]);
    },
  },
  Rescaling: { signature: 'scale, offset=0.0', call: rescaling },
};

function dense(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const units = call.int('units');
  if (!input || units === undefined) return undefined;
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), units];
  const features = call.sizeOf(input, -1);
  if (features === undefined) return call.unknown(`the number of inputs of ${call.own.name} is not known`, shape);
  const kernel = call.weight({
    name: 'kernel',
    role: 'weight',
    shape: [features, units],
    stored: [units, features],
    argument: 'kernel_initializer',
  });
  const result = call.add(
    { kind: 'linear', inFeatures: features, outFeatures: units },
    [input],
    shape,
    [kernel, ...call.bias(units)],
    undefined,
    `Dense(${features}, ${units})`,
  );
  return call.activated(result);
}

function embedding(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const count = call.int('input_dim');
  const features = call.int('output_dim');
  if (!input || count === undefined || features === undefined) return undefined;
  const table = call.weight({
    name: 'embeddings',
    role: 'weight',
    shape: [count, features],
    argument: 'embeddings_initializer',
  });
  return call.add(
    { kind: 'embedding', count, features },
    [input],
    input.shape && [...input.shape, features],
    [table],
    undefined,
    `Embedding(${count}, ${features})`,
  );
}

/** With `reverse=True` the same table, or one of its own, gives scores over the rows. */
function reversibleEmbedding(call: LayerCall): TracedTensor | undefined {
  const count = call.int('input_dim');
  const features = call.int('output_dim');
  const { input } = call;
  if (!input || count === undefined || features === undefined) return undefined;
  const isTied = call.flag('tie_weights') === true;
  const reversed = isTied
    ? call.weight({ name: 'embeddings', role: 'weight', shape: [count, features], argument: 'embeddings_initializer' })
    : call.weight({
        name: 'reverse_embeddings',
        role: 'weight',
        shape: [features, count],
        stored: [count, features],
        argument: 'embeddings_initializer',
      });
  const isReverse = call.callValue('reverse', 1);
  if (!isReverse || call.context.truth(isReverse) !== true) return embedding(call);
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), count];
  const operation = { kind: 'linear', inFeatures: features, outFeatures: count } as const;
  return call.add(operation, [input], shape, [reversed], 'reverse');
}

function activationLayer(
  call: LayerCall,
  named: Readonly<Record<string, number | null | undefined>>,
): TracedTensor | undefined {
  const { input, label } = call;
  if (!input) return undefined;
  return applyNamed(call.state, `keras.layers.${label}`, [], named, input, call.site());
}

/** One slope an element, shared over `shared_axes`. */
function prelu(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const shared = call.isNone('shared_axes') ? [] : call.numbers('shared_axes');
  if (!input || !shared) return undefined;
  const sizes = input.shape?.slice(1).map((size, index) => (shared.includes(index + 1) ? 1 : size));
  if (!sizes?.every((size): size is number => typeof size === 'number')) {
    return call.unknown(`the number of slopes of ${call.own.name} is not known`, input.shape);
  }
  const alpha = call.weight({ name: 'alpha', role: 'weight', shape: sizes, argument: 'alpha_initializer' });
  const slope = meanOf(call.session.tracer.parameter(alpha.parameter).initialiser.distribution);
  const activation = useActivation('prelu', slope === undefined ? {} : { negativeSlope: slope });
  return call.add({ kind: 'activation', activation }, [input], input.shape, [alpha]);
}

/** `x · scale + offset`, each a number or one for each channel. */
function rescaling(call: LayerCall): TracedTensor | undefined {
  const { input, session } = call;
  const scale = call.numbers('scale');
  const offset = call.numbers('offset');
  if (!input || !scale || !offset) return undefined;
  const [factor = 1] = scale;
  const [shift = 0] = offset;
  if (scale.length === 1 && offset.length === 1) {
    if (shift === 0) return call.add({ kind: 'sum', coefficients: [factor] }, [input], input.shape);
    return addExpression(session, add(multiply(factor, z), shift), [input], input.shape, call.site());
  }
  const scaled = applyElementwise(session, 'multiply', [input, constantOf(call, scale, 'scale')], call.site('scaled'));
  return applyElementwise(session, 'add', [scaled, constantOf(call, offset, 'offset')], call.site());
}

/** Known numbers along the last axis; one of them is just a number. */
function constantOf(call: LayerCall, numbers: readonly number[], part: string): ElementwiseOperand {
  const [only = 0] = numbers;
  if (numbers.length === 1) return only;
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const square = numbers.reduce((sum, number) => sum + number ** 2, 0) / numbers.length;
  return call.add({ kind: 'constant', value: undefined, moments: { mean, square } }, [], [numbers.length], [], part);
}

function applyOwn(
  call: LayerCall,
  value: NonNullable<ReturnType<LayerCall['value']>>,
  input: TracedTensor,
  label: string,
): TracedTensor | undefined {
  const site = call.site(undefined, label);
  if (value.kind === 'str') return applyNamed(call.state, value.value, [], {}, input, site);
  if (value.kind === 'native') return applyNamed(call.state, value.name, [], {}, input, site);
  return tensorOf(call.context.call(value, [call.state.tensorValue(input)]));
}
