import type { Dim, NodeId, ParameterId, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { WrittenLoss } from '../../network/writtenGradient';
import { makeNativeClass } from '../../python/nativeClass';
import type { CallContext, ClassValue, FunctionValue, InstanceValue, Value } from '../../python/values';
import type { FedData, FrameworkId, OpenFramework, TraceSession } from '../framework';
import { tensorsIn } from '../numpy/numpy';
import { drawnDistribution } from '../tensor/drawnDistribution';
import { type DataLayout, WeightAdoption } from './adoptWeights';
import { isNetwork, lastOf } from './evidence';
import { forwardMethod, inputPosition } from './forwardNames';
import { collectArrays, holdsMatrices } from './heldArrays';
import { WeightRoom } from './weightRoom';

/** One opened framework whose arrays hand-written networks are made of. */
export interface ArrayFramework {
  readonly id: FrameworkId;
  readonly open: OpenFramework;
}

/** A function that computes a network, with the arguments that hold its weights. */
export interface ForwardFunction {
  readonly callee: FunctionValue;
  /** By parameter name; the input is the one that is missing. */
  readonly fixed: ReadonlyMap<string, Value>;
  readonly inputName: string;
  /** Where the weights are kept: arguments, and the module's own names. */
  readonly kept: ReadonlyMap<string, Value>;
}

/** A network that a script computes line by line, as it stands in the trace. */
export interface ScriptNetwork {
  readonly raw: TracedTensor;
  readonly output: TracedTensor;
  readonly layout: DataLayout;
  /** Inputs of the first matrix. */
  readonly features: Dim;
  readonly names: ReadonlyMap<NodeId, string>;
  /** Of the gradient that the script goes on with. */
  readonly loss: WrittenLoss | undefined;
  readonly target: TracedTensor | undefined;
}

/** How a network takes its input, found by trying. */
interface Fit {
  readonly layout: DataLayout;
  readonly features: number;
}

interface Tried {
  readonly raw: TracedTensor;
  readonly outputs: readonly TracedTensor[];
}

const functionClass = makeNativeClass('function network');
const batch = { perBatch: 1 } as const;

/** Networks written by hand in arrays: objects with a forward method, and functions of weights and an input. */
export class HandwrittenModels implements OpenFramework {
  readonly #functions = new WeakMap<InstanceValue, ForwardFunction>();
  readonly #scripts = new WeakMap<InstanceValue, ScriptNetwork>();
  readonly #fits = new WeakMap<InstanceValue, Fit>();
  readonly #parameters = new WeakMap<InstanceValue, readonly ParameterId[]>();
  readonly #known = new Map<string, ParameterId>();

  constructor(
    private readonly session: TraceSession & { mismatches: string[] },
    private readonly frameworks: () => readonly ArrayFramework[],
  ) {}

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
    if (value.kind === 'module' || value.kind === 'class') return false;
    let found = 0;
    for (const { value: array } of collectArrays(new Map([['', value]])).values()) {
      const { nodes } = this.session.tracer;
      const id = tensorsIn(array)[0]?.node;
      const distribution = drawnDistribution(nodes, id);
      const isParameter = nodes[id ?? -1]?.operation.kind === 'parameter';
      if (isParameter || (distribution && (count === 1 || distribution.kind !== 'constant'))) found++;
      if (found >= count) return true;
    }
    return false;
  }

  /** The framework of the arrays that a model is made of. */
  frameworkOf(model: InstanceValue): ArrayFramework | undefined {
    if (this.#scripts.has(model)) return this.frameworks()[0];
    const [array] = collectArrays(this.#kept(model)).values();
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

  /** The first matrix of a script says how many inputs there are. */
  declaredInputShapes(model: InstanceValue): readonly Shape[] | undefined {
    const script = this.#scripts.get(model);
    return script && [[script.features]];
  }

  fedData(model: InstanceValue): FedData | undefined {
    const script = this.#scripts.get(model);
    return script && { data: script.raw, target: script.target, samples: samplesOf(script.raw, script.layout) };
  }

  writtenLoss(model: InstanceValue): WrittenLoss | undefined {
    return this.#scripts.get(model)?.loss;
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
      const { raw, output, layout, names } = script;
      const room = new WeightRoom(this.session, names, this.#known);
      return this.#adopt(model, framework, given, room, layout, context, () => ({ raw, outputs: [output] }));
    }
    const room = new WeightRoom(this.session, this.#namesOf(model), this.#known);
    const fit = this.#fits.get(model) ?? this.#findFit(model, framework, room, given.shape, context);
    if (!fit) return context.unknown('no input was found that the network takes');
    this.#fits.set(model, fit);
    return this.#adopt(model, framework, given, room, fit.layout, context, () =>
      this.#run(model, framework, fit, given.shape, context),
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

  /** The first way of feeding the network that fits all its matrices and gives it the shape of one. */
  #findFit(
    model: InstanceValue,
    framework: ArrayFramework,
    room: WeightRoom,
    shape: Shape,
    context: CallContext,
  ): Fit | undefined {
    const given = shape?.at(-1);
    const before = this.session.mismatches;
    const { tracer } = this.session;
    for (const fit of this.#candidates(model, typeof given === 'number' ? given : undefined)) {
      if (context.isExhausted) break;
      this.session.mismatches = [];
      const tried = this.#run(model, framework, fit, [batch, fit.features], context);
      const problems = this.session.mismatches.length;
      const first = tracer.nodes.length;
      const input = { node: tried.raw.node, shape: [batch, fit.features] };
      new WeightAdoption(this.session, room, fit.layout).adopt(tried.raw.node, input, tried.outputs);
      if (problems === 0 && this.session.mismatches.length === 0 && isNetwork(tracer.nodes.slice(first))) {
        this.session.mismatches = before;
        return fit;
      }
    }
    this.session.mismatches = before;
    return undefined;
  }

  /** Sizes of the matrices' sides, in the order in which the network keeps them. */
  #candidates(model: InstanceValue, given: number | undefined): readonly Fit[] {
    const sides = new Set<number>();
    for (const { shape } of collectArrays(this.#kept(model)).values()) {
      for (const size of shape.length === 2 ? shape : []) if (typeof size === 'number') sides.add(size);
    }
    const sizes = given === undefined ? [...sides].slice(0, mostSides) : [given];
    return sizes.flatMap((features) =>
      (['rows', 'columns', 'vector'] as const).map((layout) => ({ layout, features })),
    );
  }

  #run(
    model: InstanceValue,
    framework: ArrayFramework,
    { layout, features }: Fit,
    shape: Shape,
    context: CallContext,
  ): Tried {
    const size = shape?.at(-1) ?? features;
    const rawShape: Shape =
      layout === 'rows' ? (shape ?? [batch, size]) : layout === 'columns' ? [size, batch] : [size];
    const operation = { kind: 'input', index: 0, content: 'real' } as const;
    const { tracer } = this.session;
    const raw = tracer.add({
      operation,
      inputs: [],
      shape: rawShape,
      name: 'x',
      label: 'input',
      applied: context.trail,
    });
    const result = this.#call(model, framework.open.tensorValue(raw), context);
    const last = lastOf(tracer.nodes, result, raw.node);
    return { raw, outputs: last ? [last] : [] };
  }

  /** Calls the forward method or function; one without an input takes it from an attribute. */
  #call(model: InstanceValue, input: Value, context: CallContext): readonly TracedTensor[] {
    const forward = this.#functions.get(model);
    if (forward) {
      return tensorsIn(context.call(forward.callee, [], new Map([...forward.fixed, [forward.inputName, input]])));
    }
    const method = forwardMethod(model.class);
    if (!method) return [];
    const position = inputPosition(method);
    const before = new Map(model.attributes);
    if (position === undefined)
      for (const name of inputAttributes) if (before.has(name)) model.attributes.set(name, input);
    const result = context.call(method, position === undefined ? [model] : [model, input]);
    const returned = tensorsIn(result);
    const kept = [...model.attributes].flatMap(([name, value]) => (before.get(name) === value ? [] : tensorsIn(value)));
    model.attributes.clear();
    for (const [name, value] of before) model.attributes.set(name, value);
    return returned.length > 0 ? returned : kept;
  }

  #kept(model: InstanceValue): ReadonlyMap<string, Value> {
    return this.#functions.get(model)?.kept ?? model.attributes;
  }

  #namesOf(model: InstanceValue): ReadonlyMap<NodeId, string> {
    const names = new Map<NodeId, string>();
    for (const [name, { value }] of collectArrays(this.#kept(model))) {
      const [tensor] = tensorsIn(value);
      if (tensor && !names.has(tensor.node)) names.set(tensor.node, name);
    }
    return names;
  }
}

function samplesOf({ shape }: TracedTensor, layout: DataLayout): number | undefined {
  const count = shape?.at(layout === 'rows' ? 0 : -1);
  return typeof count === 'number' ? count : undefined;
}

const inputAttributes = ['input', 'inputs', 'x', 'X', 'data'];
/** How many sizes are tried as the number of inputs. */
const mostSides = 6;

function isArrayOf(open: OpenFramework, array: InstanceValue): boolean {
  const probe = open.tensorValue({ node: 0, shape: [] });
  return probe.kind === 'instance' && array.class.mro.includes(probe.class);
}
