import type { Operation, ParameterUse, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { BoundArguments } from '../../python/arguments';
import type { CallArguments, CallContext, InstanceValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { LayerArguments } from '../layerArguments';
import { tensorOf } from '../numpy/arrays';
import { addNode, addUnknown, reportProblem, type Site } from '../tensor/trace';
import type { FlaxState } from './flaxState';
import type { DefaultInitialiser } from './initialisers';

/** A layer of Flax, as the tables describe it for both of its interfaces. */
export interface LayerType {
  /** Fields of the class in `flax.linen`, without `parent` and `name`; undefined where linen has no such layer. */
  readonly linen?: string;
  /** Arguments of the constructor in `flax.nnx`, `rngs` included. */
  readonly nnx?: string;
  /** Other names of the same class. */
  readonly aliases?: readonly string[];
  /** Arguments of the call after the object. */
  readonly callSignature?: string;
  /** The parameters, made at construction in nnx and at the first call in linen. */
  readonly weights?: (call: LayerCall) => void;
  /** What the layer makes of its inputs; undefined says that its arguments did not suffice. */
  readonly call: (call: LayerCall) => TracedTensor | Value | undefined;
  /** Methods beside the call: `Embed.attend`. */
  readonly methods?: Readonly<Record<string, (call: LayerCall) => TracedTensor | Value | undefined>>;
}

export type LayerTypes = Readonly<Record<string, LayerType>>;

/** How the constructor of a layer was called. */
export interface Construction {
  readonly type: LayerType;
  readonly signature: string;
  readonly bound: BoundArguments;
  readonly written: CallArguments;
}

/** How a parameter is kept. */
export interface ParameterRequest {
  /** Flax's name below the layer: `kernel`, `query.kernel`. */
  readonly name: string;
  /** In Flax's own order of axes. */
  readonly shape: readonly number[];
  /** The shape the operation promises, PyTorch's order; that of Flax where there is none. */
  readonly stored?: readonly number[];
  /** The shape that the initialiser is called with, where it is not `shape`: several axes taken as one. */
  readonly drawn?: readonly number[];
  /** The constructor's argument that sets it. */
  readonly argument?: string;
  readonly fallback: DefaultInitialiser;
}

/** Where a layer's parameters live: linen's scopes, or the attributes of an nnx object. */
export interface ParameterHome {
  readonly isLinen: boolean;
  /** Path of the layer in its model, as Flax prints it with dots. */
  readonly path: string;
  /** The parameter of this name, made where there is none yet. */
  parameter(request: ParameterRequest, call: LayerCall): number;
}

/** One application of a layer, or its construction in nnx: then there are no inputs. */
export class LayerCall extends LayerArguments {
  constructor(
    readonly state: FlaxState,
    readonly layer: InstanceValue,
    readonly home: ParameterHome,
    readonly construction: Construction,
    readonly args: CallArguments,
    context: CallContext,
  ) {
    super(construction.signature, construction.bound, construction.written, context);
  }

  get session(): TraceSession {
    return this.state.session;
  }

  /** The first argument of the call. */
  get first(): Value | undefined {
    return this.argument(0, 'inputs', 'x', 'inputs_q');
  }

  get input(): TracedTensor | undefined {
    return tensorOf(this.first);
  }

  /** Argument of the call by position or by one of its names; None counts as not given. */
  argument(position: number, ...names: readonly string[]): Value | undefined {
    const named = names.map((name) => this.args.named.get(name)).find((value) => value !== undefined);
    const value = named ?? this.args.positional[position];
    return value?.kind === 'none' ? undefined : value;
  }

  /** Whole number under the first of these argument names that the constructor has. */
  size(...names: readonly string[]): number | undefined {
    for (const name of names) if (this.bound.has(name)) return this.int(name);
    return undefined;
  }

  /** Size of the input's last axis: given in nnx, read off the input in linen. */
  inFeatures(argument = 'in_features'): number | undefined {
    if (this.bound.has(argument)) return this.int(argument);
    const size = this.input?.shape?.at(-1);
    return typeof size === 'number' ? size : undefined;
  }

  get label(): string {
    const { name } = this.layer.class;
    return name.slice(name.lastIndexOf('.') + 1);
  }

  /** For messages: the path, or the class where the layer is the model itself. */
  get title(): string {
    return this.home.path || this.label;
  }

  site(part?: string, label?: string): Site {
    const { path } = this.home;
    const { made } = this.layer;
    const own = part === undefined ? path : path && `${path}.${part}`;
    return {
      trail: this.context.trail,
      made: made.length > 0 ? made : this.context.trail,
      name: part ?? this.label,
      label: label ?? this.label,
      ...(own && { path: own }),
    };
  }

  add(
    operation: Operation,
    inputs: readonly TracedTensor[],
    shape: Shape,
    parameters: readonly ParameterUse[] = [],
    label?: string,
    part?: string,
  ): TracedTensor {
    return addNode(this.session, operation, inputs, shape, this.site(part, label), parameters);
  }

  unknown(reason: string, shape: Shape): TracedTensor {
    const inputs = this.args.positional.map(tensorOf).filter((tensor) => tensor !== undefined);
    return addUnknown(this.session, reason, inputs, shape, this.site());
  }

  problem(description: string): void {
    reportProblem(this.session, description, this.site());
  }

  parameter(role: string, request: ParameterRequest): ParameterUse {
    return { role, parameter: this.home.parameter(request, this) };
  }

  /** The bias, unless `use_bias=False`. */
  bias(name: string, size: number, shape: readonly number[] = [size], argument = 'bias_init'): readonly ParameterUse[] {
    if (this.flag('use_bias') === false) return [];
    const stored = shape.length === 1 ? {} : { stored: [size], drawn: [size] };
    return [this.parameter('bias', { name, shape, argument, fallback: 'zeros', ...stored })];
  }
}
