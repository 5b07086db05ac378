import { compileExpression } from '../activations/evaluate';
import type { Expression } from '../activations/expression';
import { ownExpression, substitute } from './elementwiseChain';
import type { NetworkNode, Operation, ParameterUse } from './network';

type Reduction = Extract<Operation, { readonly kind: 'reduction' }>;

/** What a hand-written normalisation divides by, and what that was taken of. */
interface Divisor {
  readonly reduction: Reduction;
  readonly of: NetworkNode;
  /** The factor of the normalised tensor as a function of the mean square. */
  readonly factor: (meanSquare: number) => number;
}

/** Mean squares at which a factor is compared with 1/√(mean square + ε). */
const probes = [0.01, 0.5, 1, 4, 100] as const;
const largestEpsilon = 1e-2;
const longestChain = 8;

/**
 * Turns normalisation written by hand into one node: x / √(mean(x²) + ε) becomes an RMS norm (Zhang & Sennrich 2019), (x − mean(x)) / √(var(x) + ε)
 * a layer norm (Ba et al. 2016), over axes that do not hold the batch, with `rsqrt`, `pow`, `norm`, `var` or `std`. Learned scales stay products.
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
    if (!divisor || !x || epsilon === undefined || !isPerSample(divisor, x)) continue;
    const source = centredSource(x, divisor.reduction, nodes);
    const isOfX = divisor.of === x;
    // A variance does not see the mean: that of y and that of y − mean(y) are one.
    if (isMeanFree(divisor.reduction) ? !source || !(isOfX || divisor.of === source) : !isOfX) continue;
    const { axes } = divisor.reduction;
    const channelAxis = axes.at(-1) ?? 0;
    return {
      ...node,
      operation: { kind: 'normalisation', variant: source ? 'layer' : 'rms', axes, channelAxis, groups: 1, epsilon },
      inputs: [(source ?? x).id],
      parameters: weight ? [weight] : node.parameters,
      label: source ? 'LayerNorm' : 'RMSNorm',
    };
  }
  return undefined;
}

/** The node's factor on its input `numerator`, traced back from `scale` to a reduction of squares. */
function divisorOf(
  own: Expression,
  numerator: 0 | 1,
  scale: NetworkNode,
  nodes: readonly NetworkNode[],
): Divisor | undefined {
  const one: Expression = { kind: 'number', value: 1 };
  const two: Expression = { kind: 'number', value: 2 };
  const place = (x: Expression): Expression[] => (numerator === 0 ? [x, z] : [z, x]);
  const once = compileExpression(substitute(own, place(one)));
  const twice = compileExpression(substitute(own, place(two)));
  if (probes.some((value) => !isNear(twice(value), 2 * once(value)))) return undefined;
  let chain: Expression = substitute(own, place(one));
  let node: NetworkNode | undefined = scale;
  for (let step = 0; node && step < longestChain; step++) {
    const { operation }: NetworkNode = node;
    const source: NetworkNode | undefined = nodes[node.inputs[0] ?? -1];
    if (operation.kind === 'reduction') {
      const squared = source && squaresOf(operation, source, nodes);
      if (!squared) return undefined;
      const factor = compileExpression(chain);
      return { reduction: operation, of: squared.of, factor: (meanSquare) => factor(squared.reduced(meanSquare)) };
    }
    const inner = ownExpression(node);
    if (!inner || node.inputs.length !== 1) return undefined;
    chain = substitute(chain, [inner]);
    node = source;
  }
  return undefined;
}

const z: Expression = { kind: 'input', index: 0 };

/** What a reduction takes the mean square, the variance or the norm of, and its value where that mean square is known. */
function squaresOf(
  { variant, axes }: Reduction,
  source: NetworkNode,
  nodes: readonly NetworkNode[],
): { readonly of: NetworkNode; readonly reduced: (meanSquare: number) => number } | undefined {
  if (variant === 'variance') return { of: source, reduced: (meanSquare) => meanSquare };
  if (variant === 'std') return { of: source, reduced: Math.sqrt };
  if (variant === 'norm' || variant === 'sum') {
    const sizes = axes.map((axis) => source.outputShape?.[axis]);
    if (sizes.some((size) => typeof size !== 'number')) return undefined;
    const count = (sizes as readonly number[]).reduce((product, size) => product * size, 1);
    if (variant === 'norm') return { of: source, reduced: (meanSquare) => Math.sqrt(count * meanSquare) };
    const squared = squareOf(source, nodes);
    return squared && { of: squared, reduced: (meanSquare) => count * meanSquare };
  }
  const squared = variant === 'mean' ? squareOf(source, nodes) : undefined;
  return squared && { of: squared, reduced: (meanSquare) => meanSquare };
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

function isMeanFree({ variant }: Reduction): boolean {
  return variant === 'variance' || variant === 'std';
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
  { of }: Divisor,
  nodes: readonly NetworkNode[],
): { readonly x: NetworkNode; readonly weight: ParameterUse } | undefined {
  if (operation.kind !== 'product' || inputs.length !== 2 || !inputs.includes(of.id)) return undefined;
  const scale = nodes[inputs.find((id) => id !== of.id) ?? -1];
  const [use] = scale?.operation.kind === 'parameter' && scale.outputShape?.length === 1 ? scale.parameters : [];
  return use && { x: of, weight: { role: 'weight', parameter: use.parameter } };
}

/** The batch axis, the first, is not reduced, and the shape is the tensor's own. */
function isPerSample({ reduction }: Divisor, x: NetworkNode): boolean {
  return reduction.axes.length > 0 && !reduction.axes.includes(0) && x.outputShape !== undefined;
}

/** y of a tensor that is y − mean(y) over the same axes. */
function centredSource(
  { operation, inputs }: NetworkNode,
  { axes }: Reduction,
  nodes: readonly NetworkNode[],
): NetworkNode | undefined {
  if (operation.kind !== 'sum' || inputs.length !== 2) return undefined;
  const [plus, minus] = operation.coefficients;
  const mean = nodes[inputs[1] ?? -1];
  const isMean = mean?.operation.kind === 'reduction' && mean.operation.variant === 'mean';
  if (plus !== 1 || minus !== -1 || !isMean || mean.inputs[0] !== inputs[0]) return undefined;
  return String(mean.operation.axes) === String(axes) ? nodes[inputs[0] ?? -1] : undefined;
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
