import { collectArrays } from '../frameworks/handwritten/heldArrays';
import { tensorOf } from '../frameworks/numpy/arrays';
import { drawnDistribution } from '../frameworks/tensor/drawnDistribution';
import type { AssignStatement, Expression } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { Span } from '../span';
import type { FileEvaluation } from './fileEvaluation';
import type { NetworkNode, NodeId } from './network';

/** Longest training that is followed back to what a weight was drawn as. */
const mostSteps = 10_000;

/**
 * The names under which a script keeps the arrays that it draws: in the module's variables at the end (`W1`, `params['W1']`, `weights[0]`); else the
 * variable's where a statement draws one, and the key that the source writes where it draws several.
 */
export class ScriptNames {
  readonly #assignments: readonly AssignStatement[];
  readonly #entries: readonly { readonly key: string; readonly value: Expression }[];
  readonly #draws = new Map<AssignStatement, number>();
  #held: ReadonlyMap<NodeId, string> | undefined;

  constructor(
    private readonly evaluation: FileEvaluation,
    private readonly nodes: readonly NetworkNode[],
  ) {
    const assignments: AssignStatement[] = [];
    const entries: { readonly key: string; readonly value: Expression }[] = [];
    walk(evaluation.parsed.module, (node) => {
      if (node.kind === 'assign') assignments.push(node);
      if (node.kind === 'dict') {
        for (const { key, value } of node.entries) if (key?.kind === 'string') entries.push({ key: key.value, value });
      }
      if (node.kind === 'call' && node.callee.kind === 'name' && node.callee.name === 'dict') {
        for (const { name, value } of node.arguments) if (name) entries.push({ key: name.name, value });
      }
    });
    this.#assignments = assignments;
    this.#entries = entries;
    for (const { id, operation, inputs, outputShape } of nodes) {
      const isDraw = operation.kind === 'random' || operation.kind === 'constant';
      const statement = isDraw && inputs.length === 0 && outputShape?.length ? this.statementOf(id) : undefined;
      if (statement) this.#draws.set(statement, (this.#draws.get(statement) ?? 0) + 1);
    }
  }

  /** Undefined where the array is not drawn, or is kept nowhere. */
  nameOf(id: NodeId): string | undefined {
    if (drawnDistribution(this.nodes, id) === undefined) return undefined;
    this.#held ??= heldNames(this.evaluation);
    const held = this.#held.get(matrixOf(this.nodes, id).matrix);
    if (held !== undefined) return held;
    const own = this.variableOf(id);
    const statement = this.statementOf(id);
    const isOnly = statement !== undefined && this.#draws.get(statement) === 1;
    return isOnly ? own : (this.#entryName(id, own) ?? own);
  }

  /** What the array is assigned to, which may be what holds it. */
  variableOf(id: NodeId): string | undefined {
    if (drawnDistribution(this.nodes, id) === undefined) return undefined;
    const target = this.statementOf(id)?.targets[0];
    return target && textOf(target);
  }

  /** Where the array is assigned to a variable. */
  statementOf(id: NodeId): AssignStatement | undefined {
    const isAround = (span: Span) => this.#assignments.findLast(({ value }) => holds(value, span));
    // A function of the file's may draw it: the assignment is then where that is called.
    for (const span of this.#placesOf(id)) {
      const found = isAround(span);
      if (found) return found;
    }
    return undefined;
  }

  /** By the key under which the source writes the draw in a dictionary. */
  #entryName(id: NodeId, holder: string | undefined): string | undefined {
    const [made] = this.#placesOf(id);
    const entry = made && this.#entries.findLast(({ value }) => holds(value, made));
    return entry && (holder === undefined ? entry.key : `${holder}['${entry.key}']`);
  }

  #placesOf(id: NodeId): readonly Span[] {
    let node = this.nodes[id];
    while (node && node.inputs.length > 0) node = this.nodes[node.inputs[0] ?? -1];
    return node ? [node.provenance.made, ...node.provenance.through] : [];
  }
}

/** The drawn matrix itself, and whether the code takes it transposed. */
export function matrixOf(nodes: readonly NetworkNode[], weight: NodeId) {
  const node = nodes[weight];
  const [source] = node?.inputs ?? [];
  const isTurned = node?.operation.kind === 'permute' && source !== undefined;
  return { matrix: isTurned ? source : weight, isTurned };
}

function holds(value: Expression, span: Span): boolean {
  return value.start <= span.start && value.end >= span.end;
}

/** What the module's variables hold at the end, by what each array was drawn as: training takes steps from there. */
function heldNames({ scope, session }: FileEvaluation): ReadonlyMap<NodeId, string> {
  const names = new Map<NodeId, string>();
  const arrays = [...collectArrays(scope.names)].filter(([name]) => !name.includes('.'));
  // A variable of its own before a place in a container.
  for (const [name, { value }] of arrays.toSorted(([a], [b]) => Number(a.includes('[')) - Number(b.includes('[')))) {
    const { nodes } = session.tracer;
    let id = tensorOf(value)?.node;
    for (let step = 0; step < mostSteps && drawnDistribution(nodes, id) === undefined; step++) {
      const node: NetworkNode | undefined = nodes[id ?? -1];
      id = node?.operation.kind === 'sum' ? node.inputs[0] : undefined;
      if (id === undefined) break;
    }
    if (id !== undefined && !names.has(id)) names.set(id, name);
  }
  return names;
}

function textOf(target: Expression): string | undefined {
  if (target.kind === 'name') return target.name;
  if (target.kind === 'attribute') return target.attribute.name;
  if (target.kind !== 'index') return undefined;
  const object = textOf(target.object);
  const { index } = target;
  return object !== undefined && index.kind === 'string' ? `${object}['${index.value}']` : undefined;
}
