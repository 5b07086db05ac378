import { apply, z } from '../../activations/construct';
import type { NetworkNode, NodeId, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { reduce } from '../tensor/combining';
import { addExpression } from '../tensor/elementwise';
import { addNode, type Site } from '../tensor/trace';
import type { ArrayCall, ArrayFunctions } from './arrays';

/**
 * The softmax that `exp(x) / exp(x).sum(axis)` spells out, with or without a maximum subtracted before; undefined where the quotient
 * is none.
 */
export function softmaxOfQuotient(
  session: TraceSession,
  numerator: TracedTensor,
  denominator: TracedTensor,
  site: Site,
): TracedTensor | undefined {
  const { nodes } = session.tracer;
  const sum = sumOverAxis(nodes, denominator.node, numerator.shape, denominator.shape);
  if (!sum) return undefined;
  const { axis } = sum;
  const above = exponentOf(nodes, numerator.node);
  const below = exponentOf(nodes, sum.source);
  if (!above || !below || !isSameNode(nodes, above, below)) return undefined;
  const source = unshifted(nodes, above);
  return addNode(
    session,
    { kind: 'softmax', variant: 'softmax', axis },
    [{ node: source.id, shape: source.outputShape }],
    numerator.shape,
    { ...site, name: 'softmax', label: 'softmax' },
  );
}

/** `softmax(x, axis)` and `log_softmax` as functions. */
export const softmaxFunctions: ArrayFunctions = {
  softmax: { signature: 'x, axis=-1', call: (call) => softmaxOver(call, 'softmax') },
  log_softmax: { signature: 'x, axis=-1', call: (call) => softmaxOver(call, 'log-softmax') },
  logsumexp: { signature: 'x, axis=None, b=None, keepdims=False', call: logOfSum },
};

/** log Σ exp(x) over the axes. */
function logOfSum(call: ArrayCall): Value | undefined {
  const { tensor, session, site } = call;
  const axes = call.axes();
  if (!tensor || axes === null) return undefined;
  const powers = addExpression(session, apply('exp', z), [tensor], tensor.shape, site);
  const sum = reduce(session, 'sum', powers, axes, call.flag('keepdims'), site);
  return call.result(addExpression(session, apply('log', z), [sum], sum.shape, site));
}

/** The log-softmax that `x - logsumexp(x)` spells out; undefined where the difference is none. */
export function logSoftmaxOfDifference(
  session: TraceSession,
  left: TracedTensor,
  right: TracedTensor,
  site: Site,
): TracedTensor | undefined {
  const { nodes } = session.tracer;
  const log = nodes[right.node];
  const sum = isFunction(log, 'log') ? sumOverAxis(nodes, log?.inputs[0], left.shape, right.shape) : undefined;
  if (!sum || exponentOf(nodes, sum.source)?.id !== left.node) return undefined;
  const { axis } = sum;
  const named = { ...site, name: 'log_softmax', label: 'log_softmax' };
  return addNode(session, { kind: 'softmax', variant: 'log-softmax', axis }, [left], left.shape, named);
}

function softmaxOver(call: ArrayCall, variant: 'softmax' | 'log-softmax'): Value | undefined {
  const { tensor } = call;
  const rank = tensor?.shape?.length;
  const given = call.number('axis') ?? (call.value('axis')?.kind === 'none' ? -1 : undefined);
  if (!tensor || given === undefined || (given < 0 && rank === undefined)) return undefined;
  const axis = given < 0 ? given + (rank ?? 0) : given;
  const label = variant === 'softmax' ? 'softmax' : 'log_softmax';
  return call.result(
    addNode(call.session, { kind: 'softmax', variant, axis }, [tensor], tensor.shape, { ...call.site, name: label }),
  );
}

/** A sum over one axis that lines up with the array of `shape` that it is to be combined with. */
function sumOverAxis(
  nodes: readonly NetworkNode[],
  id: NodeId | undefined,
  shape: Shape,
  summed: Shape,
): { readonly axis: number; readonly source: NodeId | undefined } | undefined {
  const sum = id === undefined ? undefined : nodes[id];
  const rank = shape?.length;
  if (sum?.operation.kind !== 'reduction' || sum.operation.variant !== 'sum' || !rank) return undefined;
  const [axis, ...others] = sum.operation.axes;
  const isAligned = summed?.length === rank || rank === 1;
  return axis === undefined || others.length > 0 || !isAligned ? undefined : { axis, source: sum.inputs[0] };
}

/** x of the node exp(x). */
function exponentOf(nodes: readonly NetworkNode[], id: NodeId | undefined): NetworkNode | undefined {
  const node = id === undefined ? undefined : nodes[id];
  return isFunction(node, 'exp') ? nodes[node?.inputs[0] ?? -1] : undefined;
}

/** True where the node is this primitive of its input, as it stands. */
function isFunction(node: NetworkNode | undefined, primitive: 'exp' | 'log'): boolean {
  if (node?.operation.kind !== 'activation') return false;
  const { expression } = node.operation.activation;
  return expression.kind === 'apply' && expression.primitive === primitive && expression.operands[0]?.kind === 'input';
}

/** x of the node x − max(x), else the node itself. */
function unshifted(nodes: readonly NetworkNode[], node: NetworkNode): NetworkNode {
  if (node.operation.kind !== 'sum' || node.inputs.length !== 2) return node;
  const [first, second] = node.operation.coefficients;
  const source = nodes[node.inputs[0] ?? -1];
  const shift = nodes[node.inputs[1] ?? -1];
  const isMaximum = shift?.operation.kind === 'reduction' && shift.operation.variant === 'max';
  if (first !== 1 || second !== -1 || !source || !isMaximum || shift.inputs[0] !== source.id) return node;
  return source;
}

/** The same node, or two made alike from the same inputs, as when `np.exp(x - x.max())` is written twice. */
function isSameNode(nodes: readonly NetworkNode[], first: NetworkNode, second: NetworkNode): boolean {
  if (first.id === second.id) return true;
  const plain = unshifted(nodes, first);
  return plain !== first && plain.id === unshifted(nodes, second).id;
}
