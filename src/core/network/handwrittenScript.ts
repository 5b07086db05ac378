import { isInputName } from '../frameworks/handwritten/forwardNames';
import type { ScriptNetwork } from '../frameworks/handwritten/handwritten';
import { drawnDistribution } from '../frameworks/tensor/drawnDistribution';
import type { Span } from '../span';
import { sourcesOf } from './arraySources';
import type { FileEvaluation } from './fileEvaluation';
import { fuseActivations } from './fuse';
import { lossFormula } from './lossFormula';
import { namesLosses } from './lossNames';
import type { NetworkNode, NodeId } from './network';
import { type Product, unrolledSteps } from './recurrentScript';
import { ScriptNames } from './scriptNames';
import { type FoundLoss, writtenLoss } from './writtenGradient';

/** The first round of training stands at the beginning of the trace. */
const mostNodes = 5_000;

export interface FoundScript {
  readonly network: ScriptNetwork;
  /** The first weight's name in the source. */
  readonly span: Span;
  readonly body: Span;
}

/**
 * The network that a script computes line by line: products with matrices that the code draws and keeps in variables, each the first time
 * that it is used, up to the activation after the last; of a recurrence all steps, with an output and a loss of each.
 * `isAlone`: no function of the file's is a network.
 */
export function findScriptNetwork(evaluation: FileEvaluation, isAlone: boolean): FoundScript | undefined {
  const nodes = evaluation.session.tracer.nodes.slice(0, mostNodes);
  if (!nodes.some(({ operation }) => operation.kind === 'matmul')) return undefined;
  const kept = new ScriptNames(evaluation, nodes);
  // Weights in a container are those of the functions that take it.
  const nameOf = (id: NodeId) => (isAlone ? kept.nameOf(id) : kept.variableOf(id));
  const steps = unrolledSteps(nodes, (node, dependent) => productOf(nodes, node, nameOf, dependent));
  const products = steps?.products ?? chainOfProducts(nodes, nameOf);
  const [first] = products;
  const ends = steps?.ends ?? products.slice(-1);
  if (!first || products.length < 2) return undefined;
  const names = new Map<NodeId, string>(products.map(({ weight, name }) => [weight, name]));
  const isBias = (id: NodeId) => {
    const name = nameOf(id);
    if (name !== undefined) names.set(id, name);
    return name !== undefined;
  };
  for (const { node } of products) nameBias(nodes, node, nameOf, names);
  const isNamed = namesLosses(evaluation.parsed);
  const read = ends.map((product) => readOutput(nodes, product, isBias, isNamed));
  const found = agreedLoss(read.map((output) => output.found));
  const wanted = nodes[found?.target ?? -1];
  const raw = steps?.data ?? dataOf(nodes, first.data);
  const statement = kept.statementOf(first.weight);
  const used = nodes[read.at(-1)?.end ?? -1]?.provenance.applied;
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
      outputs: read.map(({ end }) => ({ node: end, shape: nodes[end]?.outputShape })),
      layout,
      sample:
        shape.length > 2 || steps ? shape.slice(1) : [nodes[first.weight]?.outputShape?.[first.isWeightLeft ? 1 : 0]],
      names,
      loss: isBatch ? found?.loss : undefined,
      target: wanted && { node: wanted.id, shape: wanted.outputShape },
    },
    span: { file, start: target.start, end: target.end },
    body: { file, start: statement.start, end: Math.max(statement.end, used?.file === file ? used.end : 0) },
  };
}

/** What the code makes of the last product, and the loss that it computes of it. */
function readOutput(
  nodes: readonly NetworkNode[],
  { node, weight }: Product,
  isBias: (id: NodeId) => boolean,
  isNamed: (node: NetworkNode) => boolean,
): { readonly end: NodeId; readonly found: FoundLoss | undefined } {
  const preactivation = sumAfter(nodes, node, isBias)?.id ?? node.id;
  const activated = outputAfter(nodes, node, isBias);
  const formula = (output: NodeId) => lossFormula(nodes, output, isNamed);
  const ofOutput = writtenLoss(nodes, weight, preactivation, activated) ?? formula(activated);
  // What looks like an activation of the output may be a part of the loss.
  const ofSum = ofOutput ? undefined : formula(preactivation);
  return { end: ofSum ? preactivation : activated, found: ofOutput ?? ofSum };
}

/** The loss of every output, where they have the same. */
function agreedLoss(found: readonly (FoundLoss | undefined)[]): FoundLoss | undefined {
  const [first] = found;
  return found.every((other) => JSON.stringify(other?.loss) === JSON.stringify(first?.loss)) ? first : undefined;
}

/**
 * The data of the first product, or where that multiplies windows or patches the one array that they are cut from: of pictures as of sequences
 * samples lie along the first axis.
 */
function dataOf(nodes: readonly NetworkNode[], id: NodeId): NetworkNode | undefined {
  const data = nodes[id];
  const [root, ...others] = sourcesOf(nodes, [id]);
  const [samples, ...sizes] = root?.outputShape ?? [];
  const isOfRows = data?.outputShape?.length === 2 && data.outputShape[0] === samples;
  return root && others.length === 0 && sizes.length > 1 && !isOfRows ? root : data;
}

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
  dependent: Pick<ReadonlySet<NodeId>, 'has'>,
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

/** The bias that is added to a product, or to a sum of products, where it has a name. */
function nameBias(
  nodes: readonly NetworkNode[],
  product: NetworkNode,
  nameOf: (id: NodeId) => string | undefined,
  names: Map<NodeId, string>,
): void {
  let part: NodeId | undefined = product.id;
  for (let depth = 0; part !== undefined && depth < mostSummands; depth++) {
    const own: NodeId = part;
    const sum = nodes.find(({ operation, inputs }) => operation.kind === 'sum' && inputs.includes(own));
    const other = sum?.inputs.find((id) => id !== own);
    const name = other === undefined ? undefined : nameOf(other);
    if (other !== undefined && name !== undefined) names.set(other, name);
    part = name === undefined ? sum?.id : undefined;
  }
}

const mostSummands = 4;

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
