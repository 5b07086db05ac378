import { type CompiledExpression, compileExpression } from '../activations/evaluate';
import { ownExpression } from './elementwiseChain';
import type { NetworkNode, NodeId, Operation, Shape } from './network';
import { dimSize } from './tracer';

/** Elements of one tensor beyond which nothing is worked out. */
export const mostConstants = 1 << 18;

interface Known {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** Works out nodes that depend on constants alone: masks, tables of positions, relative places. Each node once. */
export class ConstantValues {
  readonly #known = new Map<NodeId, Known | undefined>();

  constructor(
    private readonly nodes: readonly NetworkNode[],
    private readonly batchSize: number,
  ) {}

  /** Undefined where the node depends on anything else, is too large, or is not worked out. */
  of(id: NodeId): Float64Array | undefined {
    return this.#of(id)?.values;
  }

  #of(id: NodeId): Known | undefined {
    // Every input stands before its node, so that what leads to it is worked out without recursion.
    const open = [id];
    for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
      const node = this.nodes[next];
      const missing = node?.inputs.filter((input) => !this.#known.has(input)) ?? [];
      if (!node || this.#known.has(next) || missing.length === 0) {
        if (node && !this.#known.has(next)) this.#known.set(next, this.#workOut(node));
        open.pop();
      } else open.push(...missing);
    }
    return this.#known.get(id);
  }

  #workOut(node: NetworkNode): Known | undefined {
    const shape = this.#sizes(node.outputShape);
    const inputs = node.inputs.map((input) => this.#known.get(input));
    const known = inputs.filter((input) => input !== undefined);
    if (!shape || known.length < inputs.length || countOf(shape) > mostConstants) return undefined;
    const values = valuesOf(node, shape, known);
    return values && values.length === countOf(shape) ? { shape, values } : undefined;
  }

  #sizes(shape: Shape): readonly number[] | undefined {
    const sizes = shape?.map((dim) => dimSize(dim, this.batchSize));
    return sizes?.every((size) => size !== undefined) ? sizes : undefined;
  }
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function valuesOf(node: NetworkNode, shape: readonly number[], inputs: readonly Known[]): Float64Array | undefined {
  const { operation } = node;
  const [first] = inputs;
  switch (operation.kind) {
    case 'constant':
      if (operation.values) return Float64Array.from(operation.values);
      return operation.value === undefined ? undefined : new Float64Array(countOf(shape)).fill(operation.value);
    case 'identity':
    case 'reshape':
      return first?.values;
    case 'expand':
      return first && picked(first, shape, (at, axis) => at % (aligned(first, shape)[axis] ?? 1));
    case 'permute':
      return first && permuted(first, operation.order);
    case 'slice':
    case 'pick': {
      const { axis } = operation;
      const kept = operation.kind === 'slice' && operation.drop ? shape.toSpliced(axis, 0, 1) : shape;
      const place = (at: number) =>
        operation.kind === 'pick' ? (operation.places[at] ?? -1) : operation.from + at * operation.step;
      return first && picked(first, kept, (at, own) => (own === axis ? place(at) : at));
    }
    case 'concat':
      return joined(inputs, operation.axis);
    case 'stack': {
      const wide = inputs.map((input) => ({ ...input, shape: input.shape.toSpliced(operation.axis, 0, 1) }));
      return joined(wide, operation.axis);
    }
    case 'reduction':
      return first && reduced(first, operation);
    default:
      return elementwise(node, shape, inputs);
  }
}

function elementwise(node: NetworkNode, shape: readonly number[], inputs: readonly Known[]): Float64Array | undefined {
  const expression = ownExpression(node);
  if (!expression || inputs.length === 0) return undefined;
  const evaluate = compileExpression(expression);
  const wide = inputs.map((input) => {
    const sizes = aligned(input, shape);
    return picked({ shape: sizes, values: input.values }, shape, (at, axis) => (sizes[axis] === 1 ? 0 : at));
  });
  if (wide.some((values) => values === undefined)) return undefined;
  return Float64Array.from({ length: countOf(shape) }, (_, at) => evaluateAt(wide, at, evaluate));
}

function evaluateAt(
  [first, ...others]: readonly (Float64Array | undefined)[],
  at: number,
  evaluate: CompiledExpression,
): number {
  return evaluate(
    first?.[at] ?? Number.NaN,
    others.map((values) => values?.[at] ?? Number.NaN),
  );
}

/** The sizes with ones before them, as many as the other has axes. */
function aligned({ shape }: Known, other: readonly number[]): readonly number[] {
  return [...Array.from({ length: Math.max(0, other.length - shape.length) }, () => 1), ...shape];
}

/** A tensor of this shape, of which each element is the source's at places that are worked out axis by axis. */
function picked(
  source: Known,
  shape: readonly number[],
  place: (at: number, axis: number) => number,
): Float64Array | undefined {
  const sizes = aligned(source, shape);
  if (sizes.length !== shape.length) return undefined;
  let places = Int32Array.of(0);
  for (const [axis, size] of shape.entries()) {
    const own = sizes[axis] as number;
    const next = new Int32Array(places.length * size);
    for (let at = 0; at < size; at++) {
      const taken = place(at, axis);
      if (!(taken >= 0 && taken < own)) return undefined;
      for (let before = 0; before < places.length; before++) {
        next[before * size + at] = (places[before] as number) * own + taken;
      }
    }
    places = next;
  }
  return Float64Array.from(places, (at) => source.values[at] as number);
}

function permuted(source: Known, order: readonly number[]): Float64Array {
  const strides = source.shape.map((_, axis) => countOf(source.shape.slice(axis + 1)));
  let places = [0];
  for (const axis of order) {
    const size = source.shape[axis] as number;
    const stride = strides[axis] as number;
    places = places.flatMap((before) => Array.from({ length: size }, (_, at) => before + at * stride));
  }
  return Float64Array.from(places, (at) => source.values[at] as number);
}

function joined(inputs: readonly Known[], axis: number): Float64Array | undefined {
  const [first] = inputs;
  if (!first) return undefined;
  const lines = countOf(first.shape.slice(0, axis));
  const widths = inputs.map(({ values }) => values.length / lines);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const result = new Float64Array(lines * total);
  let start = 0;
  for (const [which, { values }] of inputs.entries()) {
    const width = widths[which] as number;
    for (let line = 0; line < lines; line++) {
      result.set(values.subarray(line * width, (line + 1) * width), line * total + start);
    }
    start += width;
  }
  return result;
}

type Reduction = Extract<Operation, { kind: 'reduction' }>;

const folds: Readonly<Record<Reduction['variant'], (values: Float64Array, correction: number) => number>> = {
  sum: sumOf,
  mean: meanOf,
  variance: varianceOf,
  std: (values, correction) => Math.sqrt(varianceOf(values, correction)),
  norm: (values) => Math.sqrt(sumOf(values.map((value) => value * value))),
  max: (values) => values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  min: (values) => values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
};

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function meanOf(values: Float64Array): number {
  return sumOf(values) / values.length;
}

function varianceOf(values: Float64Array, correction: number): number {
  const mean = meanOf(values);
  return sumOf(values.map((value) => (value - mean) ** 2)) / Math.max(0, values.length - correction);
}

function reduced(source: Known, { axes, variant, correction = 0 }: Reduction): Float64Array | undefined {
  const kept = source.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const moved = permuted(source, [...kept, ...axes]);
  const run = countOf(axes.map((axis) => source.shape[axis] as number));
  if (run === 0) return undefined;
  return Float64Array.from({ length: moved.length / run }, (_, line) =>
    folds[variant](moved.subarray(line * run, (line + 1) * run), correction),
  );
}

/** The nodes with every one of them that depends on constants alone as the constant that it is. */
export function foldConstants(nodes: readonly NetworkNode[], batchSize: number): readonly NetworkNode[] {
  const isConstant: boolean[] = [];
  const values = new ConstantValues(nodes, batchSize);
  return nodes.map((node, index) => {
    const { operation, inputs } = node;
    const isOwn = operation.kind === 'constant';
    isConstant[index] = isOwn || (inputs.length > 0 && inputs.every((input) => isConstant[input]));
    const known = !isOwn && isConstant[index] && hasNoInnerBatch(node) ? values.of(node.id) : undefined;
    return known ? { ...node, operation: constantOf(known), inputs: [] } : node;
  });
}

/** A smaller batch has the first of the rows: samples lie along the first axis or nowhere. */
function hasNoInnerBatch({ outputShape }: NetworkNode): boolean {
  return outputShape?.slice(1).every((dim) => typeof dim === 'number') === true;
}

/** The constant that has these elements. */
export function constantOf(values: Float64Array): Extract<Operation, { kind: 'constant' }> {
  const [first] = values;
  if (first !== undefined && values.every((value) => value === first)) return { kind: 'constant', value: first };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  const moments = Number.isFinite(square) ? { moments: { mean, square } } : {};
  return { kind: 'constant', value: undefined, ...moments, values: Array.from(values) };
}
