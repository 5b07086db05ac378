import type { Dim, NetworkNode, NodeId, Operation, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { permute } from '../tensor/rearranging';
import { addNode, addUnknown } from '../tensor/trace';
import { asRow, siteOf, type Weight, type WeightRoom } from './weightRoom';

/** How the code keeps its data: a sample a row, a sample a column, or one sample as a vector. */
export type DataLayout = 'rows' | 'columns' | 'vector';

const batch: Dim = { perBatch: 1 };

/**
 * A node of the code as it stands in the network that is built of it, with the batch first: as it was (`plain`), transposed (`flipped`,
 * data in columns), with a batch axis before its own (`lifted`, single samples), or independent of the input (`fixed`).
 */
interface Copy {
  readonly tensor: TracedTensor;
  readonly form: 'plain' | 'flipped' | 'lifted' | 'fixed';
}

const formOf = { rows: 'plain', columns: 'flipped', vector: 'lifted' } as const;

/**
 * Builds the network that a trace of hand-written code computes: products with the code's own matrices become linear layers with their
 * biases, columns become rows, single vectors a batch.
 */
export class WeightAdoption {
  readonly #copies = new Map<NodeId, Copy>();
  readonly #consumers = new Map<NodeId, NetworkNode[]>();

  constructor(
    private readonly session: TraceSession,
    private readonly weights: WeightRoom,
    private readonly layout: DataLayout,
    /** Number of samples that the code computes with, where it says one. */
    private readonly samples?: number,
  ) {}

  /** `raw` is the input as the code got it, `input` the network's own. */
  adopt(raw: NodeId, input: TracedTensor, outputs: readonly TracedTensor[]): readonly TracedTensor[] {
    this.#copies.set(raw, { tensor: input, form: formOf[this.layout] });
    const { nodes } = this.session.tracer;
    const needed = ancestorsOf(
      nodes,
      outputs.map(({ node }) => node),
    );
    const dependent = new Set<NodeId>([raw]);
    for (const id of needed) {
      const node = nodes[id];
      if (node?.inputs.some((from) => dependent.has(from)) || this.#startsState(node)) dependent.add(id);
      for (const from of node?.inputs ?? []) {
        this.#consumers.set(from, [...(this.#consumers.get(from) ?? []), ...(node ? [node] : [])]);
      }
    }
    for (const id of needed) {
      const node = nodes[id];
      if (node && dependent.has(id) && !this.#copies.has(id)) this.#copies.set(id, this.#copy(node));
    }
    return outputs.flatMap(({ node }) => this.#copies.get(node)?.tensor ?? []);
  }

  /** The first step of a recurrence multiplies a matrix with zeros: that state is data, one for each sample. */
  #startsState(node: NetworkNode | undefined): boolean {
    if (node?.operation.kind !== 'matmul') return false;
    const { nodes } = this.session.tracer;
    const zero = node.inputs.find((id) => {
      const { operation } = nodes[id] ?? {};
      return operation?.kind === 'constant' && operation.value === 0;
    });
    const other = node.inputs.find((id) => id !== zero);
    const state = zero === undefined ? undefined : nodes[zero];
    if (!state || this.#copies.has(state.id) || !this.weights.weightAt(other)) return false;
    const isRow = this.layout !== 'columns';
    const own = { node: state.id, shape: state.outputShape };
    const tensor = isRow ? this.#add(state, state.operation, [], state.outputShape) : asRow(this.session, own, state);
    this.#copies.set(state.id, { tensor, form: formOf[this.layout] });
    return true;
  }

  #copy(node: NetworkNode): Copy {
    const { operation, inputs } = node;
    if (operation.kind === 'matmul') return this.#product(node, inputs[0], inputs[1]);
    if (operation.kind === 'permute') {
      const source = this.#copies.get(inputs[0] ?? -1);
      if (source && operation.order.join() === '1,0' && source.form !== 'lifted') {
        return { tensor: source.tensor, form: source.form === 'flipped' ? 'plain' : 'flipped' };
      }
    }
    const parts = inputs.map((id) => this.#copies.get(id));
    const isFlipped = parts.some((part) => part?.form === 'flipped') && !parts.some((part) => part?.form === 'plain');
    const isLifted = parts.some((part) => part?.form === 'lifted');
    const changed = isFlipped ? flipped(operation, node.outputShape) : isLifted ? lifted(operation, node) : undefined;
    if (changed && isFlipped) {
      const tensors = inputs.map((id) => this.#flippedInput(id));
      return { tensor: this.#add(node, changed.operation, tensors, changed.shape), form: changed.form };
    }
    if (changed) {
      const tensors = inputs.map((id) => this.#copies.get(id)?.tensor ?? this.#fixed(id));
      return { tensor: this.#add(node, changed.operation, tensors, changed.shape), form: changed.form };
    }
    if (isLifted) {
      const tensors = inputs.map((id) => this.#copies.get(id)?.tensor ?? this.#fixed(id));
      const reason = `${node.label} of a single sample is not followed`;
      return { tensor: addUnknown(this.session, reason, tensors, undefined, siteOf(node, node.path)), form: 'lifted' };
    }
    const tensors = inputs.map((id) => this.#plain(id));
    return { tensor: this.#add(node, operation, tensors, node.outputShape), form: 'plain' };
  }

  /** `x @ W`, `W @ x`, or a product of two things that both depend on the input. */
  #product(node: NetworkNode, first: NodeId | undefined, second: NodeId | undefined): Copy {
    const left = this.#copies.get(first ?? -1);
    const right = this.#copies.get(second ?? -1);
    const rightWeight = right ? undefined : this.weights.weightAt(second);
    const leftWeight = left ? undefined : this.weights.weightAt(first);
    if (left && left.form !== 'flipped' && rightWeight) {
      const [features, units] = rightWeight.shape;
      return this.#dense(node, left, rightWeight, features, units ?? 1, rightWeight.shape.length === 1);
    }
    if (right && right.form !== 'plain' && leftWeight) {
      const [units, features] = leftWeight.shape.length === 1 ? [1, leftWeight.shape[0]] : leftWeight.shape;
      return this.#dense(node, right, leftWeight, features, units ?? 1, leftWeight.shape.length === 1);
    }
    if (left?.form === 'flipped' && right?.form === 'flipped') {
      const shape: Shape = node.outputShape?.toReversed();
      return { tensor: this.#add(node, node.operation, [right.tensor, left.tensor], shape), form: 'flipped' };
    }
    const tensors = [first, second].flatMap((id) => (id === undefined ? [] : [this.#plain(id)]));
    return { tensor: this.#add(node, node.operation, tensors, node.outputShape), form: 'plain' };
  }

  #dense(
    node: NetworkNode,
    source: Copy,
    weight: Weight,
    features: number | undefined,
    units: number,
    dropsAxis: boolean,
  ): Copy {
    const inFeatures = features ?? 0;
    const outer: Shape = source.tensor.shape?.slice(0, -1);
    const shape: Shape = outer ? [...outer, units] : undefined;
    const site = { ...siteOf(node, weight.name), path: weight.name, label: `${weight.name}(${inFeatures}, ${units})` };
    const bias = dropsAxis ? undefined : this.#biasOf(node, units);
    if (bias && source.form === 'flipped' && bias.weight.shape.length === 1 && units > 1) {
      this.session.shapeMismatch(`${bias.weight.name} is added along the samples`, site.trail);
    }
    const uses = [
      this.weights.use(weight, 'weight', [units, inFeatures]),
      ...(bias ? [this.weights.use(bias.weight, 'bias', [units])] : []),
    ];
    const operation = { kind: 'linear', inFeatures, outFeatures: units } as const;
    const made = addNode(this.session, operation, [source.tensor], shape, site, uses);
    if (bias) this.#copies.set(bias.sum.id, { tensor: made, form: source.form });
    if (!dropsAxis) return { tensor: made, form: source.form };
    const tensor = this.#add(node, { kind: 'reshape' }, [made], outer);
    return { tensor, form: source.form === 'flipped' ? 'plain' : source.form };
  }

  /** The addition of a bias that is the only thing that reads a product. */
  #biasOf(product: NetworkNode, units: number): { readonly sum: NetworkNode; readonly weight: Weight } | undefined {
    const [sum, ...others] = this.#consumers.get(product.id) ?? [];
    if (others.length > 0 || sum?.operation.kind !== 'sum' || sum.inputs.length !== 2) return undefined;
    if (sum.operation.coefficients.some((coefficient) => coefficient !== 1)) return undefined;
    const weight = this.weights.weightAt(sum.inputs.find((id) => id !== product.id));
    const size = weight?.shape.reduce((total, length) => total * length, 1);
    return weight && size === units ? { sum, weight } : undefined;
  }

  /** An input of an elementwise operation in columns, as rows. */
  #flippedInput(id: NodeId): TracedTensor {
    const copy = this.#copies.get(id);
    if (copy && copy.form !== 'fixed') return copy.tensor;
    const node = this.session.tracer.nodes[id];
    const tensor = this.#fixed(id);
    return node ? asRow(this.session, tensor, node) : tensor;
  }

  #plain(id: NodeId): TracedTensor {
    const copy = this.#copies.get(id);
    if (!copy) return this.#fixed(id);
    if (copy.form !== 'flipped' || copy.tensor.shape?.length !== 2) return copy.tensor;
    const node = this.session.tracer.nodes[id];
    const site = node ? siteOf(node, 'transpose') : { trail: [], name: 'transpose' };
    return permute(this.session, copy.tensor, [1, 0], site);
  }

  /** What does not depend on the input: a weight, or a constant as it stands. */
  #fixed(id: NodeId): TracedTensor {
    const known = this.#copies.get(id);
    if (known) return known.tensor;
    const weight = this.weights.weightAt(id);
    const own = { node: id, shape: this.session.tracer.nodes[id]?.outputShape };
    const tensor = weight ? this.weights.tensor(weight) : own;
    if (weight) this.#copies.set(id, { tensor, form: 'fixed' });
    return tensor;
  }

  #add(node: NetworkNode, operation: Operation, inputs: readonly TracedTensor[], shape: Shape): TracedTensor {
    return addNode(this.session, operation, inputs, this.#withBatch(shape), siteOf(node, node.path), node.parameters);
  }

  /** The number of samples that the code wrote out becomes the batch. */
  #withBatch(shape: Shape): Shape {
    if (!shape || this.samples === undefined || shape[0] !== this.samples) return shape;
    return [batch, ...shape.slice(1)];
  }
}

interface Changed {
  readonly operation: Operation;
  readonly shape: Shape;
  readonly form: Copy['form'];
}

const elementwise: ReadonlySet<string> = new Set([
  'activation',
  'sum',
  'product',
  'elementwise',
  'dropout',
  'identity',
]);

/** The operation on transposed matrices; undefined where it has to see them as the code has them. */
function flipped(operation: Operation, shape: Shape): Changed | undefined {
  const turned: Shape = shape?.toReversed();
  if (shape && shape.length > 2) return undefined;
  if (elementwise.has(operation.kind)) return { operation, shape: turned, form: 'flipped' };
  switch (operation.kind) {
    case 'softmax':
      return { operation: { ...operation, axis: 1 - operation.axis }, shape: turned, form: 'flipped' };
    case 'reduction': {
      const changed = { ...operation, axes: operation.axes.map((axis) => 1 - axis) };
      return { operation: changed, shape: turned, form: shape?.length === 2 ? 'flipped' : 'plain' };
    }
    case 'concat':
      return { operation: { ...operation, axis: 1 - operation.axis }, shape: turned, form: 'flipped' };
    default:
      return undefined;
  }
}

/** The operation on a batch of what the code computes for one sample. */
function lifted(operation: Operation, node: NetworkNode): Changed | undefined {
  const shape: Shape = node.outputShape && [batch, ...node.outputShape];
  const form = 'lifted';
  if (elementwise.has(operation.kind)) return { operation, shape, form };
  switch (operation.kind) {
    case 'linear':
    case 'reshape':
    case 'embedding':
      return { operation, shape, form };
    case 'softmax':
    case 'concat':
    case 'stack':
    case 'slice':
      return { operation: { ...operation, axis: operation.axis + 1 }, shape, form };
    case 'reduction':
      return { operation: { ...operation, axes: operation.axes.map((axis) => axis + 1) }, shape, form };
    case 'permute':
      return { operation: { ...operation, order: [0, ...operation.order.map((axis) => axis + 1)] }, shape, form };
    default:
      return undefined;
  }
}

/** The nodes and everything that they depend on, in order. */
function ancestorsOf(nodes: readonly NetworkNode[], ends: readonly NodeId[]): readonly NodeId[] {
  const kept = new Set<NodeId>(ends);
  for (let id = Math.max(-1, ...ends); id >= 0; id--) {
    if (kept.has(id)) for (const input of nodes[id]?.inputs ?? []) kept.add(input);
  }
  return [...kept].sort((a, b) => a - b);
}
