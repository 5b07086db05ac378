import { useActivation } from '../../../activations/catalogue';
import { meanOf } from '../../../network/initialisers';
import type { Dim, ParameterUse, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { reshapeTo } from '../../tensor/rearranging';
import type { LayerCall, LayerTypes } from '../layerCall';

/** Dense layers and embeddings. Fields, arguments and kernel shapes: flax 0.12.8, linen/linear.py and nnx/nn/linear.py. */
export const denseLayers: LayerTypes = {
  Dense: {
    linen:
      'features, use_bias=True, dtype=None, param_dtype=None, precision=None, kernel_init=None, bias_init=None, promote_dtype=None, dot_general=None, dot_general_cls=None',
    call: dense,
  },
  Linear: {
    nnx: 'in_features, out_features, *, use_bias=True, dtype=None, param_dtype=None, precision=None, kernel_init=None, bias_init=None, dot_general=None, promote_dtype=None, preferred_element_type=None, rngs=None, kernel_metadata=None, bias_metadata=None',
    weights: (call) => matrix(call),
    call: dense,
  },
  DenseGeneral: {
    linen:
      'features, axis=-1, batch_dims=(), use_bias=True, dtype=None, param_dtype=None, kernel_init=None, bias_init=None, precision=None, promote_dtype=None, dot_general=None, dot_general_cls=None',
    call: denseGeneral,
  },
  LinearGeneral: {
    nnx: 'in_features, out_features, *, axis=-1, batch_axis=None, use_bias=True, dtype=None, param_dtype=None, kernel_init=None, bias_init=None, precision=None, promote_dtype=None, dot_general=None, dot_general_cls=None, preferred_element_type=None, rngs=None, kernel_metadata=None, bias_metadata=None',
    weights: (call) => {
      const sizes = call.numbers('in_features');
      if (sizes) generalMatrix(call, sizes);
    },
    call: denseGeneral,
  },
  Embed: {
    linen: 'num_embeddings, features, dtype=None, param_dtype=None, embedding_init=None, promote_dtype=None',
    nnx: 'num_embeddings, features, *, dtype=None, param_dtype=None, embedding_init=None, promote_dtype=None, rngs=None, embedding_metadata=None',
    weights: (call) => table(call),
    call: embedding,
    methods: { attend },
  },
  PReLU: {
    linen: 'param_dtype=None, negative_slope_init=0.01',
    nnx: 'negative_slope_init=0.01, *, dtype=None, param_dtype=None, promote_dtype=None, negative_slope_metadata=None',
    weights: (call) => slopeOf(call),
    call: (call) => {
      const { input } = call;
      if (!input) return undefined;
      const slope = slopeOf(call);
      const start = meanOf(call.session.tracer.parameter(slope.parameter).initialiser.distribution);
      const activation = useActivation('prelu', start === undefined ? {} : { negativeSlope: start });
      return call.add({ kind: 'activation', activation }, [input], input.shape, [slope]);
    },
  },
};

interface Matrix {
  readonly features: number;
  readonly units: number;
  readonly uses: readonly ParameterUse[];
}

function matrix(call: LayerCall): Matrix | undefined {
  const features = call.inFeatures();
  const units = call.size('features', 'out_features');
  if (features === undefined || units === undefined) return undefined;
  const shape = [features, units];
  const stored = [units, features];
  const kernel = { name: 'kernel', shape, stored, argument: 'kernel_init', fallback: 'lecun_normal' } as const;
  return { features, units, uses: [call.parameter('weight', kernel), ...call.bias('bias', units)] };
}

function dense(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const made = matrix(call);
  if (!input) return undefined;
  const units = call.size('features', 'out_features');
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), units];
  if (!made) return call.unknown(`the sizes of ${call.title} are not known`, shape);
  const { features, uses } = made;
  checkWidth(call, input, features);
  const operation = { kind: 'linear', inFeatures: features, outFeatures: made.units } as const;
  return call.add(operation, [input], shape, uses, `${call.label}(${features}, ${made.units})`);
}

function checkWidth(call: LayerCall, input: TracedTensor, features: number): void {
  const width = input.shape?.at(-1);
  if (typeof width === 'number' && width !== features) {
    call.problem(`${call.title} takes ${features} features and gets ${width}`);
  }
}

/** Over several axes of the input, into several of the output; the initialiser sees a plain matrix. */
function generalMatrix(call: LayerCall, inSizes: readonly number[]): Matrix | undefined {
  const outSizes = call.numbers(call.bound.has('features') ? 'features' : 'out_features');
  if (!outSizes) return undefined;
  const features = product(inSizes);
  const units = product(outSizes);
  const kernel = call.parameter('weight', {
    name: 'kernel',
    shape: [...inSizes, ...outSizes],
    stored: [units, features],
    drawn: [features, units],
    argument: 'kernel_init',
    fallback: 'lecun_normal',
  });
  return { features, units, uses: [kernel, ...call.bias('bias', units, outSizes)] };
}

/** The axes that are contracted must be the last ones: others are not followed. */
function denseGeneral(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const axes = call.numbers('axis');
  const rank = input?.shape?.length;
  if (!input?.shape || !axes || rank === undefined) return undefined;
  const positions = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const isTrailing = positions.every((axis, index) => axis === rank - axes.length + index);
  const inSizes = positions.map((axis) => input.shape?.[axis]);
  const outSizes = call.numbers(call.bound.has('features') ? 'features' : 'out_features');
  const isKnown = inSizes.every((size): size is number => typeof size === 'number');
  if (!isTrailing || !isKnown || !outSizes || call.numbers('batch_dims')?.length) {
    return call.unknown(`${call.title} over these axes is not followed`, undefined);
  }
  const made = generalMatrix(call, inSizes);
  if (!made) return undefined;
  const { features, units, uses } = made;
  const outer: readonly Dim[] = input.shape.slice(0, rank - axes.length);
  const merged = reshapeTo(call.session, input, [...outer, features], call.site('merge'));
  const operation = { kind: 'linear', inFeatures: features, outFeatures: units } as const;
  const result = call.add(operation, [merged], [...outer, units], uses, `${call.label}(${features}, ${units})`);
  return reshapeTo(call.session, result, [...outer, ...outSizes], call.site('split'));
}

function table(call: LayerCall): ParameterUse | undefined {
  const count = call.int('num_embeddings');
  const features = call.int('features');
  if (count === undefined || features === undefined) return undefined;
  const shape = [count, features];
  return call.parameter('weight', { name: 'embedding', shape, argument: 'embedding_init', fallback: 'embedding' });
}

function embedding(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const count = call.int('num_embeddings');
  const features = call.int('features');
  const use = table(call);
  if (!input || !use || count === undefined || features === undefined) return undefined;
  const shape: Shape = input.shape && [...input.shape, features];
  const label = `${call.label}(${count}, ${features})`;
  return call.add({ kind: 'embedding', count, features }, [input], shape, [use], label);
}

/** `embed.attend(x)`: the table as a matrix without bias, x·Eᵀ. */
function attend(call: LayerCall): TracedTensor | undefined {
  const input = call.input;
  const count = call.int('num_embeddings');
  const features = call.int('features');
  const use = table(call);
  if (!input || !use || count === undefined || features === undefined) return undefined;
  const shape: Shape = input.shape && [...input.shape.slice(0, -1), count];
  checkWidth(call, input, features);
  const operation = { kind: 'linear', inFeatures: features, outFeatures: count } as const;
  return call.add(operation, [input], shape, [use], `attend(${features}, ${count})`, 'attend');
}

function slopeOf(call: LayerCall): ParameterUse {
  return call.parameter('weight', {
    name: 'negative_slope',
    shape: [],
    argument: 'negative_slope_init',
    fallback: 'zeros',
  });
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}
