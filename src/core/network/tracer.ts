import type { CallTrail } from '../python/values';
import type { Span } from '../span';
import type {
  Dim,
  Initialiser,
  Network,
  NetworkNode,
  NodeId,
  Operation,
  Parameter,
  ParameterId,
  ParameterUse,
  Provenance,
  Shape,
} from './network';

/** A tensor while a model is traced: the node that makes it and its shape. `output` tells outputs of one node apart. */
export interface TracedTensor {
  readonly node: NodeId;
  readonly shape: Shape;
}

export interface NodeRequest {
  readonly operation: Operation;
  readonly inputs: readonly TracedTensor[];
  readonly shape: Shape;
  /** Framework's name of the layer (`relu`, `conv2d`), from which the path is made where no module is entered under its own path. */
  readonly name: string;
  readonly label: string;
  readonly parameters?: readonly ParameterUse[];
  /** Where the layer was constructed, innermost first; the trail of the application where it is a plain function. */
  readonly made?: CallTrail;
  readonly applied: CallTrail;
  /** The module's own path; without it the path is `enclosing path` + `name` made unique. */
  readonly path?: string;
}

interface MutableParameter {
  readonly id: ParameterId;
  path: string;
  readonly shape: readonly number[];
  initialiser: Initialiser;
  isTrainable: boolean;
}

/** Collects the nodes and parameters of one file's evaluation; networks of single models are cut out of it. */
export class Tracer {
  readonly #nodes: NetworkNode[] = [];
  readonly #parameters: MutableParameter[] = [];
  readonly #paths = new Map<string, number>();
  readonly #modulePaths: string[] = [];

  constructor(
    /** Set anew before each model is applied, so that every network has its own. */
    public batchSize: number,
    private readonly maxNodes: number,
    /** Nodes stand at their innermost place in this file where they have one. */
    private readonly file?: string,
  ) {}

  get isFull(): boolean {
    return this.#nodes.length >= this.maxNodes;
  }

  get nodes(): readonly NetworkNode[] {
    return this.#nodes;
  }

  /** Nodes made inside `body` stand under this module path. */
  within<T>(path: string, body: () => T): T {
    this.#modulePaths.push(path);
    try {
      return body();
    } finally {
      this.#modulePaths.pop();
    }
  }

  /** Paths are unique among those made inside `body`: one model's names do not depend on what was traced before it. */
  withFreshPaths<T>(body: () => T): T {
    const outer = [...this.#paths];
    this.#paths.clear();
    try {
      return body();
    } finally {
      this.#paths.clear();
      for (const [path, count] of outer) this.#paths.set(path, count);
    }
  }

  add(request: NodeRequest): TracedTensor {
    const id = this.#nodes.length;
    this.#nodes.push({
      id,
      operation: request.operation,
      inputs: request.inputs.map((tensor) => tensor.node),
      outputShape: request.shape,
      path: this.#uniquePath(request),
      label: request.label,
      parameters: request.parameters ?? [],
      provenance: provenanceOf(request.made ?? request.applied, request.applied, this.file),
    });
    return { node: id, shape: request.shape };
  }

  addParameter(path: string, shape: readonly number[], initialiser: Initialiser, isTrainable = true): ParameterId {
    const id = this.#parameters.length;
    this.#parameters.push({ id, path, shape, initialiser, isTrainable });
    return id;
  }

  parameter(id: ParameterId): Parameter {
    const parameter = this.#parameters[id];
    if (!parameter) throw new RangeError(`no parameter ${id}`);
    return parameter;
  }

  setInitialiser(id: ParameterId, initialiser: Initialiser): void {
    const parameter = this.#parameters[id];
    if (parameter) parameter.initialiser = initialiser;
  }

  setTrainable(id: ParameterId, isTrainable: boolean): void {
    const parameter = this.#parameters[id];
    if (parameter) parameter.isTrainable = isTrainable;
  }

  /** The path becomes known when the module is assigned to its parent. */
  setParameterPath(id: ParameterId, path: string): void {
    const parameter = this.#parameters[id];
    if (parameter) parameter.path = path;
  }

  /** A snapshot of the initialisers is taken: later changes of the trace do not reach the network. */
  network(
    nodes: readonly NetworkNode[],
    parameters: readonly ParameterId[],
    inputs: readonly NodeId[],
    outputs: readonly NodeId[],
    loss: NodeId | undefined,
  ): Network {
    return {
      nodes,
      parameters: parameters.map((id) => ({ ...this.parameter(id) })),
      inputs,
      outputs,
      loss,
      batchSize: this.batchSize,
    };
  }

  #uniquePath(request: NodeRequest): string {
    const enclosing = this.#modulePaths.at(-1) ?? '';
    const path = request.path ?? (enclosing ? `${enclosing}.${request.name}` : request.name);
    const seen = this.#paths.get(path) ?? 0;
    this.#paths.set(path, seen + 1);
    return seen === 0 ? path : `${path}_${seen}`;
  }
}

/** The concrete size; undefined where it is unknown. */
export function dimSize(dim: Dim, batchSize: number): number | undefined {
  return typeof dim === 'object' ? dim.perBatch * batchSize : dim;
}

function provenanceOf(made: CallTrail, applied: CallTrail, file: string | undefined): Provenance {
  const nowhere: Span = { file: '', start: 0, end: 0 };
  const isHere = (span: Span) => file === undefined || span.file === file;
  const at = made.findIndex(isHere);
  const innermost = made[0] ?? applied[0] ?? nowhere;
  const appliedAt = applied.find(isHere);
  const madeAt = made[at] ?? appliedAt ?? innermost;
  return {
    made: madeAt,
    applied: appliedAt ?? madeAt,
    through: made.slice(at + 1),
    ...(isHere(innermost) ? {} : { elsewhere: innermost }),
  };
}
