import type { Distribution, Initialiser, NodeId, ParameterId, ParameterUse, Shape } from '../../network/network';
import type { TracedTensor, Tracer } from '../../network/tracer';
import type { CallTrail, ClassValue, InstanceValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { addNode, type Site } from '../tensor/trace';
import type { LayerEntry } from './layer';

/** What a `torch.Tensor` instance carries. The node is made when something first needs it, so that set-up code leaves none behind. */
export class TensorPayload {
  #tensor: TracedTensor | undefined;
  readonly #make: () => TracedTensor;

  constructor(
    readonly shape: Shape,
    make: () => TracedTensor,
    readonly facts: TensorFacts = {},
  ) {
    this.#make = make;
  }

  /** Parameters, and what is computed of them, are read anew by every application of a model, so that each network holds its own. */
  get tensor(): TracedTensor {
    if (this.facts.parameter !== undefined || this.facts.isOfParameters) return this.#make();
    this.#tensor ??= this.#make();
    return this.#tensor;
  }
}

export interface ConstantMoments {
  readonly mean: number;
  readonly square: number;
}

/** What is known of a tensor's elements without following the graph. */
export interface TensorFacts {
  readonly parameter?: ParameterId;
  /** Drawn afresh or constant: the elements' distribution. */
  readonly distribution?: Distribution;
  /** All elements, in order, where they are known and few. */
  readonly values?: readonly number[];
  /** Mean and mean square of a constant's elements, where they differ. */
  readonly moments?: ConstantMoments;
  readonly isInteger?: boolean;
  readonly isBoolean?: boolean;
  /** Depends on nothing random, learned or given: masks, position tables. */
  readonly isConstant?: boolean;
  /** A reparametrised weight, read as the parameter: computed anew before each use, so that what is written into it is lost. */
  readonly isRecomputed?: boolean;
  /** Computed of parameters each time a model is applied. */
  readonly isOfParameters?: boolean;
  /** What a complex tensor is made of; its own node stands for what is not followed of it. */
  readonly complex?: ComplexParts;
  /** Rows of a one-dimensional parameter that this is (`bias[64:128]`), for writing in place. */
  readonly slice?: { readonly parameter: ParameterId; readonly from: number; readonly to: number };
}

/** Two real tensors of one shape. */
export interface ComplexParts {
  readonly real: Value;
  readonly imaginary: Value;
}

export interface LayerType {
  readonly entry: LayerEntry;
  readonly class: ClassValue;
}

/** Classes and bookkeeping of one file's evaluation, shared by everything in this folder. */
export class TorchState {
  /** Paths of the modules below the model that is being applied. */
  readonly #paths = new Map<InstanceValue, string>();
  readonly #moduleNames = new Set<string>();
  readonly #parameterNodes = new Map<ParameterId, NodeId>();
  readonly #ofParameters = new Map<TensorPayload, TracedTensor>();
  /** Constant written into a slice of a recurrent layer's bias: `bias_ih_l0[64:128] = 1.0`. */
  readonly biasSlices = new Map<ParameterId, { readonly from: number; readonly to: number; readonly value: number }>();

  /** Names under which tensors that are no parameters were registered. */
  readonly buffers = new WeakMap<InstanceValue, Set<string>>();

  readonly #layers = new Map<string, LayerType | undefined>();

  constructor(
    readonly session: TraceSession,
    readonly tensorClass: ClassValue,
    readonly parameterClass: ClassValue,
    readonly moduleClass: ClassValue,
    readonly moduleListClass: ClassValue,
    private readonly lookup: (name: string) => Value,
    private readonly makeLayer: (name: string) => LayerType | undefined,
  ) {}

  /** The same tables and nothing of this evaluation. */
  reopened(session: TraceSession): TorchState {
    const { tensorClass, parameterClass, moduleClass, moduleListClass, lookup, makeLayer } = this;
    const state = new TorchState(session, tensorClass, parameterClass, moduleClass, moduleListClass, lookup, makeLayer);
    for (const [name, layer] of this.#layers) state.#layers.set(name, layer);
    return state;
  }

  /** A layer by short name, `Linear`: its class is made when it is first asked for. */
  layer(name: string): LayerType | undefined {
    if (!this.#layers.has(name)) this.#layers.set(name, this.makeLayer(name));
    return this.#layers.get(name);
  }

  /** `torch.<name>`. */
  torchFunction(name: string): Value {
    return this.lookup(name);
  }

  get tracer(): Tracer {
    return this.session.tracer;
  }

  get batchSize(): number {
    return this.session.tracer.batchSize;
  }

  tensorValue(tensor: TracedTensor, facts?: TensorFacts): InstanceValue {
    return this.payloadValue(new TensorPayload(tensor.shape, () => tensor, facts), []);
  }

  /** A tensor whose node is made on first use. */
  lazyTensor(shape: Shape, make: () => TracedTensor, facts?: TensorFacts, made: CallTrail = []): InstanceValue {
    return this.payloadValue(new TensorPayload(shape, make, facts), made);
  }

  parameterValue(
    shape: readonly number[],
    initialiser: Initialiser,
    made: CallTrail,
    isTrainable = true,
  ): InstanceValue {
    const payload = this.parameterPayload(shape, initialiser, made, isTrainable);
    return { kind: 'instance', class: this.parameterClass, attributes: new Map(), payload, made };
  }

  /** A new parameter; its path is known once its module has one. */
  parameterPayload(
    shape: readonly number[],
    initialiser: Initialiser,
    made: CallTrail,
    isTrainable = true,
  ): TensorPayload {
    const id = this.tracer.addParameter('', shape, initialiser, isTrainable);
    return new TensorPayload(shape, () => this.#parameterNode(id, shape, made), { parameter: id });
  }

  /** A tensor that is computed of parameters, once in each application of a model. */
  tensorOfParameters(shape: Shape, make: () => TracedTensor): InstanceValue {
    const payload: TensorPayload = new TensorPayload(
      shape,
      () => {
        const made = this.#ofParameters.get(payload) ?? make();
        this.#ofParameters.set(payload, made);
        return made;
      },
      { isOfParameters: true },
    );
    return this.payloadValue(payload, []);
  }

  payloadOf(value: Value | undefined): TensorPayload | undefined {
    return value?.kind === 'instance' && value.payload instanceof TensorPayload ? value.payload : undefined;
  }

  tensorOf(value: Value | undefined): TracedTensor | undefined {
    return this.payloadOf(value)?.tensor;
  }

  /** The parameter that a value is, through `.data`, `.detach()` and the like. */
  parameterOf(value: Value | undefined): ParameterId | undefined {
    return this.payloadOf(value)?.facts.parameter;
  }

  isModule(value: Value | undefined): value is InstanceValue {
    return value?.kind === 'instance' && value.class.mro.includes(this.moduleClass);
  }

  isParameter(value: Value | undefined): value is InstanceValue {
    return value?.kind === 'instance' && value.class.mro.includes(this.parameterClass);
  }

  pathOf(module: InstanceValue): string | undefined {
    return this.#paths.get(module);
  }

  /** A name for an operation that no module below the model has. */
  freeName(name: string): string {
    return this.#moduleNames.has(name) ? `${name}_1` : name;
  }

  /** Names the modules below a model for the time of its application. */
  withPaths<T>(paths: ReadonlyMap<InstanceValue, string>, body: () => T): T {
    for (const [module, path] of paths) {
      this.#paths.set(module, path);
      this.#moduleNames.add(path.slice(path.lastIndexOf('.') + 1));
    }
    this.#parameterNodes.clear();
    this.#ofParameters.clear();
    try {
      return body();
    } finally {
      this.#paths.clear();
      this.#moduleNames.clear();
    }
  }

  /** Operation of a layer: it stands where the layer was made, under the layer's own path. */
  layerSite(layer: InstanceValue, name: string, label: string, trail: CallTrail): Site {
    const path = this.pathOf(layer);
    return { trail, made: layer.made.length > 0 ? layer.made : trail, name, label, ...(path && { path }) };
  }

  use(role: string, value: Value | undefined): readonly ParameterUse[] {
    const parameter = this.parameterOf(value);
    return parameter === undefined ? [] : [{ role, parameter }];
  }

  payloadValue(payload: TensorPayload, made: CallTrail): InstanceValue {
    return { kind: 'instance', class: this.tensorClass, attributes: new Map(), payload, made };
  }

  #parameterNode(id: ParameterId, shape: readonly number[], made: CallTrail): TracedTensor {
    const known = this.#parameterNodes.get(id);
    if (known !== undefined) return { node: known, shape };
    const path = this.tracer.parameter(id).path;
    const name = path.split('.').at(-1) || 'parameter';
    const site: Site = { trail: made, name, label: path || 'parameter', ...(path && { path }) };
    const tensor = addNode(this.session, { kind: 'parameter' }, [], shape, site, [{ role: 'value', parameter: id }]);
    this.#parameterNodes.set(id, tensor.node);
    return tensor;
  }
}
