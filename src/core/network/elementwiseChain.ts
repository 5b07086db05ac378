import { apply, isWithinSize, number, z } from '../activations/construct';
import type { Expression } from '../activations/expression';
import { simplifyExpression } from '../activations/simplify';
import type { NetworkNode, NodeId } from './network';

/** For each node that determines a value elementwise, the value as a function of it. Nearest first. */
export type Chain = ReadonlyMap<NodeId, Expression>;

/** Longer chains are cut: what people write as one activation is short. */
const longestChain = 24;

/** The node's own function of its inputs; undefined where it is not elementwise. */
export function ownExpression(node: NetworkNode): Expression | undefined {
  const { operation } = node;
  switch (operation.kind) {
    case 'activation':
      return operation.activation.expression;
    case 'sum':
      return apply(
        'add',
        ...operation.coefficients.map((coefficient, index) => apply('multiply', coefficient, input(index))),
      );
    case 'product':
      return apply('multiply', ...node.inputs.map((_, index) => input(index)));
    case 'elementwise':
      return operation.expression;
    default:
      return undefined;
  }
}

function input(index: number): Expression {
  return { kind: 'input', index };
}

/**
 * Everything that the node's value is an elementwise function of, through any number of elementwise nodes, itself included. Known
 * constants count as numbers.
 */
export function chainOf(
  node: NetworkNode,
  own: Expression,
  chains: readonly (Chain | undefined)[],
  nodes: readonly NetworkNode[],
): Chain {
  const chain = new Map<NodeId, Expression>([[node.id, z]]);
  const inputs = node.inputs.map((id) => constantOf(nodes[id]) ?? chains[id] ?? new Map([[id, z]]));
  const varying = inputs.filter((entry): entry is Chain => entry instanceof Map);
  const [first, ...others] = varying;
  if (!first || varying.length + inputs.filter((entry) => typeof entry === 'number').length < inputs.length)
    return chain;
  for (const source of first.keys()) {
    if (chain.size > longestChain) break;
    if (!others.every((other) => other.has(source))) continue;
    const operands = inputs.map((entry) => (typeof entry === 'number' ? number(entry) : (entry?.get(source) ?? z)));
    const composed = substitute(own, operands);
    if (!isWithinSize(composed)) break;
    chain.set(source, simplifyExpression(composed));
  }
  return chain;
}

/** One node's value as an elementwise function of another's of the same shape; undefined where it is none. */
export function expressionOf(
  nodes: readonly NetworkNode[],
  source: NodeId,
  id: NodeId,
  depth = 0,
): Expression | undefined {
  const node = nodes[id];
  if (id === source) return z;
  if (!node || id < source || depth > longestChain) return undefined;
  const own = ownExpression(node);
  const operands = node.inputs.map((input) => {
    const constant = constantOf(nodes[input]);
    return constant === undefined ? expressionOf(nodes, source, input, depth + 1) : number(constant);
  });
  if (!own || !operands.every((operand) => operand !== undefined)) return undefined;
  const composed = substitute(own, operands);
  return isWithinSize(composed) ? simplifyExpression(composed) : undefined;
}

/** The expression with its inputs replaced. */
export function substitute(expression: Expression, operands: readonly Expression[]): Expression {
  switch (expression.kind) {
    case 'input':
      return operands[expression.index] ?? expression;
    case 'number':
      return expression;
    case 'apply':
      return { ...expression, operands: expression.operands.map((operand) => substitute(operand, operands)) };
  }
}

function constantOf(node: NetworkNode | undefined): number | undefined {
  return node?.operation.kind === 'constant' ? node.operation.value : undefined;
}
