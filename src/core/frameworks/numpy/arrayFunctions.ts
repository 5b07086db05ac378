import type { Dim, Operation } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { CallContext, Value } from '../../python/values';
import { matmul, type ReductionVariant, reduce, stopGradient } from '../tensor/combining';
import { numberOf, shapeValue } from '../tensor/dimValues';
import { drawnDistribution } from '../tensor/drawnDistribution';
import {
  concat,
  expand,
  flatten,
  permute,
  reshape,
  squeeze,
  stack,
  swapAxes,
  tile,
  unsqueeze,
} from '../tensor/rearranging';
import { addNode } from '../tensor/trace';
import { arrangementFunctions } from './arrangementFunctions';
import { type ArrayCall, type ArrayFunctions, knownValues, shapeOf, sizesOf, tensorOf } from './arrays';
import { contractionFunctions } from './contractionFunctions';
import { shapeOnlyFunctions } from './shapeOnlyFunctions';

/** Reductions and rearrangements that NumPy, `keras.ops` and `tf` share; array methods take the array as `x`. */
export const arrayFunctions: ArrayFunctions = {
  ...shapeOnlyFunctions,
  ...contractionFunctions,
  ...arrangementFunctions,
  ...reductions({
    sum: 'sum',
    mean: 'mean',
    average: 'mean',
    max: 'max',
    amax: 'max',
    min: 'min',
    amin: 'min',
    std: 'std',
    var: 'variance',
    norm: 'norm',
  }),
  prod: {
    signature: 'x, axis=None, keepdims=False',
    call: (call) =>
      ofNumbers(call, (numbers) => numbers.reduce((a, b) => a * b, 1)) ?? shapeOnlyFunctions.prod?.call(call),
  },
  matmul: { signature: 'x, y', call: product },
  dot: { signature: 'x, y', call: product },
  reshape: {
    signature: 'x, *shape',
    call: (call) =>
      withTensor(call, (tensor) => {
        const sizes = call.sizes('shape') ?? call.sizes('newshape') ?? call.sizes('target_shape');
        return sizes && reshape(call.session, tensor, sizes, call.site);
      }),
  },
  ravel: {
    signature: 'x',
    call: (call) => withTensor(call, (tensor) => flatten(call.session, tensor, 0, -1, call.site)),
  },
  flatten: {
    signature: 'x',
    call: (call) => withTensor(call, (tensor) => flatten(call.session, tensor, 0, -1, call.site)),
  },
  transpose: { signature: 'x, *axes', call: transposed },
  swapaxes: {
    signature: 'x, axis1, axis2',
    call: (call) =>
      withTensor(call, (tensor) => {
        const first = call.number('axis1');
        const second = call.number('axis2');
        return first === undefined || second === undefined
          ? undefined
          : swapAxes(call.session, tensor, first, second, call.site);
      }),
  },
  expand_dims: {
    signature: 'x, axis=-1',
    call: (call) =>
      withTensor(call, (tensor) => {
        const axis = call.number('axis');
        return axis === undefined ? undefined : unsqueeze(call.session, tensor, axis, call.site);
      }),
  },
  squeeze: {
    signature: 'x, axis=None',
    call: (call) =>
      withTensor(call, (tensor) => {
        const axes = call.axes();
        return axes === null ? undefined : squeeze(call.session, tensor, axes, call.site);
      }),
  },
  concatenate: { signature: 'x, axis=0', call: (call) => joined(call, concat) },
  concat: { signature: 'x, axis=0', call: (call) => joined(call, concat) },
  stack: { signature: 'x, axis=0', call: (call) => joined(call, stack) },
  broadcast_to: {
    signature: 'x, *shape',
    call: (call) =>
      withTensor(call, (tensor) => {
        const sizes = call.sizes('shape');
        return sizes && expand(call.session, tensor, sizes, call.site);
      }),
  },
  tile: {
    signature: 'x, *multiples',
    call: (call) =>
      withTensor(call, (tensor) => {
        const counts = call.sizes('multiples') ?? call.sizes('reps') ?? call.sizes('repeats');
        return counts && tile(call.session, tensor, counts, call.site);
      }),
  },
  stop_gradient: {
    signature: 'x',
    call: (call) => withTensor(call, (tensor) => stopGradient(call.session, tensor, call.site)) ?? call.first,
  },
  ...passedThrough([
    'astype',
    'cast',
    'copy',
    'identity',
    'ascontiguousarray',
    'asarray',
    'convert_to_tensor',
    'convert_to_numpy',
    'numpy',
    'to_float',
    'nan_to_num',
  ]),
  shape: {
    signature: 'x',
    call: (call) => {
      const shape = shapeOf(call.first);
      return shape && shapeValue(shape, call.session.tracer.batchSize);
    },
  },
  ndim: { signature: 'x', call: (call) => rankValue(call.first) },
  rank: { signature: 'x', call: (call) => rankValue(call.first) },
  item: {
    signature: 'x',
    call: (call) => {
      const values = knownValues(call.first);
      return values?.length === 1 ? { kind: 'float', value: values[0] ?? Number.NaN } : undefined;
    },
  },
  tolist: {
    signature: 'x',
    call: (call) => {
      const values = knownValues(call.first);
      return values && { kind: 'list', items: values.map((value) => ({ kind: 'float', value })) };
    },
  },
};

/** Functions that methods of arrays are too. */
export const arrayMethodNames = [
  'sum',
  'mean',
  'max',
  'min',
  'std',
  'var',
  'prod',
  'dot',
  'reshape',
  'ravel',
  'flatten',
  'transpose',
  'swapaxes',
  'squeeze',
  'astype',
  'copy',
  'numpy',
  'item',
  'tolist',
  'clip',
] as const;

/** `f(list of tensors, axis)`. */
export function joined(call: ArrayCall, join: typeof concat): Value | undefined {
  const tensors = call.tensors(call.first);
  const axis = call.number('axis');
  if (!tensors || tensors.length === 0 || axis === undefined) return undefined;
  return call.result(join(call.session, tensors, axis, call.site));
}

export function reduced(call: ArrayCall, variant: ReductionVariant, value = call.first): Value | undefined {
  const axes = call.axes();
  if (axes === null) return undefined;
  const tensor = call.tensor;
  if (!tensor) return numbersReduced(call, variant, value);
  return call.result(reduce(call.session, variant, tensor, axes, call.flag('keepdims'), call.site));
}

function reductions(table: Readonly<Record<string, ReductionVariant>>): Record<string, ArrayFunctions[string]> {
  return Object.fromEntries(
    Object.entries(table).map(([name, variant]) => [
      name,
      {
        signature: variant === 'norm' ? 'x, ord=None, axis=None, keepdims=False' : 'x, axis=None, keepdims=False',
        call: (call: ArrayCall) => reduced(call, variant),
      },
    ]),
  );
}

function passedThrough(names: readonly string[]): Record<string, ArrayFunctions[string]> {
  return Object.fromEntries(
    names.map((name) => [name, { signature: 'x, dtype=None', call: (call: ArrayCall) => call.first }]),
  );
}

function withTensor(call: ArrayCall, body: (tensor: TracedTensor) => TracedTensor | undefined): Value | undefined {
  const { tensor } = call;
  const result = tensor && body(tensor);
  return result && call.result(result);
}

/** Reductions of a Python sequence of known numbers. */
function numbersReduced(call: ArrayCall, variant: ReductionVariant, value: Value | undefined): Value | undefined {
  const numbers = numbersOf(value, call.context);
  if (!numbers || numbers.length === 0) return undefined;
  const sum = numbers.reduce((total, item) => total + item, 0);
  const mean = sum / numbers.length;
  const squares = numbers.reduce((total, item) => total + (item - mean) ** 2, 0) / numbers.length;
  const results: Readonly<Record<ReductionVariant, number>> = {
    sum,
    mean,
    max: numbers.reduce((a, b) => Math.max(a, b)),
    min: numbers.reduce((a, b) => Math.min(a, b)),
    variance: squares,
    std: Math.sqrt(squares),
    norm: Math.hypot(...numbers),
  };
  return numberValue(
    results[variant],
    variant !== 'mean' && variant !== 'std' && variant !== 'variance' && variant !== 'norm',
  );
}

function ofNumbers(call: ArrayCall, body: (numbers: readonly number[]) => number): Value | undefined {
  const numbers = numbersOf(call.first, call.context);
  return numbers && numberValue(body(numbers), true);
}

function numbersOf(value: Value | undefined, context: CallContext): readonly number[] | undefined {
  const known = knownValues(value);
  if (known) return known;
  const single = numberOf(value);
  if (single !== undefined) return [single];
  const items = value && value.kind !== 'instance' ? context.iterate(value)?.map(numberOf) : undefined;
  return items?.every((item) => item !== undefined) ? items : undefined;
}

function numberValue(value: number, mayBeInteger: boolean): Value {
  return mayBeInteger && Number.isInteger(value) ? { kind: 'int', value } : { kind: 'float', value };
}

function product(call: ArrayCall): Value | undefined {
  const right = tensorOf(call.second);
  const left = call.tensor ?? unknownData(call, right);
  if (!left || !right) return undefined;
  return call.result(dense(call, left, right) ?? matmul(call.session, left, right, call.site));
}

/** Data that is read from elsewhere, multiplied with a matrix that the code draws: as many columns as that has rows. */
function unknownData(call: ArrayCall, matrix: TracedTensor | undefined): TracedTensor | undefined {
  const { room, session } = call;
  const [features, ...others] = matrix?.shape ?? [];
  if (call.first?.kind !== 'unknown' || !room.takesUnknownData || session.isInsideModel) return undefined;
  if (typeof features !== 'number' || others.length !== 1) return undefined;
  const distribution = drawnDistribution(session.tracer.nodes, matrix?.node);
  if (!distribution || distribution.kind === 'constant') return undefined;
  const operation: Operation = { kind: 'input', index: 0, content: 'real' };
  return addNode(session, operation, [], [{ perBatch: 1 }, features], { ...call.site, name: 'x', label: 'input' });
}

/** `x @ w` with a weight matrix of the user's own is a dense layer. */
function dense(call: ArrayCall, input: TracedTensor, weight: TracedTensor): TracedTensor | undefined {
  const node = call.session.tracer.nodes[weight.node];
  const parameter = node?.operation.kind === 'parameter' ? node.parameters[0]?.parameter : undefined;
  const [inFeatures, outFeatures, ...others] = weight.shape ?? [];
  const isMatrix = typeof inFeatures === 'number' && typeof outFeatures === 'number' && others.length === 0;
  if (parameter === undefined || !isMatrix || input.shape?.at(-1) !== inFeatures) return undefined;
  const shape = [...input.shape.slice(0, -1), outFeatures];
  const site = { ...call.site, label: `matmul(${inFeatures}, ${outFeatures})` };
  const uses = [{ role: 'weight', parameter }];
  return addNode(call.session, { kind: 'linear', inFeatures, outFeatures }, [input], shape, site, uses);
}

function transposed(call: ArrayCall): Value | undefined {
  const { tensor } = call;
  if (!tensor) return undefined;
  const given = call.value('axes') ?? call.value('perm');
  const sizes = given?.kind === 'none' ? [] : given ? sizesOf(given, call.context) : call.sizes('axes');
  const order = sizes?.every((axis): axis is number => typeof axis === 'number') ? sizes : undefined;
  if (!order) return undefined;
  const reversed = Array.from({ length: tensor.shape?.length ?? 0 }, (_, axis) => axis).reverse();
  return call.result(permute(call.session, tensor, order.length > 0 ? order : reversed, call.site));
}

function rankValue(value: Value | undefined): Value | undefined {
  const shape = shapeOf(value);
  return shape && { kind: 'int', value: shape.length };
}

/** A node without inputs: a constant array, or random numbers. */
export function sourceNode(
  call: ArrayCall,
  operation: Parameters<typeof addNode>[1],
  shape: readonly Dim[] | undefined,
): () => TracedTensor {
  const { session, site } = call;
  return () => addNode(session, operation, [], shape, site);
}
