import { isInputName } from '../frameworks/handwritten/forwardNames';
import type { ScriptNetwork } from '../frameworks/handwritten/handwritten';
import { drawnDistribution } from '../frameworks/tensor/drawnDistribution';
import type { AssignStatement, Expression } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { Span } from '../span';
import type { FileEvaluation } from './fileEvaluation';
import { fuseActivations } from './fuse';
import { lossFormula } from './lossFormula';
import { namesLosses } from './lossNames';
import type { NetworkNode, NodeId } from './network';
import { writtenLoss } from './writtenGradient';

/** The first round of training stands at the beginning of the trace. */
const mostNodes = 5_000;

export interface FoundScript {
  readonly network: ScriptNetwork;
  /** The first weight's name in the source. */
  readonly span: Span;
  readonly body: Span;
}

/** A product in straight-line code: which side is the weight. */
interface Product {
  readonly node: NetworkNode;
  readonly data: NodeId;
  readonly weight: NodeId;
  readonly name: string;
  readonly isWeightLeft: boolean;
}

/**
 * The network that a script computes line by line: products with matrices that the code draws and keeps in variables, each the first time
 * that it is used, up to the activation after the last.
 */
export function findScriptNetwork(evaluation: FileEvaluation): FoundScript | undefined {
  const nodes = evaluation.session.tracer.nodes.slice(0, mostNodes);
  if (!nodes.some(({ operation }) => operation.kind === 'matmul')) return undefined;
  const assignments = assignmentsOf(evaluation);
  const nameOf = (id: NodeId) => assignedName(nodes, id, assignments);
  const products = chainOfProducts(nodes, nameOf);
  const [first] = products;
  const last = products.at(-1);
  if (!first || !last || products.length < 2) return undefined;
  const names = new Map<NodeId, string>(products.map(({ weight, name }) => [weight, name]));
  const isBias = (id: NodeId) => {
    const name = nameOf(id);
    if (name !== undefined) names.set(id, name);
    return name !== undefined;
  };
  const preactivation = sumAfter(nodes, last.node, isBias)?.id ?? last.node.id;
  const activated = outputAfter(nodes, last.node, isBias);
  for (const { node } of products) nameBias(nodes, node, nameOf, names);
  const isNamed = namesLosses(evaluation.parsed);
  const formula = (output: NodeId) => lossFormula(nodes, output, isNamed);
  const ofOutput = writtenLoss(nodes, last.weight, preactivation, activated) ?? formula(activated);
  // What looks like an activation of the output may be a part of the loss.
  const ofSum = ofOutput ? undefined : formula(preactivation);
  const end = ofSum ? preactivation : activated;
  const found = ofOutput ?? ofSum;
  const wanted = nodes[found?.target ?? -1];
  const raw = dataOf(nodes, first.data);
  const statement = statementOf(nodes, first.weight, assignments);
  const used = nodes[end]?.provenance.applied;
  if (!raw || !statement) return undefined;
  const { outputShape: shape = [] } = raw;
  const layout = shape.length === 1 ? 'vector' : first.isWeightLeft && shape.length === 2 ? 'columns' : 'rows';
  // One sample at a time is how the code computes the gradient of a batch whose size and mean are not seen.
  const isBatch = layout !== 'vector';
  const { file } = evaluation;
  const target = statement.targets[0] ?? statement.value;
  return {
    network: {
      raw: { node: raw.id, shape: raw.outputShape },
      output: { node: end, shape: nodes[end]?.outputShape },
      layout,
      sample: shape.length > 2 ? shape.slice(1) : [nodes[first.weight]?.outputShape?.[first.isWeightLeft ? 1 : 0]],
      names,
      loss: isBatch ? found?.loss : undefined,
      target: wanted && { node: wanted.id, shape: wanted.outputShape },
    },
    span: { file, start: target.start, end: target.end },
    body: { file, start: statement.start, end: Math.max(statement.end, used?.file === file ? used.end : 0) },
  };
}

/**
 * The data of the first product, or where that multiplies windows or patches the one array that they are cut from: of pictures as of sequences
 * samples lie along the first axis.
 */
function dataOf(nodes: readonly NetworkNode[], id: NodeId): NetworkNode | undefined {
  const data = nodes[id];
  const seen = new Set<NodeId>([id]);
  const roots: NetworkNode[] = [];
  for (const each of seen) {
    const node = nodes[each];
    if (node && !rearranges.has(node.operation.kind)) roots.push(node);
    else for (const input of node?.inputs ?? []) seen.add(input);
  }
  const [root, ...others] = roots;
  const [samples, ...sizes] = root?.outputShape ?? [];
  const isOfRows = data?.outputShape?.length === 2 && data.outputShape[0] === samples;
  return root && others.length === 0 && sizes.length > 1 && !isOfRows ? root : data;
}

const rearranges: ReadonlySet<string> = new Set([
  ...['identity', 'reshape', 'permute', 'expand', 'slice', 'pick', 'concat', 'stack'],
]);

function chainOfProducts(
  nodes: readonly NetworkNode[],
  nameOf: (id: NodeId) => string | undefined,
): readonly Product[] {
  const products: Product[] = [];
  const dependent = new Set<NodeId>();
  const used = new Set<string>();
  for (const node of nodes) {
    const depends = node.inputs.some((id) => dependent.has(id));
    if (depends) dependent.add(node.id);
    if (node.operation.kind !== 'matmul') continue;
    const product = productOf(nodes, node, nameOf, dependent);
    if (!product || (products.length > 0 && !dependent.has(product.data))) continue;
    if (used.has(product.name) || (products.length > 0 && isSummedOverSamples(nodes, product))) break;
    used.add(product.name);
    dependent.add(node.id);
    products.push(product);
  }
  return products;
}

/** A product with a transposed activation is part of a gradient written by hand. */
function isSummedOverSamples(nodes: readonly NetworkNode[], { data }: Product): boolean {
  return nodes[data]?.operation.kind === 'permute';
}

/** Of two drawn matrices the one that is not named like data is the weight, else the right one. */
function productOf(
  nodes: readonly NetworkNode[],
  node: NetworkNode,
  nameOf: (id: NodeId) => string | undefined,
  dependent: ReadonlySet<NodeId>,
): Product | undefined {
  const [left, right] = node.inputs;
  if (left === undefined || right === undefined) return undefined;
  const weightName = (id: NodeId) => {
    const name = dependent.has(id) ? undefined : nameOf(id);
    return name !== undefined && nodes[id]?.outputShape?.length === 2 && isDrawn(nodes, id) ? name : undefined;
  };
  const leftName = weightName(left);
  const rightName = weightName(right);
  const isLeft =
    rightName === undefined || (leftName !== undefined && isInputName(rightName) && !isInputName(leftName));
  const name = isLeft ? leftName : rightName;
  if (name === undefined || isInputName(name)) return undefined;
  return { node, name, isWeightLeft: isLeft, data: isLeft ? right : left, weight: isLeft ? left : right };
}

function isDrawn(nodes: readonly NetworkNode[], id: NodeId): boolean {
  const distribution = drawnDistribution(nodes, id);
  return distribution !== undefined && distribution.kind !== 'constant';
}

/** The bias that is added to a product, where it has a name. */
function nameBias(
  nodes: readonly NetworkNode[],
  product: NetworkNode,
  nameOf: (id: NodeId) => string | undefined,
  names: Map<NodeId, string>,
): void {
  const sum = nodes.find(({ operation, inputs }) => operation.kind === 'sum' && inputs.includes(product.id));
  const other = sum?.inputs.find((id) => id !== product.id);
  const name = other === undefined ? undefined : nameOf(other);
  if (other !== undefined && name !== undefined) names.set(other, name);
}

/** The last product with its bias, and the activation or softmax that the code applies to it. */
function outputAfter(nodes: readonly NetworkNode[], product: NetworkNode, isBias: (id: NodeId) => boolean): NodeId {
  const end = sumAfter(nodes, product, isBias)?.id ?? product.id;
  const softmax = nodes.find(({ operation, inputs }) => operation.kind === 'softmax' && inputs[0] === end);
  if (softmax) return softmax.id;
  const activation = fuseActivations(nodes).find(
    ({ id, operation, inputs }) =>
      id > end &&
      inputs[0] === end &&
      operation.kind === 'activation' &&
      outputActivations.has(operation.activation.id),
  );
  return activation?.id ?? end;
}

/** The product plus a bias; what has a value for every sample, or is taken off, is a target. */
function sumAfter(nodes: readonly NetworkNode[], product: NetworkNode, isBias: (id: NodeId) => boolean) {
  const whole = JSON.stringify(product.outputShape);
  const mayBeBias = (id: NodeId) => id !== product.id && JSON.stringify(nodes[id]?.outputShape) !== whole && isBias(id);
  return nodes.find(
    ({ operation, inputs }) =>
      operation.kind === 'sum' &&
      operation.coefficients.every((coefficient) => coefficient === 1) &&
      inputs.includes(product.id) &&
      inputs.some(mayBeBias),
  );
}

const outputActivations: ReadonlySet<string> = new Set(['sigmoid', 'tanh', 'relu', 'softplus', 'leaky-relu']);

function assignmentsOf({ parsed }: FileEvaluation): readonly AssignStatement[] {
  const found: AssignStatement[] = [];
  walk(parsed.module, (node) => {
    if (node.kind === 'assign') found.push(node);
  });
  return found;
}

/** The variable that the drawn array was assigned to. */
function assignedName(
  nodes: readonly NetworkNode[],
  id: NodeId,
  assignments: readonly AssignStatement[],
): string | undefined {
  if (drawnDistribution(nodes, id) === undefined) return undefined;
  const target = statementOf(nodes, id, assignments)?.targets[0];
  return target && textOf(target);
}

function statementOf(
  nodes: readonly NetworkNode[],
  id: NodeId,
  assignments: readonly AssignStatement[],
): AssignStatement | undefined {
  let node = nodes[id];
  while (node && node.inputs.length > 0) node = nodes[node.inputs[0] ?? -1];
  if (!node) return undefined;
  // A function of the file's may draw it: the assignment is then where that is called.
  const { made, through } = node.provenance;
  for (const span of [made, ...through]) {
    const found = assignments.findLast(({ value }) => value.start <= span.start && value.end >= span.end);
    if (found) return found;
  }
  return undefined;
}

function textOf(target: Expression): string | undefined {
  if (target.kind === 'name') return target.name;
  if (target.kind === 'attribute') return target.attribute.name;
  if (target.kind !== 'index') return undefined;
  const object = textOf(target.object);
  const { index } = target;
  return object !== undefined && index.kind === 'string' ? `${object}['${index.value}']` : undefined;
}
