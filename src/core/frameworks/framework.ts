import type { NodeId, Operation, ParameterId, Shape } from '../network/network';
import type { TracedTensor, Tracer } from '../network/tracer';
import type {
  CallArguments,
  CallContext,
  CallTrail,
  ClassValue,
  FrameworkModules,
  InstanceValue,
  ModuleValue,
  Value,
} from '../python/values';

export type FrameworkId = 'torch' | 'keras' | 'flax' | 'numpy';

/** A deep-learning framework as the reader sees it. One entry of `frameworks/registry.ts`. */
export interface Framework {
  readonly id: FrameworkId;
  /** First components of import names that make a file worth reading: `torch`, `keras`, `tensorflow`. */
  readonly importRoots: readonly string[];
  /** Packages of models that are made of it: they make a file worth reading too, and their own source is read, where it is installed. */
  readonly modelPackages?: readonly string[];
  /** Modules of the framework that no table describes: their own source is read, where it is installed. */
  readonly sourceModules?: readonly string[];
  /** Fresh state for the evaluation of one file. */
  open(session: TraceSession, readSource?: SourceReader): OpenFramework;
}

/** Gives an installed module as its source says it. */
export type SourceReader = (dottedName: string) => ModuleValue | undefined;

export interface OpenFramework extends FrameworkModules {
  /** Fresh state for another file, with the same tables. */
  reopen?(session: TraceSession, readSource: SourceReader): void;
  /** A class of the user's (or of the framework's containers) whose instances are models. */
  isModelClass(value: ClassValue): boolean;
  isModel(value: Value): value is InstanceValue;
  /** A tensor value on which models of this framework can be called. */
  tensorValue(tensor: TracedTensor): Value;
  /** Tensors inside a result: a tensor, or those of a tuple, list or mapping, in order. */
  tensorsIn(value: Value): readonly TracedTensor[];
  /** Every parameter registered in the model, named as the framework prints them, each once. */
  parametersOf(model: InstanceValue): readonly ParameterId[];
  /** Paths of parameters that the model has, but whose shape is not known: they are not among `parametersOf`. */
  unsizedParametersOf?(model: InstanceValue): readonly string[];
  /** Shape of the input that the model itself declares (Keras `Input`, `input_shape`), without the batch axis. */
  declaredInputShapes(model: InstanceValue): readonly Shape[] | undefined;
  /** What the source feeds the model without applying it: Keras `fit`, a script's own arrays. */
  fedData?(model: InstanceValue): FedData | undefined;
  /** The parameters of the model's forward method after self, in order: name and whether it has a default. */
  forwardParameters(model: InstanceValue): readonly { readonly name: string; readonly hasDefault: boolean }[];
  /** A constructor's argument that every model of the framework takes and that shapes nothing: keys of random numbers. */
  suppliedArgument?(name: string): Value | undefined;
  /** Applies the model: `model(*inputs)`. */
  apply(model: InstanceValue, inputs: readonly Value[], context: CallContext, like?: GivenArguments): Value;
}

export interface FedData {
  readonly data: TracedTensor;
  readonly target: TracedTensor | undefined;
  /** How many at once, where the array tells. */
  readonly samples: number | undefined;
  /** The axis of the arrays along which samples lie: 1 where each is a column. */
  readonly sampleAxis: number;
}

/** One application of a model that no other model's application encloses. */
/** What a call was given. */
export type GivenArguments = Pick<CallArguments, 'positional' | 'named'>;

export interface ModelApplication {
  readonly model: InstanceValue;
  readonly inputs: readonly TracedTensor[];
  readonly outputs: readonly TracedTensor[];
  /** Nodes made during the application: ids from `firstNode` up to, not including, `endNode`. */
  readonly firstNode: NodeId;
  readonly endNode: NodeId;
  readonly trail: CallTrail;
  /** The arguments, where the framework can apply the model to others of the same form. */
  readonly given?: GivenArguments;
}

/** What the frameworks report while a file is evaluated; the network room implements it. */
export interface TraceSession {
  readonly tracer: Tracer;
  /** A model is about to be applied. The first (outermost) application may have its unknown arguments replaced by assumed inputs. */
  enterModel(model: InstanceValue): void;
  leaveModel(application: ModelApplication): void;
  /** True while some model is being applied. */
  readonly isInsideModel: boolean;
  /**
   * An input for an argument whose tensor is unknown, at an outermost application: of the shape that the input policy has settled on
   * (declared, first layer, later constraint), recorded as an assumption. Undefined where the policy has none to offer.
   */
  assumedInput(model: InstanceValue, parameterName: string, index: number): TracedTensor | undefined;
  /** `loss.backward()`: what gradients start from. Those of losses of one round add up. */
  lossSeen(loss: TracedTensor, trail: CallTrail, round?: number): void;
  /** A loss object was made, though it may never be seen applied. */
  lossDeclared(loss: DeclaredLoss): void;
  /** A layer could not take an input of this shape: tells the input policy that a candidate does not fit. */
  shapeMismatch(description: string, trail: CallTrail): void;
}

export interface DeclaredLoss {
  readonly operation: Extract<Operation, { kind: 'loss' }>;
  readonly trail: CallTrail;
  /** The Keras model it was compiled into, if any. */
  readonly model: InstanceValue | undefined;
}
