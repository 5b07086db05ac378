import type { CallTrail } from '../python/values';
import type { Span } from '../span';
import { makeForEach } from './eachSample';
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
import { straightThrough } from './straightThrough';

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

/** A network but for what its parameters are drawn from. */
interface NetworkPieces extends Pick<Network, 'nodes' | 'inputs' | 'outputs' | 'loss'> {
  readonly parameters: readonly ParameterId[];
  readonly foreign: readonly ParameterId[];
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
  readonly #gradientModes: boolean[] = [];
  /** Inside `forEach`: how many samples there are, and the tensors of all samples by the node that stands for one. */
  #samples: { readonly count: Dim; readonly mapped: Map<NodeId, TracedTensor> } | undefined;
  #isForeign = false;
  /** Nodes that depend on parameters. */
  readonly #learned = new Set<NodeId>();
  /** Those of them that nothing outside differentiates, and as what it sees them. */
  readonly #withoutGradient = new Map<NodeId, TracedTensor | undefined>();

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

  /** Nodes made inside `body` are another model's, or of the code around the model. */
  asForeign<T>(body: () => T): T {
    const outer = this.#isForeign;
    this.#isForeign = true;
    try {
      return body();
    } finally {
      this.#isForeign = outer;
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

  /** What is made until the mode is left is differentiated or, as in `no_grad`, a constant to what is made outside. */
  enterGradientMode(isOn: boolean): void {
    this.#gradientModes.push(isOn);
  }

  leaveGradientMode(): void {
    this.#gradientModes.pop();
  }

  get isForEach(): boolean {
    return this.#samples !== undefined;
  }

  /** What `body` makes of tensors that `oneOf` gives is asked for of one sample and made for all of them. */
  forEach<T>(count: Dim, body: () => T): T {
    this.#samples = { count, mapped: new Map() };
    try {
      return body();
    } finally {
      this.#samples = undefined;
    }
  }

  /** One sample of a tensor that holds them along its first axis. */
  oneOf(tensor: TracedTensor): TracedTensor {
    const site = { name: 'sample', label: 'sample', applied: this.#trailOf(tensor) };
    const { node } = this.#make({ operation: { kind: 'identity' }, inputs: [tensor], shape: tensor.shape, ...site });
    this.#samples?.mapped.set(node, tensor);
    return { node, shape: tensor.shape?.slice(1) };
  }

  /** A tensor as it stands outside of `forEach`. */
  allOf(tensor: TracedTensor): TracedTensor {
    return this.#samples?.mapped.get(tensor.node) ?? tensor;
  }

  #trailOf({ node }: TracedTensor): CallTrail {
    const made = this.#nodes[node]?.provenance.applied;
    return made ? [made] : [];
  }

  add(request: NodeRequest): TracedTensor {
    const { count, mapped } = this.#samples ?? {};
    const isMapped = ({ node }: TracedTensor) => mapped?.has(node) === true;
    if (!mapped || !request.inputs.some(isMapped)) return this.#make(request);
    const all = makeForEach(request, { count, isMapped, make: (whole) => this.#make(whole) });
    mapped.set(all.node, all);
    return { node: all.node, shape: request.shape };
  }

  #make(request: NodeRequest): TracedTensor {
    if (this.#gradientModes.at(-1) === false) {
      const tensor = this.#push(request);
      if (this.#learned.has(tensor.node)) this.#withoutGradient.set(tensor.node, undefined);
      return tensor;
    }
    const own = { ...request, inputs: request.inputs.map((tensor) => this.#differentiable(tensor)) };
    return this.#straightThrough(own) ?? this.#push(own);
  }

  #straightThrough(request: NodeRequest): TracedTensor | undefined {
    const { operation, inputs, shape } = request;
    if (operation.kind !== 'sum') return undefined;
    const ids = inputs.map(({ node }) => node);
    const found = straightThrough(this.#nodes, ids, operation.coefficients);
    const shapes = [
      shape,
      ...[...(found?.values ?? []), { node: found?.through ?? -1 }].map(({ node }) => this.#nodes[node]?.outputShape),
    ];
    if (!found || new Set(shapes.map((own) => JSON.stringify(own))).size > 1) return undefined;
    const part = (name: string, own: Operation, from: readonly TracedTensor[]) =>
      this.#push({ ...request, operation: own, inputs: from, name, label: name });
    const values = found.values.map(({ node, isStopped }) =>
      isStopped ? part('detach', { kind: 'identity', stopsGradient: true }, [{ node, shape }]) : { node, shape },
    );
    const [value] = values;
    const coefficients = found.values.map(({ factor }) => factor);
    const isPlain = values.length === 1 && coefficients[0] === 1;
    const first = isPlain && value ? value : part('value', { kind: 'sum', coefficients }, values);
    return part(request.name, { kind: 'straightThrough' }, [first, { node: found.through, shape }]);
  }

  /** Whether a node depends on parameters. */
  isLearned(id: NodeId): boolean {
    return this.#learned.has(id);
  }

  #differentiable(tensor: TracedTensor): TracedTensor {
    if (!this.#withoutGradient.has(tensor.node)) return tensor;
    const known = this.#withoutGradient.get(tensor.node);
    const made = this.#nodes[tensor.node];
    if (known || !made) return known ?? tensor;
    const stopped = this.#push({
      operation: { kind: 'identity', stopsGradient: true },
      inputs: [tensor],
      shape: tensor.shape,
      name: 'no_grad',
      label: 'no_grad',
      applied: this.#trailOf(tensor),
    });
    this.#withoutGradient.set(tensor.node, stopped);
    return stopped;
  }

  #push(request: NodeRequest): TracedTensor {
    const id = this.#nodes.length;
    const isLearned = request.inputs.some(({ node }) => this.#learned.has(node));
    if (isLearned || (request.parameters?.length ?? 0) > 0) this.#learned.add(id);
    this.#nodes.push({
      id,
      operation: request.operation,
      inputs: request.inputs.map((tensor) => tensor.node),
      outputShape: request.shape,
      path: this.#uniquePath(request),
      label: request.label,
      parameters: request.parameters ?? [],
      provenance: provenanceOf(request.made ?? request.applied, request.applied, this.file),
      ...(this.#isForeign && { isForeign: true }),
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
  network({ nodes, inputs, outputs, loss, parameters, foreign }: NetworkPieces): Network {
    const snapshot = (ids: readonly ParameterId[]) => ids.map((id) => this.#snapshot(this.parameter(id)));
    return {
      nodes,
      parameters: snapshot(parameters),
      ...(foreign.length > 0 && { foreignParameters: snapshot(foreign) }),
      inputs,
      outputs,
      loss,
      batchSize: this.batchSize,
    };
  }

  /** A copy that was drawn anew since, or whose original was, is a copy no more. */
  #snapshot(parameter: Parameter): Parameter {
    const { copyOf, ...initialiser } = parameter.initialiser;
    const original = copyOf === undefined ? undefined : this.#parameters[copyOf];
    const isCopy = original?.initialiser.distribution === initialiser.distribution;
    return { ...parameter, initialiser: isCopy ? parameter.initialiser : initialiser };
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
