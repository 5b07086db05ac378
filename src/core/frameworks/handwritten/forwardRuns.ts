import type { Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { CallContext, FunctionValue, InstanceValue, Value } from '../../python/values';
import type { FrameworkId, OpenFramework, TraceSession } from '../framework';
import { tensorsIn } from '../numpy/numpy';
import { type DataLayout, WeightAdoption } from './adoptWeights';
import { isNetwork, lastOf } from './evidence';
import { forwardMethod, inputPosition } from './forwardNames';
import { collectArrays } from './heldArrays';
import type { WeightRoom } from './weightRoom';

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

/** How a network takes its input, found by trying. */
export interface Fit {
  readonly layout: DataLayout;
  readonly features: number;
}

/** One run: the input as the code got it, and what came out. */
export interface Tried {
  readonly raw: TracedTensor;
  readonly outputs: readonly TracedTensor[];
}

const batch = { perBatch: 1 } as const;
const inputAttributes = ['input', 'inputs', 'x', 'X', 'data'];
/** How many sizes are tried as the number of inputs. */
const mostSides = 6;

/** Runs networks that functions and objects compute on inputs of our own. */
export class ForwardRuns {
  constructor(
    private readonly session: TraceSession & { mismatches: string[] },
    private readonly functions: WeakMap<InstanceValue, ForwardFunction>,
  ) {}

  /** Where a model keeps its weights. */
  kept(model: InstanceValue): ReadonlyMap<string, Value> {
    return this.functions.get(model)?.kept ?? model.attributes;
  }

  /** The first way of feeding the network that fits all its matrices and gives it the shape of one. */
  findFit(
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
      const tried = this.run(model, framework, fit, [batch, fit.features], context);
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
    for (const { shape } of collectArrays(this.kept(model)).values()) {
      for (const size of shape.length === 2 ? shape : []) if (typeof size === 'number') sides.add(size);
    }
    const sizes = given === undefined ? [...sides].slice(0, mostSides) : [given];
    return sizes.flatMap((features) =>
      (['rows', 'columns', 'vector'] as const).map((layout) => ({ layout, features })),
    );
  }

  run(
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
    const forward = this.functions.get(model);
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
}
