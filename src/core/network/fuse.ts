import type { ActivationUse } from '../activations/activation';
import { findActivation } from '../activations/catalogue';
import { dependsOnInput } from '../activations/construct';
import type { Expression } from '../activations/expression';
import { printExpression } from '../activations/print';
import { recogniseActivation } from '../activations/recognise';
import { type Chain, chainOf, ownExpression } from './elementwiseChain';
import type { NetworkNode, NodeId, Shape } from './network';
import { shapeText } from './shapes';

/** A node seen as one activation of an earlier node. */
interface Fusion {
  readonly source: NodeId;
  readonly activation: ActivationUse;
}

const longestLabel = 40;

/**
 * Turns what the user wrote by hand into activations: a purely elementwise subgraph with a single source (`x * sigmoid(1.702 * x)`,
 * `1 / (1 + exp(-x))`) becomes one activation node, recognised against the catalogue or `custom` with its expression. Separate
 * catalogue activations in a row stay separate, plain scalings stay scalings, and nothing is fused across a learned layer. Nodes
 * keep their ids; those that nothing reads any more are left for the cut to drop.
 */
export function fuseActivations(nodes: readonly NetworkNode[]): readonly NetworkNode[] {
  const expressions = nodes.map((node) => ownExpression(node));
  const isChained = chainedNodes(nodes, expressions);
  const chains: (Chain | undefined)[] = [];
  const fused: NetworkNode[] = [];
  for (const [index, node] of nodes.entries()) {
    const own = expressions[index];
    const chain = own && isChained[index] ? chainOf(node, own, chains, nodes) : undefined;
    chains.push(chain);
    const fusion = own && chain && fusionOf(node, own, chain, fused, nodes);
    fused.push(fusion ? fuse(node, fusion) : node);
  }
  return fused;
}

/** The elementwise nodes whose chain is looked at: those that may be fused, and those that they are chained to. */
function chainedNodes(
  nodes: readonly NetworkNode[],
  expressions: readonly (Expression | undefined)[],
): readonly boolean[] {
  const isChained = nodes.map(() => false);
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index];
    if (!node || !expressions[index]) continue;
    isChained[index] ||= !isCatalogued(node) || isExponential(node);
    if (isChained[index]) for (const input of node.inputs) isChained[input] = true;
  }
  return isChained;
}

function fusionOf(
  node: NetworkNode,
  own: Expression,
  chain: Chain,
  fused: readonly NetworkNode[],
  nodes: readonly NetworkNode[],
): Fusion | undefined {
  if (isExponential(node)) return powerOf(node, chain, fused);
  if (isCatalogued(node) || !dependsOnInput(own)) return undefined;
  const candidates = [...chain].filter(
    ([source]) => source !== node.id && isSameShape(node.outputShape, nodes[source]?.outputShape),
  );
  for (const [source, expression] of candidates) {
    const activation = recogniseActivation(expression);
    if (activation && activation.id !== 'linear') return { source, activation };
  }
  const isJoin = node.inputs.filter((id) => nodes[id]?.operation.kind !== 'constant').length > 1;
  if (isJoin) return customOf(candidates[0]);
  const before = fused[node.inputs[0] ?? -1];
  const isAfterCustom = before?.operation.kind === 'activation' && before.operation.activation.id === 'custom';
  if (isAfterCustom) {
    // A normal variable may be negative where an activation of one is not: a logarithm is taken of the whole function.
    const start = takesLogarithm(own) ? beforeActivations(before, fused) : before.inputs[0];
    return customOf(candidates.find(([source]) => source === start));
  }
  return node.operation.kind === 'activation' ? customOf(candidates[0]) : undefined;
}

/** `exp(-x ** 2)` is one function of x: an exponential of what is far from normal is not like that of a normal variable. */
function powerOf(node: NetworkNode, chain: Chain, fused: readonly NetworkNode[]): Fusion | undefined {
  const exponent = fused[node.inputs[0] ?? -1];
  const source = exponent?.inputs[0];
  const isCustom = exponent?.operation.kind === 'activation' && exponent.operation.activation.id === 'custom';
  const expression = isCustom && source !== undefined ? chain.get(source) : undefined;
  if (!expression || source === undefined) return undefined;
  const activation = recogniseActivation(expression);
  return activation ? { source, activation } : customOf([source, expression]);
}

function isExponential({ operation }: NetworkNode): boolean {
  return operation.kind === 'activation' && operation.activation.id === 'exponential';
}

function customOf(candidate: readonly [NodeId, Expression] | undefined): Fusion | undefined {
  if (!candidate) return undefined;
  const [source, expression] = candidate;
  return { source, activation: { id: 'custom', parameters: {}, expression } };
}

function isCatalogued(node: NetworkNode): boolean {
  return node.operation.kind === 'activation' && node.operation.activation.id !== 'custom';
}

function isSameShape(first: Shape, second: Shape): boolean {
  return shapeText(first) === shapeText(second);
}

function fuse(node: NetworkNode, { source, activation }: Fusion): NetworkNode {
  return { ...node, operation: { kind: 'activation', activation }, inputs: [source], label: labelOf(node, activation) };
}

function labelOf(node: NetworkNode, activation: ActivationUse): string {
  const entry = findActivation(activation.id);
  if (entry) return entry.title;
  const formula = printExpression(activation.expression);
  return formula.length <= longestLabel ? formula : node.label;
}

/** What the activations in a row that end with this node are a function of. */
function beforeActivations(last: NetworkNode, fused: readonly NetworkNode[]): NodeId {
  let node: NetworkNode | undefined = last;
  let start = last.id;
  while (node?.operation.kind === 'activation') {
    start = node.inputs[0] ?? start;
    node = fused[node.inputs[0] ?? -1];
  }
  return start;
}

function takesLogarithm(expression: Expression): boolean {
  if (expression.kind !== 'apply') return false;
  return expression.primitive === 'log' || expression.operands.some(takesLogarithm);
}
