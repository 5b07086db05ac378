import { compileExpression } from '../activations/evaluate';
import type { Expression } from '../activations/expression';
import { ownExpression, substitute } from './elementwiseChain';
import type { NetworkNode, ParameterUse, Shape } from './network';
import { shapeText } from './shapes';

/** What a hand-written normalisation divides by, and what that was taken of. */
interface Divisor {
  readonly statistics: Statistics;
  /** The factor of the normalised tensor as a function of the mean square. */
  readonly factor: (meanSquare: number) => number;
}

/** A mean square or variance over axes of a tensor. */
interface Statistics {
  readonly of: NetworkNode;
  readonly axes: readonly number[];
  readonly isMeanFree: boolean;
  /** What was computed, where that mean square or variance is known. */
  readonly reduced: (meanSquare: number) => number;
}

/** Mean squares at which a factor is compared with 1/√(mean square + ε). */
const probes = [0.01, 0.5, 1, 4, 100] as const;
const largestEpsilon = 1e-2;
const longestChain = 8;

/**
 * Turns normalisation written by hand into one node: x / √(mean(x²) + ε) becomes an RMS norm (Zhang & Sennrich 2019), (x − mean(x)) / √(var(x) + ε)
 * a layer norm (Ba et al. 2016) over axes that do not hold the batch, a batch norm (Ioffe & Szegedy 2015) over all but one, with `rsqrt`, `pow`,
 * `norm`, `var`, `std` or mean(x²) − mean(x)². Learned scales stay products.
 */
export function fuseNormalisation(nodes: readonly NetworkNode[]): readonly NetworkNode[] {
  return nodes.map((node) => normalisationAt(node, nodes) ?? node);
}

function normalisationAt(node: NetworkNode, nodes: readonly NetworkNode[]): NetworkNode | undefined {
  const own = ownExpression(node);
  if (!own || node.inputs.length !== 2) return undefined;
  for (const [numerator, denominator] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const upper = nodes[node.inputs[numerator] ?? -1];
    const scale = nodes[node.inputs[denominator] ?? -1];
    const divisor = upper && scale && divisorOf(own, numerator, scale, nodes);
    const { x = upper, weight } = (divisor && scaledSource(upper, divisor, nodes)) ?? {};
    const epsilon = divisor && epsilonOf(divisor.factor);
    if (!divisor || !x || epsilon === undefined) continue;
    const { axes, isMeanFree, of } = divisor.statistics;
    const source = centredSource(x, axes, nodes);
    // A variance does not see the mean: that of y and that of y − mean(y) are one.
    const isOfWhole = isSameValue(of, x, nodes);
    if (isMeanFree ? !source || (!isOfWhole && of !== source) : !isOfWhole) continue;
    if (!isKept(scale.outputShape, axes, x.outputShape)) continue;
    const kind = kindOf(axes, x.outputShape, source !== undefined);
    if (!kind) continue;
    return {
      ...node,
      operation: { kind: 'normalisation', ...kind, axes, groups: 1, epsilon },
      inputs: [(source ?? x).id],
      parameters: weight ? [weight] : node.parameters,
      label: labels[kind.variant],
    };
  }
  return undefined;
}

const labels = { rms: 'RMSNorm', layer: 'LayerNorm', batch: 'BatchNorm' } as const;

/** Written out twice is computed twice: `(x - u).pow(2).mean(1)` beside `x - u`. */
function isSameValue(a: NetworkNode, b: NetworkNode, nodes: readonly NetworkNode[], steps = longestChain): boolean {
  if (a.id === b.id) return true;
  if (steps === 0 || !repeatable.has(a.operation.kind) || a.inputs.length !== b.inputs.length) return false;
  const isAlike = JSON.stringify(a.operation) === JSON.stringify(b.operation);
  return (
    isAlike &&
    a.inputs.every((id, index) => {
      const [first, second] = [nodes[id], nodes[b.inputs[index] ?? -1]];
      return first !== undefined && second !== undefined && isSameValue(first, second, nodes, steps - 1);
    })
  );
}

/** Operations that give the same again. */
const repeatable: ReadonlySet<string> = new Set(['sum', 'reduction', 'reshape', 'activation', 'permute']);

/** Statistics of every sample by itself, or those of a batch norm: over all axes but that of the channels. */
function kindOf(
  axes: readonly number[],
  shape: Shape,
  isCentred: boolean,
): { readonly variant: keyof typeof labels; readonly channelAxis: number } | undefined {
  if (!shape || axes.length === 0) return undefined;
  if (!axes.includes(0)) return { variant: isCentred ? 'layer' : 'rms', channelAxis: axes.at(-1) ?? 0 };
  const others = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const [channelAxis] = others;
  return isCentred && others.length === 1 && channelAxis !== undefined ? { variant: 'batch', channelAxis } : undefined;
}

/** Whether what was reduced over `axes` has one element for each of the tensor's that are broadcast from it: those axes' sizes are one. */
function isKept(reduced: Shape, axes: readonly number[], whole: Shape): boolean {
  if (!reduced || !whole || whole.includes(undefined)) return false;
  const kept = whole.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const missing = kept.length - reduced.length;
  return (
    missing >= 0 &&
    kept.slice(0, missing).every((size) => size === 1) &&
    shapeText(reduced) === shapeText(kept.slice(missing))
  );
}

/** The node's factor on its input `numerator`, traced back from `scale` to a reduction of squares. */
function divisorOf(
  own: Expression,
  numerator: 0 | 1,
  scale: NetworkNode,
  nodes: readonly NetworkNode[],
): Divisor | undefined {
  const place = (x: Expression): Expression[] => (numerator === 0 ? [x, z] : [z, x]);
  const once = compileExpression(substitute(own, place(one)));
  const twice = compileExpression(substitute(own, place(two)));
  if (probes.some((value) => !isNear(twice(value), 2 * once(value)))) return undefined;
  let chain: Expression = substitute(own, place(one));
  let node: NetworkNode | undefined = scale;
  for (let step = 0; node && step < longestChain; step++) {
    const statistics = statisticsOf(node, nodes);
    if (statistics) {
      const factor = compileExpression(chain);
      return { statistics, factor: (meanSquare) => factor(statistics.reduced(meanSquare)) };
    }
    const inner = node.operation.kind === 'reshape' ? z : ownExpression(node);
    if (!inner || node.inputs.length !== 1) return undefined;
    chain = substitute(chain, [inner]);
    node = nodes[node.inputs[0] ?? -1];
  }
  return undefined;
}

const z: Expression = { kind: 'input', index: 0 };
const zero: Expression = { kind: 'number', value: 0 };
const one: Expression = { kind: 'number', value: 1 };
const two: Expression = { kind: 'number', value: 2 };

/** What a node is the mean square, the variance or the norm of. */
function statisticsOf(node: NetworkNode, nodes: readonly NetworkNode[]): Statistics | undefined {
  const source = nodes[node.inputs[0] ?? -1];
  if (!source) return undefined;
  if (node.operation.kind !== 'reduction') return differenceOfSquares(node, nodes);
  const { variant, axes } = node.operation;
  const count = countOver(axes, source.outputShape);
  switch (variant) {
    case 'variance':
      return { of: source, axes, isMeanFree: true, reduced: (meanSquare) => meanSquare };
    case 'std':
      return { of: source, axes, isMeanFree: true, reduced: Math.sqrt };
    case 'norm':
      return count
        ? { of: source, axes, isMeanFree: false, reduced: (meanSquare) => Math.sqrt(count * meanSquare) }
        : undefined;
    case 'sum':
    case 'mean': {
      const of = squareOf(source, nodes);
      const factor = variant === 'sum' ? count : 1;
      return of && factor ? { of, axes, isMeanFree: false, reduced: (meanSquare) => factor * meanSquare } : undefined;
    }
    default:
      return undefined;
  }
}

/** Undefined where a size is not known, or hangs on the batch. */
function countOver(axes: readonly number[], shape: Shape): number | undefined {
  const sizes = axes.map((axis) => shape?.[axis]);
  return sizes.every((size) => typeof size === 'number')
    ? sizes.reduce((product, size) => product * size, 1)
    : undefined;
}

/** mean(x²) − mean(x)² over the same axes: the variance. */
function differenceOfSquares(node: NetworkNode, nodes: readonly NetworkNode[]): Statistics | undefined {
  const own = node.inputs.length === 2 ? ownExpression(node) : undefined;
  const [first, second] = node.inputs.map((id) => nodes[id]);
  if (!own || !first || !second) return undefined;
  const difference = compileExpression(
    substitute(own, [z, { kind: 'apply', primitive: 'multiply', operands: [two, z] }]),
  );
  const left = compileExpression(substitute(own, [z, zero]));
  if ([-3, 0.5, 2].some((value) => !isNear(left(value), value) || !isNear(difference(value), -value))) return undefined;
  const mean = squareOf(second, nodes);
  const x =
    mean?.operation.kind === 'reduction' && mean.operation.variant === 'mean' ? nodes[mean.inputs[0] ?? -1] : undefined;
  if (!x || mean?.operation.kind !== 'reduction' || first.operation.kind !== 'reduction') return undefined;
  const { variant, axes } = first.operation;
  const squared = nodes[first.inputs[0] ?? -1];
  const isVariance =
    variant === 'mean' &&
    squared !== undefined &&
    squareOf(squared, nodes) === x &&
    String(mean.operation.axes) === String(axes) &&
    shapeText(first.outputShape) === shapeText(mean.outputShape);
  return isVariance ? { of: x, axes, isMeanFree: true, reduced: (variance) => variance } : undefined;
}

/** x of a node that is x². */
function squareOf(node: NetworkNode, nodes: readonly NetworkNode[]): NetworkNode | undefined {
  const own = ownExpression(node);
  if (!own || new Set(node.inputs).size !== 1) return undefined;
  const square = compileExpression(substitute(own, [z, z]));
  return [-3, 0, 0.5, 2].every((value) => isNear(square(value), value * value))
    ? nodes[node.inputs[0] ?? -1]
    : undefined;
}

/** ε where the factor is 1/√(mean square + ε), or 1/(√mean square + ε) with an ε that makes no difference. */
function epsilonOf(factor: (meanSquare: number) => number): number | undefined {
  const epsilons = probes.map((meanSquare) => factor(meanSquare) ** -2 - meanSquare);
  const epsilon = Math.max(0, epsilons[0] as number);
  const isConstant = epsilons.every(
    (value, index) => Math.abs(value - epsilon) <= Math.max(1e-4 * (probes[index] as number), 1e-9),
  );
  return isConstant && epsilon <= largestEpsilon ? epsilon : undefined;
}

/** Of a tensor that was scaled by a learned scale of every unit before it is divided: what was scaled, and the scale. */
function scaledSource(
  { operation, inputs }: NetworkNode,
  { statistics: { of } }: Divisor,
  nodes: readonly NetworkNode[],
): { readonly x: NetworkNode; readonly weight: ParameterUse } | undefined {
  if (operation.kind !== 'product' || inputs.length !== 2 || !inputs.includes(of.id)) return undefined;
  const scale = nodes[inputs.find((id) => id !== of.id) ?? -1];
  const [use] = scale?.operation.kind === 'parameter' && scale.outputShape?.length === 1 ? scale.parameters : [];
  return use && { x: of, weight: { role: 'weight', parameter: use.parameter } };
}

/** y of a tensor that is y − mean(y) over the same axes. */
function centredSource(
  { operation, inputs, outputShape }: NetworkNode,
  axes: readonly number[],
  nodes: readonly NetworkNode[],
): NetworkNode | undefined {
  if (operation.kind !== 'sum' || inputs.length !== 2) return undefined;
  const [plus, minus] = operation.coefficients;
  const subtracted = nodes[inputs[1] ?? -1];
  let mean = subtracted;
  while (mean?.operation.kind === 'reshape') mean = nodes[mean.inputs[0] ?? -1];
  if (plus !== 1 || minus !== -1 || mean?.operation.kind !== 'reduction' || mean.inputs[0] !== inputs[0])
    return undefined;
  const isSame = mean.operation.variant === 'mean' && String(mean.operation.axes) === String(axes);
  return isSame && isKept(subtracted?.outputShape, axes, outputShape) ? nodes[inputs[0] ?? -1] : undefined;
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
