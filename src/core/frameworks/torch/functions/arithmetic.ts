import { applyPrimitive } from '../../../activations/evaluate';
import type { Primitive } from '../../../activations/expression';
import { affine } from '../../../network/affine';
import { mostConstants } from '../../../network/constantValues';
import type { Distribution } from '../../../network/network';
import { broadcastShapes, elementCount } from '../../../network/shapes';
import type { Value } from '../../../python/values';
import { countOf, numberOf } from '../../tensor/dimValues';
import { applyElementwise, type ElementwiseOperand } from '../../tensor/elementwise';
import { addNode, type Site } from '../../tensor/trace';
import { complexElementwise } from '../complexTensors';
import type { ConstantMoments, TensorFacts, TensorPayload, TorchState } from '../state';

/**
 * An elementwise primitive of tensors and numbers. Constants stay constants and freshly drawn tensors keep their distribution
 * under scaling and shifting, so that set-up code (`torch.randn(n, m) * 0.02`, position tables) needs no nodes.
 */
export function elementwise(
  state: TorchState,
  primitive: Primitive,
  operands: readonly (Value | undefined)[],
  site: Site,
): Value | undefined {
  const payloads = operands.map((value) => state.payloadOf(value));
  const numbers = operands.map((value) => numberOf(value));
  if (operands.some((_, index) => !payloads[index] && numbers[index] === undefined)) return undefined;
  const tensors = payloads.filter((payload) => payload !== undefined);
  if (tensors.length === 0) return undefined;
  const complex = complexElementwise(state, primitive, operands, site, (part, values) =>
    elementwise(state, part, values, site),
  );
  if (complex) return complex;
  const build = () =>
    applyElementwise(
      state.session,
      primitive,
      operands.map((_, index): ElementwiseOperand => payloads[index]?.tensor ?? numbers[index] ?? Number.NaN),
      site,
    );
  const shape = broadcastShapes(tensors.map((payload) => payload.shape)).shape;
  if (tensors.every((payload) => payload.facts.isConstant)) {
    const values = constantValues(primitive, payloads, numbers, shape);
    const isInteger =
      closedOverIntegers.has(primitive) &&
      operands.every((value, index) => payloads[index]?.facts.isInteger ?? value?.kind === 'int');
    const moments = values ? undefined : wave(primitive);
    const isBoolean = comparisons.has(primitive);
    if (!values && areFew(shape, state)) {
      const facts = { isConstant: true, ...(isInteger && { isInteger }), ...(isBoolean && { isBoolean }) };
      return state.lazyTensor(shape, build, facts);
    }
    return constantTensor(state, shape, values, site, { isInteger, isBoolean, ...(moments && { moments }) });
  }
  const distribution = transformed(primitive, payloads, numbers);
  if (distribution) return state.lazyTensor(shape, build, { distribution });
  return state.tensorValue(build(), comparisons.has(primitive) ? { isBoolean: true } : undefined);
}

const comparisons: ReadonlySet<Primitive> = new Set(['less', 'lessEqual', 'greater', 'greaterEqual', 'equal']);

const closedOverIntegers: ReadonlySet<Primitive> = new Set([
  'add',
  'subtract',
  'multiply',
  'negate',
  'abs',
  'maximum',
  'minimum',
  'power',
]);

/** Constants so few that they are worked out element by element once the network is known. */
export function areFew(shape: TensorPayload['shape'], { batchSize }: TorchState): boolean {
  const count = countOf(elementCount(shape), batchSize);
  return shape !== undefined && count !== undefined && count <= mostConstants;
}

/** Sine and cosine over many angles: sin² + cos² = 1 shares the mean square evenly. */
function wave(primitive: Primitive): ConstantMoments | undefined {
  return primitive === 'sin' || primitive === 'cos' ? { mean: 0, square: 0.5 } : undefined;
}

/** Mean and mean square of a constant's elements, where they are known. */
export function momentsOf({ values, moments, distribution }: TensorFacts): ConstantMoments | undefined {
  if (moments) return moments;
  if (distribution?.kind === 'constant') return { mean: distribution.value, square: distribution.value ** 2 };
  if (!values || values.length === 0) return undefined;
  const sums = values.reduce((sum, value) => ({ mean: sum.mean + value, square: sum.square + value * value }), {
    mean: 0,
    square: 0,
  });
  return { mean: sums.mean / values.length, square: sums.square / values.length };
}

/** A tensor of known constants; `values` where they are few enough to be kept, else what is known of their moments. */
export function constantTensor(
  state: TorchState,
  shape: TensorPayload['shape'],
  values: readonly number[] | undefined,
  site: Site,
  known: Pick<TensorFacts, 'isInteger' | 'isBoolean' | 'moments'> = {},
): Value {
  const [first] = values ?? [];
  const isUniform = first !== undefined && values?.every((value) => value === first);
  const moments = isUniform ? undefined : (known.moments ?? momentsOf({ ...(values && { values }) }));
  const operation = {
    kind: 'constant',
    value: isUniform ? first : undefined,
    ...(moments && { moments }),
    ...(values && !isUniform && { values }),
  } as const;
  const facts: TensorFacts = {
    isConstant: true,
    ...(known.isInteger && { isInteger: true }),
    ...(known.isBoolean && { isBoolean: true }),
    ...(values && { values }),
    ...(moments && { moments }),
    ...(isUniform && { distribution: { kind: 'constant', value: first } }),
  };
  return state.lazyTensor(shape, () => addNode(state.session, operation, [], shape, site), facts);
}

function constantValues(
  primitive: Primitive,
  payloads: readonly (TensorPayload | undefined)[],
  numbers: readonly (number | undefined)[],
  shape: TensorPayload['shape'],
): readonly number[] | undefined {
  const lists = payloads.map((payload, index) => {
    const value = numbers[index];
    return payload ? payload.facts.values : value === undefined ? undefined : [value];
  });
  const count = Math.max(...lists.map((list) => list?.length ?? 0));
  const isFull =
    shape?.every((size) => typeof size === 'number') &&
    shape.reduce<number>((n, size) => n * Number(size), 1) === count;
  if (!isFull || lists.some((list) => !list || (list.length !== 1 && list.length !== count))) return undefined;
  return Array.from({ length: count }, (_, position) =>
    applyPrimitive(
      primitive,
      lists.map((list) => (list?.length === 1 ? list[0] : list?.[position]) ?? Number.NaN),
    ),
  );
}

/** The distribution of a · x + b, where x is drawn afresh. */
function transformed(
  primitive: Primitive,
  payloads: readonly (TensorPayload | undefined)[],
  numbers: readonly (number | undefined)[],
): Distribution | undefined {
  const [left, right] = payloads;
  const distribution = (left ?? right)?.facts.distribution;
  if (!distribution || (left && right)) return undefined;
  const number = left ? numbers[1] : numbers[0];
  if (primitive === 'negate') return affine(distribution, -1, 0);
  if (number === undefined) return undefined;
  if (primitive === 'multiply') return affine(distribution, number, 0);
  if (primitive === 'add') return affine(distribution, 1, number);
  if (primitive === 'subtract') return left ? affine(distribution, 1, -number) : affine(distribution, -1, number);
  if (primitive === 'divide' && left) return affine(distribution, 1 / number, 0);
  return undefined;
}
