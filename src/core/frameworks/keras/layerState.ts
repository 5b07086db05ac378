import type { ParameterId, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { BoundArguments } from '../../python/arguments';
import type { CallArguments, InstanceValue, Value } from '../../python/values';
import type { FedData } from '../framework';
import type { LayerType } from './layerCall';

/** How the constructor of a framework layer was called. */
export interface Construction {
  readonly type: LayerType;
  readonly bound: BoundArguments;
  readonly written: CallArguments;
}

/** The tensors that a functional model leads from and to, as they stand in the trace of its definition. */
export interface FunctionalGraph {
  readonly inputs: readonly TracedTensor[];
  readonly outputs: Value;
}

/** What a Keras layer or model keeps with its instance. */
export class LayerState {
  /** By Keras's name, in the order of their making. */
  readonly weights = new Map<string, ParameterId>();
  construction: Construction | undefined;
  /** Layers of a Sequential model, in order. */
  sequence: Value[] | undefined;
  graph: FunctionalGraph | undefined;
  isTrainable = true;
  /** Weights from a file, of which nothing is known. */
  areWeightsLoaded = false;
  /** Shape of the input without the batch axis, where the source gives it. */
  declaredShape: Shape;
  /** Of the `Input` that a Sequential model begins with. */
  inputName: string | undefined;
  /** What `fit` is given, where it is known. */
  fed?: Pick<FedData, 'data' | 'target'>;
  /** The application in which weights were made: a later one with other sizes makes them anew, as trying out inputs needs. */
  builtIn: number | undefined;
  /** What the user's own `build` was last called with, and the weights it made. */
  built: { readonly shape: string; readonly weights: readonly string[] } | undefined;
  /** Whether the layers that it makes for itself have been counted. */
  areInnerCounted = false;
  /** Of the cells that a recurrence was given as a list. */
  stackName: string | undefined;
  /** Layers that a layer of the framework makes for itself or wraps: those of Bidirectional. */
  readonly inner: InstanceValue[] = [];

  constructor(readonly name: string) {}
}
