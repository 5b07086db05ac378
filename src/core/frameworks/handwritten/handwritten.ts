import { type LossEvidence, lossOfUse } from '../../network/lossOfUse';
import type { Dim, Distribution, NodeId, ParameterId, Shape } from '../../network/network';
import { ownUses } from '../../network/ownUse';
import type { TracedTensor } from '../../network/tracer';
import type { FoundLoss, WrittenLoss } from '../../network/writtenGradient';
import { makeNativeClass } from '../../python/nativeClass';
import type { CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import type { FedData, OpenFramework, TraceSession } from '../framework';
import { tensorsIn } from '../numpy/numpy';
import { drawnDistribution } from '../tensor/drawnDistribution';
import { type DataLayout, WeightAdoption } from './adoptWeights';
import { forwardMethod } from './forwardNames';
import { type ArrayFramework, type Fit, type ForwardFunction, ForwardRuns, type Tried } from './forwardRuns';
import { collectArrays, type HeldArray, holdsMatrices } from './heldArrays';
import { WeightRoom } from './weightRoom';

/** A network that a script computes line by line, as it stands in the trace. */
export interface ScriptNetwork {
  readonly raw: TracedTensor;
  readonly outputs: readonly TracedTensor[];
  readonly layout: DataLayout;
  /** Shape of one sample. */
  readonly sample: readonly Dim[];
  readonly names: ReadonlyMap<NodeId, string>;
  /** Of the gradient that the script goes on with. */
  readonly loss: WrittenLoss | undefined;
  readonly target: TracedTensor | undefined;
}

/** How the file itself uses a network that it keeps in functions or objects. */
interface Use {
  readonly raw: TracedTensor;
  readonly features: number;
  readonly samples: number | undefined;
  readonly found: FoundLoss | undefined;
}

const functionClass = makeNativeClass('function network');

/** Networks written by hand in arrays: objects with a forward method, and functions of weights and an input. */
export class HandwrittenModels implements OpenFramework {
  readonly #functions = new WeakMap<InstanceValue, ForwardFunction>();
  readonly #runs: ForwardRuns;
  readonly #scripts = new WeakMap<InstanceValue, ScriptNetwork>();
  readonly #fits = new WeakMap<InstanceValue, Fit>();
  readonly #uses = new WeakMap<InstanceValue, Use>();
  readonly #parameters = new WeakMap<InstanceValue, readonly ParameterId[]>();
  readonly #known = new Map<string, ParameterId>();

  constructor(
    private readonly session: TraceSession & { mismatches: string[] },
    private readonly frameworks: () => readonly ArrayFramework[],
  ) {
    this.#runs = new ForwardRuns(session, this.#functions);
  }

  module(): undefined {
    return undefined;
  }

  isModelClass(value: ClassValue): boolean {
    const isPlain = value.mro.every((cls) => !cls.isNative || cls.name === 'object');
    return isPlain && forwardMethod(value) !== undefined;
  }

  isModel(value: Value): value is InstanceValue {
    if (value.kind !== 'instance') return false;
    return (
      this.#functions.has(value) || this.#scripts.has(value) || (this.isModelClass(value.class) && holdsMatrices(value))
    );
  }

  /** True where the value keeps at least so many arrays that are still as they were drawn: training replaces them. */
  holdsDraws(value: Value, count: number): boolean {
    let found = 0;
    for (const array of this.#arraysIn(value)) {
      const drawn = this.#drawOf(array);
      if (drawn && (count === 1 || drawn !== 'constant')) found++;
      if (found >= count) return true;
    }
    return false;
  }

  /** True where the value is a container of draws of which training has replaced a matrix. */
  holdsTrained(value: Value): boolean {
    if (value.kind === 'instance') return false;
    return this.#arraysIn(value).some((array) => array.shape.length === 2 && !this.#drawOf(array));
  }

  #arraysIn(value: Value): readonly HeldArray[] {
    if (value.kind === 'module' || value.kind === 'class') return [];
    return [...collectArrays(new Map([['', value]])).values()];
  }

  /** How an array was drawn; undefined where it was computed. */
  #drawOf({ value }: HeldArray): Distribution['kind'] | 'parameter' | undefined {
    const { nodes } = this.session.tracer;
    const id = tensorsIn(value)[0]?.node;
    if (nodes[id ?? -1]?.operation.kind === 'parameter') return 'parameter';
    return drawnDistribution(nodes, id)?.kind;
  }

  /** The framework of the arrays that a model is made of. */
  frameworkOf(model: InstanceValue): ArrayFramework | undefined {
    if (this.#scripts.has(model)) return this.frameworks()[0];
    const [array] = collectArrays(this.#runs.kept(model)).values();
    return this.frameworks().find(({ open }) => array && isArrayOf(open, array.value));
  }

  tensorValue(tensor: TracedTensor): Value {
    return this.frameworks()[0]?.open.tensorValue(tensor) ?? { kind: 'none' };
  }

  tensorsIn(value: Value): readonly TracedTensor[] {
    return tensorsIn(value);
  }

  parametersOf(model: InstanceValue): readonly ParameterId[] {
    return this.#parameters.get(model) ?? [];
  }

  /**
   * Looks in the trace for what the file feeds a network of functions or objects, and for the loss that it computes of the result:
   * by the gradient that it writes out, else where it differentiates one, else as a formula.
   */
  findUse(model: InstanceValue, evidence: LossEvidence, context: CallContext): void {
    const framework = this.#scripts.has(model) ? undefined : this.frameworkOf(model);
    if (!framework) return;
    const room = new WeightRoom(this.session, this.#namesOf(model), this.#known);
    const { tracer } = this.session;
    const fit = tracer.withFreshPaths(() => this.#runs.findFit(model, framework, room, undefined, context));
    if (!fit) return;
    this.#fits.set(model, fit);
    const { raw, outputs } = tracer.withFreshPaths(() => this.#runs.run(model, framework, fit, undefined, context));
    const [output] = outputs;
    if (!output) return;
    const { nodes } = tracer;
    const uses = ownUses(nodes, raw.node, output.node);
    const losses = uses.map((use) => ({ use, found: lossOfUse(nodes, use, evidence) }));
    const best = losses.find((candidate) => candidate.found) ?? losses[0];
    if (!best) return;
    // One sample at a time is how the code computes the gradient of a batch whose size and mean are not seen.
    const count = samplesOf(best.use.raw, fit.layout);
    const isWhole = fit.layout !== 'vector' && count !== 1;
    this.#uses.set(model, {
      raw: best.use.raw,
      features: fit.features,
      samples: isWhole ? count : undefined,
      found: isWhole ? best.found : undefined,
    });
  }

  /** The first matrix says how many inputs there are, of a script also what it cuts them from. */
  declaredInputShapes(model: InstanceValue): readonly Shape[] | undefined {
    const script = this.#scripts.get(model);
    const use = this.#uses.get(model);
    return script ? [script.sample] : use && [[use.features]];
  }

  fedData(model: InstanceValue): FedData | undefined {
    const script = this.#scripts.get(model);
    if (script) {
      const { raw, target, layout } = script;
      return { data: raw, target, samples: samplesOf(raw, layout), sampleAxis: sampleAxisOf(layout) };
    }
    const use = this.#uses.get(model);
    const node = use?.found?.target;
    const target = node === undefined ? undefined : { node, shape: this.session.tracer.nodes[node]?.outputShape };
    const sampleAxis = sampleAxisOf(this.#fits.get(model)?.layout ?? 'rows');
    return use && { data: use.raw, target, samples: use.samples, sampleAxis };
  }

  writtenLoss(model: InstanceValue): WrittenLoss | undefined {
    return this.#scripts.get(model)?.loss ?? this.#uses.get(model)?.found?.loss;
  }

  forwardParameters(): readonly { readonly name: string; readonly hasDefault: boolean }[] {
    return [{ name: 'x', hasDefault: false }];
  }

  /** A model of a function, made for `apply`. */
  functionModel(forward: ForwardFunction, context: CallContext): InstanceValue {
    const model: InstanceValue = { kind: 'instance', class: functionClass, attributes: new Map(), made: context.trail };
    this.#functions.set(model, forward);
    return model;
  }

  scriptModel(script: ScriptNetwork, context: CallContext): InstanceValue {
    const model: InstanceValue = { kind: 'instance', class: functionClass, attributes: new Map(), made: context.trail };
    this.#scripts.set(model, script);
    return model;
  }

  apply(model: InstanceValue, inputs: readonly Value[], context: CallContext): Value {
    const [given] = inputs.flatMap((value) => tensorsIn(value));
    const framework = this.frameworkOf(model);
    if (!given || !framework) return context.unknown('the network keeps no arrays that are known');
    const script = this.#scripts.get(model);
    if (script) {
      const { raw, outputs, layout, names } = script;
      const room = new WeightRoom(this.session, names, this.#known);
      return this.#adopt(model, framework, given, room, layout, context, () => ({ raw, outputs }));
    }
    const room = new WeightRoom(this.session, this.#namesOf(model), this.#known);
    const fit = this.#fits.get(model) ?? this.#runs.findFit(model, framework, room, given.shape, context);
    if (!fit) return context.unknown('no input was found that the network takes');
    this.#fits.set(model, fit);
    return this.#adopt(model, framework, given, room, fit.layout, context, () =>
      this.#runs.run(model, framework, fit, given.shape, context),
    );
  }

  #adopt(
    model: InstanceValue,
    framework: ArrayFramework,
    given: TracedTensor,
    room: WeightRoom,
    layout: DataLayout,
    context: CallContext,
    run: () => Tried,
  ): Value {
    const { tracer } = this.session;
    return tracer.withFreshPaths(() => {
      this.session.enterModel(model);
      const { raw, outputs: computed } = run();
      const firstNode = tracer.nodes.length;
      const outputs = new WeightAdoption(this.session, room, layout, samplesOf(raw, layout)).adopt(
        raw.node,
        given,
        computed,
      );
      this.#parameters.set(model, room.parameters);
      const endNode = tracer.nodes.length;
      this.session.leaveModel({ model, inputs: [given], outputs, firstNode, endNode, trail: context.trail });
      const [output] = outputs;
      return output ? framework.open.tensorValue(output) : context.unknown('the network returns nothing that is known');
    });
  }

  #namesOf(model: InstanceValue): ReadonlyMap<NodeId, string> {
    const names = new Map<NodeId, string>();
    for (const [name, { value }] of collectArrays(this.#runs.kept(model))) {
      const [tensor] = tensorsIn(value);
      if (tensor && !names.has(tensor.node)) names.set(tensor.node, name);
    }
    return names;
  }
}

function samplesOf({ shape }: TracedTensor, layout: DataLayout): number | undefined {
  if (layout === 'vector') return undefined;
  const count = shape?.at(sampleAxisOf(layout));
  return typeof count === 'number' ? count : undefined;
}

function sampleAxisOf(layout: DataLayout): number {
  return layout === 'columns' ? 1 : 0;
}

function isArrayOf(open: OpenFramework, array: InstanceValue): boolean {
  const probe = open.tensorValue({ node: 0, shape: [] });
  return probe.kind === 'instance' && array.class.mro.includes(probe.class);
}
