import { type CompiledExpression, compileExpression } from '../activations/evaluate';
import { ownExpression } from './elementwiseChain';
import { type Elementwise, type Formula, formulas, scaleOf } from './lossFormulas';
import type { NetworkNode, NodeId } from './network';
import { descendantsOf } from './ownUse';
import { elementCount } from './shapes';
import type { FoundLoss, WrittenLoss } from './writtenGradient';

/** How far behind the output a loss is looked for. */
const furthest = 2_000;
/** Deepest nesting of elementwise functions in one. */
const deepest = 60;

/**
 * The loss that is computed from the output as a scalar, without a `backward`: sums and means of an elementwise function of output and
 * target, known by its values whichever way it is written (squares, logarithms with a clip or an ε, log-softmax). What is added to it and
 * does not depend on the output, as a weight decay, is left out. Of several the one that the source calls a loss; undefined where none is
 * called so and they differ, or where the code goes on to compute another scalar of it.
 */
export function lossFormula(
  nodes: readonly NetworkNode[],
  output: NodeId,
  isNamed: (node: NetworkNode) => boolean,
): FoundLoss | undefined {
  const end = Math.min(nodes.length - 1, output + furthest);
  const dependent = descendantsOf(nodes, output, end);
  const found = new Map<NodeId, FoundLoss>();
  const named = new Set<NodeId>();
  for (const id of dependent) {
    const node = nodes[id];
    if (!node || !isScalar(node)) continue;
    if (isNamed(node)) named.add(id);
    const loss = new ScalarReading(nodes, output, dependent).read(id);
    for (const input of node.inputs) if (named.has(id) || !named.has(input)) found.delete(input);
    if (loss) found.set(id, loss);
  }
  const called = [...found].filter(([id]) => named.has(id));
  const [best, ...others] = (called.length > 0 ? called : [...found]).map(([, loss]) => loss);
  return called.length > 0 || others.every(({ loss }) => loss.loss === best?.loss.loss) ? best : undefined;
}

/** The loss that this scalar is, from which gradients are said to start. */
export function lossOfScalar(nodes: readonly NetworkNode[], output: NodeId, scalar: NodeId): FoundLoss | undefined {
  const dependent = descendantsOf(nodes, output, scalar);
  return dependent.has(scalar) ? new ScalarReading(nodes, output, dependent).read(scalar) : undefined;
}

function isScalar({ outputShape }: NetworkNode): boolean {
  return outputShape?.every((dim) => dim === 1) ?? false;
}

/** A share of the scalar: `factor` times the sum of an array's elements, or of the products of two arrays' elements. */
interface Term {
  readonly factor: number;
  readonly arrays: readonly NodeId[];
}

/** What the elementwise part is a function of: the output or a softmax of it. */
interface Base {
  readonly node: NodeId;
  readonly variant: Formula['of'];
}

/** One scalar seen as a loss. */
class ScalarReading {
  readonly #compiled = new Map<NodeId, CompiledExpression>();
  readonly #terms: Term[] = [];
  #isMean = false;

  constructor(
    private readonly nodes: readonly NetworkNode[],
    private readonly output: NodeId,
    private readonly dependent: ReadonlySet<NodeId>,
  ) {}

  read(scalar: NodeId): FoundLoss | undefined {
    if (!this.#collect(scalar, 1, 0) || this.#terms.length === 0) return undefined;
    const named = this.#namedLoss();
    if (named) return named;
    for (const base of this.#bases()) {
      const isPicked = this.#isPicked(base);
      for (const target of isPicked ? [undefined] : this.#targets(base)) {
        const elementwise: Elementwise = (o, t) => this.#value(base, target, o, t);
        const known = this.#recognise(base, elementwise, isPicked);
        if (known) return { loss: known, target };
      }
    }
    return undefined;
  }

  /** The only term is a loss of the framework's own. */
  #namedLoss(): FoundLoss | undefined {
    const [term, ...others] = this.#terms;
    const node = this.nodes[term?.arrays[0] ?? -1];
    if (!term || others.length > 0 || node?.operation.kind !== 'loss' || node.inputs[0] !== this.output)
      return undefined;
    const { loss, reduction, scale = 1 } = node.operation;
    const count = reduction === 'none' && this.#isMean ? elementCount(node.outputShape) : 1;
    if (typeof count !== 'number') return undefined;
    const isMean = this.#isMean || reduction === 'mean';
    const written: WrittenLoss = { loss, scale: scale * term.factor * count, ...(isMean && { reduction: 'mean' }) };
    return { loss: written, target: node.inputs[1] };
  }

  /** Takes a scalar apart into sums over arrays; false where it is something else. */
  #collect(id: NodeId, factor: number, depth: number): boolean {
    const node = this.nodes[id];
    if (!node || depth > deepest) return false;
    const { operation, inputs } = node;
    const [first] = inputs;
    if (!this.dependent.has(id)) return true;
    if (id === this.output || first === undefined) return false;
    switch (operation.kind) {
      case 'identity':
      case 'reshape':
        return this.#collect(first, factor, depth + 1);
      case 'reduction': {
        if (operation.variant === 'sum') return this.#collect(first, factor, depth + 1);
        const [all, kept] = [elementCount(this.nodes[first]?.outputShape), elementCount(node.outputShape)];
        if (operation.variant !== 'mean' || typeof all !== 'number' || typeof kept !== 'number') return false;
        this.#isMean = true;
        return this.#collect(first, (factor * kept) / all, depth + 1);
      }
      case 'sum':
        return inputs.every((input, index) =>
          this.#collect(input, factor * (operation.coefficients[index] ?? 1), depth + 1),
        );
      case 'activation': {
        const slope = isScalar(node) ? slopeOf(compileExpression(operation.activation.expression)) : undefined;
        if (slope !== undefined) return this.#collect(first, factor * slope, depth + 1);
        this.#terms.push({ factor, arrays: [id] });
        return true;
      }
      case 'matmul': {
        if (!isScalar(node) || inputs.length !== 2) return false;
        this.#terms.push({ factor, arrays: inputs });
        return true;
      }
      default:
        this.#terms.push({ factor, arrays: [id] });
        return true;
    }
  }

  #bases(): readonly Base[] {
    const own = this.nodes[this.output]?.operation;
    const bases: Base[] = [{ node: this.output, variant: own?.kind === 'softmax' ? own.variant : 'plain' }];
    for (const id of this.dependent) {
      const node = this.nodes[id];
      if (node?.operation.kind !== 'softmax' || id === this.output) continue;
      if (this.#unshifted(node.inputs[0]) === this.output) bases.push({ node: id, variant: node.operation.variant });
    }
    return bases;
  }

  /** x of x − max(x), which changes no softmax. */
  #unshifted(id: NodeId | undefined): NodeId | undefined {
    const node = this.nodes[id ?? -1];
    const [source, shift] = node?.inputs ?? [];
    const by = this.nodes[shift ?? -1];
    const isShift = node?.operation.kind === 'sum' && by?.operation.kind === 'reduction' && by.inputs[0] === source;
    return isShift ? source : id;
  }

  /** True where every term reads the base at the labels only. */
  #isPicked(base: Base): boolean {
    return this.#terms.every(({ arrays }) => {
      let node = this.nodes[arrays[0] ?? -1];
      for (let depth = 0; node && node.id !== base.node && depth < deepest; depth++) {
        if (picks.has(node.operation.kind)) return true;
        node = this.nodes[node.inputs.find((id) => this.dependent.has(id)) ?? -1];
      }
      return false;
    });
  }

  /** What the terms read that does not depend on the output; numbers aside. */
  #targets(base: Base): readonly (NodeId | undefined)[] {
    const found = new Set<NodeId>();
    const visit = (id: NodeId, depth: number): void => {
      const node = this.nodes[id];
      if (!node || id === base.node || depth > deepest) return;
      if (!this.dependent.has(id)) {
        if (node.operation.kind === 'constant' && node.operation.value !== undefined) return;
        found.add(id);
        if (!ownExpression(node) && !rearranges.has(node.operation.kind)) return;
      }
      for (const input of node.inputs) visit(input, depth + 1);
    };
    for (const { arrays } of this.#terms) for (const id of arrays) visit(id, 0);
    return [...found].sort((a, b) => b - a);
  }

  #value(base: Base, target: NodeId | undefined, o: number, t: number): number {
    const known = new Map<NodeId, number>([[base.node, o]]);
    if (target !== undefined) known.set(target, t);
    let total = 0;
    for (const { factor, arrays } of this.#terms) {
      total += arrays.reduce((product, id) => product * this.#elementOf(id, known, 0), factor);
    }
    return total;
  }

  #elementOf(id: NodeId, known: Map<NodeId, number>, depth: number): number {
    const before = known.get(id);
    if (before !== undefined) return before;
    const node = this.nodes[id];
    if (!node || depth > deepest) return Number.NaN;
    const value = this.#computed(node, known, depth + 1);
    known.set(id, value);
    return value;
  }

  #computed({ id, operation, inputs }: NetworkNode, known: Map<NodeId, number>, depth: number): number {
    if (operation.kind === 'constant') return operation.value ?? Number.NaN;
    const [first] = inputs;
    const passes = rearranges.has(operation.kind) || picks.has(operation.kind);
    if (passes) return first === undefined ? Number.NaN : this.#elementOf(first, known, depth);
    const function_ = this.#function(id);
    if (!function_) return Number.NaN;
    const [value = Number.NaN, ...others] = inputs.map((input) => this.#elementOf(input, known, depth));
    return function_(value, others);
  }

  #function(id: NodeId): CompiledExpression | undefined {
    const node = this.nodes[id];
    const expression = this.#compiled.has(id) || !node ? undefined : ownExpression(node);
    if (expression) this.#compiled.set(id, compileExpression(expression));
    return this.#compiled.get(id);
  }

  #recognise(base: Base, f: Elementwise, isPicked: boolean): WrittenLoss | undefined {
    const isOutput = base.node === this.output;
    for (const formula of formulas) {
      if (formula.of !== base.variant && formula.of !== 'plain') continue;
      const loss = isOutput ? formula.loss : formula.behind;
      const scale = loss && scaleOf(formula, f, isPicked);
      if (!loss || scale === undefined) continue;
      return this.#isMean ? { loss, scale: scale * this.#count(formula), reduction: 'mean' } : { loss, scale };
    }
    return undefined;
  }

  /** How many numbers the loss is the mean of: one an element, or one a sample. */
  #count({ isOverClasses }: Formula): number {
    const shape = this.nodes[this.output]?.outputShape;
    const all = elementCount(shape);
    if (typeof all !== 'number') return 1;
    const softmax = this.#bases().map(({ node }) => this.nodes[node]?.operation);
    const axis = softmax.find((operation) => operation?.kind === 'softmax')?.axis;
    const classes = axis === undefined ? undefined : shape?.[axis];
    return isOverClasses && typeof classes === 'number' ? all / classes : all;
  }
}

/** Of a straight line: a number is added to the loss, or it is multiplied by one. */
function slopeOf(f: (x: number) => number): number | undefined {
  const [at, slope] = [f(0), f(1) - f(0)];
  return [-1, 0.5, 2].every((x) => Math.abs(f(x) - at - slope * x) <= 1e-9 * (1 + Math.abs(at))) ? slope : undefined;
}

const rearranges: ReadonlySet<string> = new Set(['identity', 'reshape', 'permute', 'expand']);
const picks: ReadonlySet<string> = new Set(['gather', 'take']);
