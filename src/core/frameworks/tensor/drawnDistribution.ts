import { compileExpression } from '../../activations/evaluate';
import { affine } from '../../network/affine';
import { constant, unknownDistribution } from '../../network/initialisers';
import type { Distribution, NetworkNode, NodeId } from '../../network/network';

/** Longest way from an array back to the draw that it came of. */
const deepest = 12;

/**
 * What the elements of a traced array are drawn from, through scalings, shifts and changes of shape: `randn(n, m) * 0.01`,
 * `2 * rand(n, m) - 1`, `randn(m, n).T / sqrt(n)`. Undefined where it is no draw or constant at all.
 */
export function drawnDistribution(
  nodes: readonly NetworkNode[],
  id: NodeId | undefined,
  depth = 0,
): Distribution | undefined {
  const node = id === undefined ? undefined : nodes[id];
  if (!node || depth > deepest) return undefined;
  const { operation } = node;
  const source = () => drawnDistribution(nodes, node.inputs[0], depth + 1);
  switch (operation.kind) {
    case 'random':
      return operation.distribution.kind === 'integers' ? undefined : operation.distribution;
    case 'constant':
      return operation.value === undefined ? undefined : constant(operation.value);
    case 'sum': {
      return shifted(nodes, node, operation.coefficients, depth);
    }
    case 'activation': {
      const from = source();
      return from && affineOf(from, compileExpression(operation.activation.expression));
    }
    case 'identity':
    case 'reshape':
    case 'permute':
    case 'expand':
    case 'slice':
      return source();
    default:
      return undefined;
  }
}

/** A draw plus constants: `rand(n, m) * 2 - np.ones((n, m))`. */
function shifted(
  nodes: readonly NetworkNode[],
  node: NetworkNode,
  coefficients: readonly number[],
  depth: number,
): Distribution | undefined {
  let drawn: Distribution | undefined;
  let shift = 0;
  for (const [index, input] of node.inputs.entries()) {
    const source = drawnDistribution(nodes, input, depth + 1);
    const part = source && affine(source, coefficients[index] ?? 1, 0);
    if (!part) return undefined;
    if (part.kind === 'constant') shift += part.value;
    else if (drawn) return unknownDistribution('a sum of several draws');
    else drawn = part;
  }
  return drawn ? affine(drawn, 1, shift) : constant(shift);
}

/** The distribution of f(x) where f is affine over what x can be; its parameters are read off three points. */
function affineOf(distribution: Distribution, f: (x: number) => number): Distribution {
  if (distribution.kind === 'constant') return constant(f(distribution.value));
  const shift = f(0);
  const scale = f(1) - shift;
  const isAffine = [-1, 0.5, 2].every((x) => Math.abs(f(x) - (shift + scale * x)) <= 1e-9 * (1 + Math.abs(shift)));
  const result = isAffine ? affine(distribution, scale, shift) : undefined;
  return result ?? unknownDistribution('a function of a draw');
}
