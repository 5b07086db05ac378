import { compileExpression } from '../activations/evaluate';
import { gaussianNodes } from '../activations/gaussian';
import type { Dim, Distribution, DrawnFrom, FedWith, NetworkNode, NodeId, Operation } from './network';

/** Longest way from the model's input back to what its numbers are drawn from. */
const deepest = 24;

/** One element's distribution: values with their chances, as a function of the draw `source`; of a constant there is none. */
interface Element {
  readonly values: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  readonly source: NodeId | undefined;
  readonly family: 'normal' | 'uniform';
}

/** `index`: the place of the right one among a node's inputs. */
type Combine = (left: number, right: number, index: number) => number;

type Random = Extract<Operation, { readonly kind: 'random' }>['distribution'];

/**
 * What the source draws a model's input from, elements independent: `randn(…)`, `2 * rand(…) - 1`, `(rand(…) - mean) / std`,
 * `randint(0, 256, …) / 255`, `clean + 0.3 * randn(…)`, `tanh(randn(…))`. Means over the elements of a constant array stand for each of
 * them. What is neither normal nor uniform is given by its mean and variance.
 */
export function drawnInput(nodes: readonly NetworkNode[], id: NodeId | undefined): DrawnFrom | undefined {
  const moments = drawnMoments(nodes, id);
  if (!moments) return undefined;
  const { mean, variance, family } = moments;
  const preset = family === 'uniform' ? 'uniform-noise' : 'standard-normal';
  const own = family === 'uniform' ? { mean: 0.5, variance: 1 / 12 } : { mean: 0, variance: 1 };
  // (x − shift) / scale of the preset has this mean and variance.
  const scale = Number(Math.sqrt(own.variance / variance).toPrecision(4));
  const shift = Number((own.mean - mean * scale).toFixed(4));
  return scale === 1 && shift === 0 ? preset : { kind: 'scaled', preset, shift, scale };
}

/** The same of an input that may also hold one value everywhere. */
export function fedInput(nodes: readonly NetworkNode[], id: NodeId | undefined): FedWith | undefined {
  const element = elementOf(nodes, id, 0);
  const value = element?.values[0];
  const isConstant = element?.source === undefined && element?.values.length === 1;
  return isConstant && value !== undefined && Number.isFinite(value)
    ? { kind: 'constant', value }
    : drawnInput(nodes, id);
}

/** Whether an input holds one value everywhere, or is a normal or uniform draw that is scaled and shifted at most. */
export function isPlainlyDrawn(nodes: readonly NetworkNode[], id: NodeId): boolean {
  const element = elementOf(nodes, id, 0);
  if (!element || element.source === undefined) return element?.values.length === 1;
  const operation = nodes[element.source]?.operation;
  if (operation?.kind !== 'random' || operation.distribution.kind === 'integers') return false;
  const { values } = drawn(operation.distribution, element.source) ?? element;
  const [low, high] = [values[0] ?? 0, values[values.length - 1] ?? 0];
  const [start, end] = [element.values[0] ?? 0, element.values[values.length - 1] ?? 0];
  const isOnLine = (x: number, at: number) => {
    const line = start + ((x - low) / (high - low)) * (end - start);
    return Math.abs((element.values[at] ?? Number.NaN) - line) <= 1e-9 * Math.abs(end - start);
  };
  return Array.from(values).every(isOnLine);
}

/** Values of a draw, or of elements that drawn integers pick from a list, with their chances. */
export function drawnPoints(
  nodes: readonly NetworkNode[],
  id: NodeId,
): Pick<Element, 'values' | 'weights'> | undefined {
  const node = nodes[id];
  if (node?.operation.kind === 'random') return drawn(node.operation.distribution, id);
  if (node?.operation.kind !== 'take') return undefined;
  const [list, place] = node.inputs.map((input) => nodes[input]);
  const values = list?.operation.kind === 'constant' && list.outputShape?.length === 1 && list.operation.values;
  const draw = place?.operation.kind === 'random' ? place.operation.distribution : undefined;
  const picked = values && draw?.kind === 'integers' ? values.slice(0, draw.below) : [];
  return picked.length > 0 ? { values: picked, weights: picked.map(() => 1 / picked.length) } : undefined;
}

/** The same as a distribution. */
export function drawnTarget(nodes: readonly NetworkNode[], id: NodeId): Distribution | undefined {
  const moments = drawnMoments(nodes, id);
  if (!moments) return undefined;
  const { mean, variance, family } = moments;
  const half = Math.sqrt(3 * variance);
  if (family === 'uniform') return { kind: 'uniform', low: mean - half, high: mean + half };
  return { kind: 'normal', mean, std: Math.sqrt(variance) };
}

function drawnMoments(nodes: readonly NetworkNode[], id: NodeId | undefined) {
  const element = elementOf(nodes, id, 0);
  if (!element || element.source === undefined) return undefined;
  const moments = { ...momentsOf(element), family: element.family };
  return moments.variance > 0 ? moments : undefined;
}

function elementOf(nodes: readonly NetworkNode[], id: NodeId | undefined, depth: number): Element | undefined {
  const node = id === undefined ? undefined : nodes[id];
  if (!node || depth > deepest) return undefined;
  const { operation, inputs } = node;
  const operand = (index: number) => elementOf(nodes, inputs[index], depth + 1);
  const folded = (f: Combine, start: Element | undefined) =>
    inputs.reduce((sum, _, index) => combined(sum, operand(index), node.id, f, index), start);
  switch (operation.kind) {
    case 'random':
      return drawn(operation.distribution, node.id);
    case 'constant':
      if (operation.moments) return spread(operation.moments, node.id);
      return operation.values ? ofConstants(operation.values, node.id) : constant(operation.value);
    case 'identity':
    case 'reshape':
    case 'permute':
    case 'expand':
    case 'slice':
    case 'concat':
    case 'stack':
      return operand(0);
    case 'pick':
    case 'take': {
      // Of a list the same element may be picked for a whole sample.
      const list = operand(0);
      return nodes[list?.source ?? -1]?.operation.kind === 'random' ? list : undefined;
    }
    case 'activation': {
      const f = compileExpression(operation.activation.expression);
      return combined(operand(0), constant(0), node.id, (x) => f(x));
    }
    case 'softmax':
      return operation.variant === 'softmax'
        ? softened(operand(0), node.outputShape?.[operation.axis], node.id)
        : undefined;
    case 'elementwise': {
      const f = compileExpression(operation.expression);
      return inputs.length === 2 ? combined(operand(0), operand(1), node.id, (x, y) => f(x, [y])) : undefined;
    }
    case 'sum': {
      const { coefficients } = operation;
      return folded((sum, value, index) => sum + (coefficients[index] ?? 1) * value, constant(0));
    }
    case 'product':
      return folded((product, value) => product * value, constant(1));
    default:
      return undefined;
  }
}

/** One of `count` shares exp(x)/Σ exp(x), the sum taken at its mean. */
function softened(element: Element | undefined, count: Dim, id: NodeId): Element | undefined {
  if (!element || typeof count !== 'number') return undefined;
  const values = Array.from(element.values, Math.exp);
  const { mean } = momentsOf({ values, weights: element.weights });
  const shares = momentsOf({ values: values.map((value) => value / (count * mean)), weights: element.weights });
  return normal(shares.mean, Math.sqrt(shares.variance), id);
}

/** f of two elements; of two independent draws it is taken as normal, with its exact mean and variance. */
function combined(
  left: Element | undefined,
  right: Element | undefined,
  id: NodeId,
  f: Combine,
  index = 0,
): Element | undefined {
  if (!left || !right) return undefined;
  const [a, b] = [Array.from(left.values), Array.from(right.values)];
  if (b.length === 1) return { ...left, values: a.map((x) => f(x, b[0] as number, index)) };
  if (a.length === 1) return { ...right, values: b.map((y) => f(a[0] as number, y, index)) };
  if (left.source === right.source) return { ...left, values: a.map((x, at) => f(x, b[at] as number, index)) };
  const values = a.flatMap((x) => b.map((y) => f(x, y, index)));
  const weights = Array.from(left.weights).flatMap((p) => Array.from(right.weights, (q) => p * q));
  const { mean, variance } = momentsOf({ values, weights });
  return normal(mean, Math.sqrt(variance), id);
}

function drawn(distribution: Random, id: NodeId): Element | undefined {
  switch (distribution.kind) {
    case 'constant':
      return constant(distribution.value);
    case 'normal':
      return normal(distribution.mean, distribution.std, id);
    case 'uniform':
      return uniform(distribution.low, distribution.high, id);
    case 'integers': {
      // Unit steps widen a uniform distribution by 1/12; of very few values the ends matter.
      const { below } = distribution;
      const half = Math.sqrt(Math.max(0, below * below - 1)) / 2;
      return uniform((below - 1) / 2 - half, (below - 1) / 2 + half, id);
    }
    default:
      return undefined;
  }
}

function constant(value: number | undefined): Element | undefined {
  return value === undefined ? undefined : { values: [value], weights: [1], source: undefined, family: 'normal' };
}

/** An array of differing constants: one value where they hardly differ. */
function spread({ mean, square }: { readonly mean: number; readonly square: number }, id: NodeId): Element | undefined {
  const variance = square - mean * mean;
  return variance > nearlyEqual * square ? normal(mean, Math.sqrt(variance), id) : constant(mean);
}

/** Constants at equal distances are as good as uniform: `linspace`. */
function ofConstants(values: readonly number[], id: NodeId): Element | undefined {
  const [first = 0, second = 0] = values;
  const step = second - first;
  const isEven = values.every((value, index) => Math.abs(value - first - index * step) <= 1e-6 * Math.abs(step));
  const half = (Math.abs(step) * Math.sqrt(values.length ** 2 - 1)) / 2;
  const middle = first + (step * (values.length - 1)) / 2;
  if (isEven && half > 0) return uniform(middle - half, middle + half, id);
  const weights = values.map(() => 1 / values.length);
  const { mean, variance } = momentsOf({ values, weights });
  return spread({ mean, square: mean * mean + variance }, id);
}

/** Channels' means and deviations differ by a tenth. */
const nearlyEqual = 0.02;

function normal(mean: number, std: number, source: NodeId): Element {
  const { points, weights } = gaussianNodes;
  return { values: points.map((x) => mean + std * x), weights, source, family: 'normal' };
}

function uniform(low: number, high: number, source: NodeId): Element {
  const values = Array.from({ length: steps }, (_, index) => low + ((high - low) * (index + 0.5)) / steps);
  return { values, weights: values.map(() => 1 / steps), source, family: 'uniform' };
}

const steps = 500;

function momentsOf({ values, weights }: Pick<Element, 'values' | 'weights'>): { mean: number; variance: number } {
  let mean = 0;
  let square = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    const weight = weights[index] as number;
    mean += weight * value;
    square += weight * value * value;
  }
  return { mean, variance: Math.max(0, square - mean * mean) };
}
