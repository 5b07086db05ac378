import type { Dim, Operation, ParameterUse, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { makeStr } from '../../python/make';
import type { CallArguments, CallContext, InstanceValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { LayerArguments } from '../layerArguments';
import { addNode, addUnknown, reportProblem, type Site } from '../tensor/trace';
import { applyActivation } from './activations';
import { type InitialisedShape, initialiserOf } from './initialisers';
import type { KerasState } from './kerasState';
import type { Construction, LayerState } from './layerState';

/** A layer of the framework, as the tables describe it. */
export interface LayerType {
  /** As in Keras, without `self` and `**kwargs`. */
  readonly signature: string;
  /** Other names of the same class. */
  readonly aliases?: readonly string[];
  /** Classes of the layers that its `build` makes without a name: they count in the names of later ones. */
  readonly inner?: readonly string[];
  /** What the layer makes of its inputs; undefined says that its arguments did not suffice. */
  readonly call: (call: LayerCall) => TracedTensor | Value | undefined;
}

export type LayerTypes = Readonly<Record<string, LayerType>>;

/** How a weight is kept: shapes both in PyTorch's order, which operations promise, and in Keras's, from which fans follow. */
export interface WeightRequest extends InitialisedShape {
  /** Keras's name: `kernel`, `lstm_cell/recurrent_kernel`. */
  readonly name: string;
  readonly role: string;
  /** The shape the operation promises; that of Keras where there is none. */
  readonly stored?: readonly number[];
  /** The constructor's argument that sets it. */
  readonly argument?: string;
  /** The initialiser where no argument sets it; zeros without one. */
  readonly initial?: string;
  readonly isTrainable?: boolean;
  /** The layer that keeps it, where a wrapper builds the weights that another layer describes. */
  readonly owner?: LayerCall;
}

/** One application of a framework layer. */
export class LayerCall extends LayerArguments {
  readonly own: LayerState;

  constructor(
    readonly state: KerasState,
    readonly layer: InstanceValue,
    readonly construction: Construction,
    readonly inputs: readonly TracedTensor[],
    readonly args: CallArguments,
    context: CallContext,
  ) {
    super(construction.type.signature, construction.bound, construction.written, context);
    this.own = state.stateOf(layer);
  }

  get session(): TraceSession {
    return this.state.session;
  }

  get input(): TracedTensor | undefined {
    return this.inputs[0];
  }

  get path(): string {
    return this.state.pathOf(this.own.name);
  }

  /** Argument of the call: by name, or by its position among the call's arguments. */
  callValue(name: string, position: number): Value | undefined {
    const value = this.args.named.get(name) ?? this.args.positional[position];
    return value?.kind === 'none' ? undefined : value;
  }

  site(part?: string, label?: string): Site {
    const path = part === undefined ? this.path : `${this.path}/${part}`;
    const name = part ?? this.own.name;
    const { made } = this.layer;
    return {
      trail: this.context.trail,
      made: made.length > 0 ? made : this.context.trail,
      name,
      label: label ?? this.label,
      path,
    };
  }

  /** `Dense`, for people; operations add their sizes. */
  get label(): string {
    const { name } = this.layer.class;
    return name.slice(name.lastIndexOf('.') + 1);
  }

  add(
    operation: Operation,
    inputs: readonly TracedTensor[],
    shape: Shape,
    parameters: readonly ParameterUse[] = [],
    part?: string,
    label?: string,
  ): TracedTensor {
    return addNode(this.session, operation, inputs, shape, this.site(part, label), parameters);
  }

  unknown(reason: string, shape: Shape): TracedTensor {
    return addUnknown(this.session, reason, this.inputs, shape, this.site());
  }

  problem(description: string): void {
    reportProblem(this.session, description, this.site());
  }

  /** The weight of this name, made at the first call. */
  weight(request: WeightRequest): ParameterUse {
    const { own, path } = request.owner ?? this;
    const known = own.weights.get(request.name);
    const shape = request.stored ?? request.shape;
    if (known !== undefined) {
      const built = this.session.tracer.parameter(known).shape;
      const fits = built.length === shape.length && built.every((size, axis) => size === shape[axis]);
      if (!fits && own.builtIn === this.state.application) {
        this.problem(`${own.name} was built for a weight of shape ${built.join('×')} and gets ${shape.join('×')}`);
      }
      if (fits || own.builtIn === this.state.application) return { role: request.role, parameter: known };
    }
    own.builtIn = this.state.application;
    const { argument } = request;
    const initial = argument ? this.value(argument) : makeStr(request.initial ?? 'zeros');
    const span = argument ? this.span(argument) : undefined;
    const initialiser = initialiserOf(this.state, initial, request, span, this.context);
    const parameter = this.session.tracer.addParameter(
      `${path}/${request.name}`,
      shape,
      initialiser,
      request.isTrainable ?? true,
    );
    own.weights.set(request.name, parameter);
    return { role: request.role, parameter };
  }

  /** The weight read as a tensor. */
  parameter(request: WeightRequest): TracedTensor {
    const use = this.weight({ ...request, role: 'value' });
    return this.add({ kind: 'parameter' }, [], request.stored ?? request.shape, [use], request.name, request.name);
  }

  /** A bias of `size` zeros unless `use_bias=False`, initialised as `bias_initializer` says. */
  bias(size: number, name = 'bias'): readonly ParameterUse[] {
    if (this.flag('use_bias') === false) return [];
    return [this.weight({ name, role: 'bias', shape: [size], argument: 'bias_initializer' })];
  }

  /** The layer's own `activation=` applied after it, at the place where the argument is written. */
  activated(tensor: TracedTensor): TracedTensor {
    const value = this.value('activation');
    if (!value || value.kind === 'none') return tensor;
    const span = this.span('activation');
    const site = this.site('activation');
    const made = span ? [span, ...this.layer.made.slice(1)] : site.made;
    return applyActivation(this.state, value, tensor, { ...site, ...(made && { made }) }, this.context);
  }

  /** Size of the axis where it is a plain number. */
  sizeOf(tensor: TracedTensor, axis: number): number | undefined {
    const size: Dim = tensor.shape?.at(axis);
    return typeof size === 'number' ? size : undefined;
  }
}
