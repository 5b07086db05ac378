import type { ActivationUse } from '../activations/activation';
import type { Expression } from '../activations/expression';
import type { InputPreset, ScaledPreset } from '../signal/inputStatistics';
import type { Span } from '../span';

export type NodeId = number;
export type ParameterId = number;
/** What the source itself draws an input from. */
export type DrawnFrom = InputPreset | ScaledPreset;
/** The same of an input behind the first, which may hold one value only: states that begin at zero. */
export type FedWith = DrawnFrom | { readonly kind: 'constant'; readonly value: number };

/** `{ perBatch: k }` is k × batch size; `undefined` is a size that could not be worked out. */
export type Dim = number | { readonly perBatch: number } | undefined;
/** `undefined` where not even the rank is known. */
export type Shape = readonly Dim[] | undefined;

/** The distribution one parameter's elements are drawn from, with every number worked out (no gains or fans left). */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number }
  /** `std` is that of the untruncated normal; cut at `low` and `high` in the value's own units. */
  | {
      readonly kind: 'truncatedNormal';
      readonly mean: number;
      readonly std: number;
      readonly low: number;
      readonly high: number;
    }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** Orthogonal rows or columns times gain, of the matrix (shape[0], rest) or as `rows`×`columns` says. */
  | { readonly kind: 'orthogonal'; readonly gain: number; readonly rows: number; readonly columns: number }
  /** Identity or Dirac delta times gain. */
  | { readonly kind: 'identity'; readonly gain: number }
  /** These very numbers, all elements in order: a grid, a table of slopes. */
  | { readonly kind: 'values'; readonly values: readonly number[] }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Initialiser {
  readonly distribution: Distribution;
  /** How the framework or the user's code names it: `kaiming_uniform_(a=√5)`, `GlorotUniform`. */
  readonly scheme: string;
  /** True where nobody chose it: the framework's default. */
  readonly isDefault: boolean;
  /** Where the source sets it, if it does. */
  readonly span?: Span;
  /** The same place in another file than the one that is read; `span` is absent then. */
  readonly elsewhere?: Span;
  /** The parameter whose very values these are: of a deep copy, which goes its own way only as it learns. */
  readonly copyOf?: ParameterId;
}

export interface Parameter {
  readonly id: ParameterId;
  /** As the framework prints it: `net.1.weight`. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly initialiser: Initialiser;
  readonly isTrainable: boolean;
}

/** What a parameter is to a node: `weight`, `bias`, `queryKeyValueWeight`, `inputWeight0`, `recurrentWeight0`, … */
export interface ParameterUse {
  readonly role: string;
  readonly parameter: ParameterId;
}

/** Which elements stand in the padding: mirrored at the last one or behind it, the last one itself, those of the other end. */
export type CopyMode = 'reflect' | 'symmetric' | 'replicate' | 'circular';

export interface Padding {
  readonly before: number;
  readonly after: number;
}

/** Which elements of which axis a slice takes. */
export type SliceRange = Omit<Extract<Operation, { kind: 'slice' }>, 'kind'>;

/** One closed union for every framework. Axes are non-negative and count the batch axis; channel axis is named where frameworks differ. */
export type Operation =
  /** A model input. `index` counts the inputs of the model; those after the first may be drawn otherwise than the data that the profile is given. */
  | {
      readonly kind: 'input';
      readonly index: number;
      readonly content: 'real' | 'tokens';
      readonly drawn?: FedWith;
    }
  /** A parameter read as a tensor (position embedding, scale). The parameter has role `value`. */
  | { readonly kind: 'parameter' }
  /** One value everywhere, or elements that differ, of which the moments may be known (position tables). */
  | {
      readonly kind: 'constant';
      readonly value: number | undefined;
      readonly moments?: { readonly mean: number; readonly square: number };
      /** All elements in order, where they are known, few and not all the same. */
      readonly values?: readonly number[];
    }
  /** Fresh noise each run: randn, rand, randint targets. */
  | {
      readonly kind: 'random';
      readonly distribution: Distribution | { readonly kind: 'integers'; readonly below: number };
    }
  /** `stopsGradient`: `detach()`, `stop_gradient()`: no gradient goes back through it. */
  | { readonly kind: 'identity'; readonly stopsGradient?: true }
  /** Over the last axis. Roles `weight` of shape [out, in] whatever the framework's own order, `bias`. */
  | { readonly kind: 'linear'; readonly inFeatures: number; readonly outFeatures: number }
  | {
      readonly kind: 'convolution';
      readonly rank: 1 | 2 | 3;
      readonly inChannels: number;
      readonly outChannels: number;
      readonly kernel: readonly number[];
      readonly stride: readonly number[];
      readonly padding: readonly Padding[];
      readonly paddingMode: 'zeros' | CopyMode;
      readonly dilation: readonly number[];
      readonly groups: number;
      readonly transposed: boolean;
      readonly channelAxis: number;
    }
  | { readonly kind: 'embedding'; readonly count: number; readonly features: number }
  | { readonly kind: 'activation'; readonly activation: ActivationUse }
  | { readonly kind: 'softmax'; readonly variant: 'softmax' | 'log-softmax' | 'softmin'; readonly axis: number }
  /** Splits `axis` in two halves a, b: a · gate(b). */
  | { readonly kind: 'gatedLinearUnit'; readonly gate: ActivationUse; readonly axis: number }
  | {
      readonly kind: 'normalisation';
      readonly variant: 'batch' | 'layer' | 'group' | 'instance' | 'rms';
      /** Axes over which statistics are taken (batch axis included for `batch`). */
      readonly axes: readonly number[];
      readonly channelAxis: number;
      readonly groups: number;
      readonly epsilon: number;
    }
  | { readonly kind: 'dropout'; readonly rate: number; readonly variant: 'element' | 'channel' | 'alpha' }
  | {
      readonly kind: 'pooling';
      readonly variant: 'max' | 'average';
      readonly rank: 1 | 2 | 3;
      readonly kernel: readonly number[];
      readonly stride: readonly number[];
      readonly padding: readonly Padding[];
      readonly channelAxis: number;
    }
  /** Mean, sum, max … over axes. */
  | {
      readonly kind: 'reduction';
      readonly variant: 'mean' | 'sum' | 'max' | 'min' | 'norm' | 'variance' | 'std';
      readonly axes: readonly number[];
      /** Of a variance, what is taken off the count that it divides by: 1 in PyTorch, as it is written there. */
      readonly correction?: number;
    }
  /** Any change of shape that keeps the elements and their order: reshape, view, flatten, squeeze. */
  | { readonly kind: 'reshape' }
  | { readonly kind: 'permute'; readonly order: readonly number[] }
  | { readonly kind: 'concat'; readonly axis: number }
  | { readonly kind: 'stack'; readonly axis: number }
  /** Elements from, from+step … below to, of `axis`; a select of one element also drops the axis (`drop`). */
  | {
      readonly kind: 'slice';
      readonly axis: number;
      readonly from: number;
      readonly to: number;
      readonly step: number;
      readonly drop: boolean;
    }
  /** Elements of `axis` at known places, in this order: flipped, rolled, picked. A smaller batch leaves out the places that it does not have. */
  | { readonly kind: 'pick'; readonly axis: number; readonly places: readonly number[] }
  /** Elements of `axis` at the places that the second input holds, whose own axes stand instead of `axis` (`index_select`, `np.take`). */
  | { readonly kind: 'take'; readonly axis: number }
  /** The same where the second input has all axes of the result (`torch.gather`, `np.take_along_axis`). */
  | { readonly kind: 'gather'; readonly axis: number }
  /** The first input with the second one's elements put, or added, at the places of `axis` that the third one holds. */
  | { readonly kind: 'scatter'; readonly axis: number; readonly adds: boolean }
  /** Places of the largest or smallest elements of `axis`, in order (`topk`, `argsort`, `argmax`). */
  | { readonly kind: 'ranking'; readonly axis: number; readonly count: number; readonly largest: boolean }
  | { readonly kind: 'cumulativeSum'; readonly axis: number }
  | { readonly kind: 'expand' }
  /** Around the tensor: `value`, or copies of its own elements. */
  | {
      readonly kind: 'pad';
      readonly padding: readonly Padding[];
      readonly value: number;
      readonly copies?: CopyMode;
    }
  /** Σ coefficients[i] · inputs[i], with broadcasting. */
  | { readonly kind: 'sum'; readonly coefficients: readonly number[] }
  /** The first input's values; a gradient goes back to both inputs. */
  | { readonly kind: 'straightThrough' }
  /** Elementwise product of the inputs, with broadcasting. */
  | { readonly kind: 'product' }
  /** Any other elementwise function of several inputs. */
  | { readonly kind: 'elementwise'; readonly expression: Expression }
  | { readonly kind: 'matmul' }
  /** Inputs query, key, value: softmax(q·kᵀ·scale)·v over the last two axes. */
  | { readonly kind: 'attention'; readonly scale: number; readonly isCausal: boolean; readonly dropout: number }
  /** Inputs query, key, value before projection. Roles as PyTorch names them: in_proj_weight, in_proj_bias, out_proj.weight, out_proj.bias (or q_/k_/v_proj_weight). */
  | {
      readonly kind: 'multiheadAttention';
      readonly features: number;
      readonly heads: number;
      readonly keyFeatures: number;
      readonly valueFeatures: number;
      readonly dropout: number;
      readonly batchFirst: boolean;
      readonly isCausal: boolean;
    }
  /**
   * Inputs: the sequence, then where they are not zero the states it begins with: hidden, for LSTM memory, of all layers and directions
   * together or of each direction in turn. Output: every step's hidden state, the last one's, or as `state` says. Roles
   * `inputWeight<l>[Reverse]`, `recurrentWeight…`, `inputBias…`, `recurrentBias…`.
   */
  | {
      readonly kind: 'recurrent';
      readonly cell: 'rnn' | 'lstm' | 'gru';
      /** The plain cell's activation; for LSTM and GRU the candidate's. */
      readonly activation: ActivationUse;
      readonly gateActivation: ActivationUse;
      readonly inputFeatures: number;
      readonly hiddenFeatures: number;
      readonly layers: number;
      readonly isBidirectional: boolean;
      readonly timeAxis: number;
      readonly returnsSequence: boolean;
      /** Instead of the sequence what every layer and direction ends with: [layers·directions, samples, hidden]. */
      readonly state?: 'hidden' | 'memory';
      readonly dropout: number;
      readonly forgetBias: number;
    }
  | {
      readonly kind: 'upsample';
      readonly factors: readonly number[];
      readonly mode: 'nearest' | 'linear';
      readonly channelAxis: number;
    }
  | { readonly kind: 'pixelShuffle'; readonly factor: number }
  /** Inputs: prediction, target (where known). */
  | {
      readonly kind: 'loss';
      readonly loss: LossKind;
      readonly reduction: 'mean' | 'sum' | 'none';
      /** Of `huber`: the error at which it goes from quadratic to linear; 1 where it is missing. */
      readonly threshold?: number;
      /** Share of the target that all classes get alike. */
      readonly smoothing?: number;
      /** A factor before the whole. */
      readonly scale?: number;
    }
  | { readonly kind: 'unknown'; readonly reason: string };

export type LossKind =
  | 'crossEntropyLogits'
  | 'crossEntropyProbabilities'
  | 'negativeLogLikelihood'
  | 'binaryCrossEntropyLogits'
  | 'binaryCrossEntropyProbabilities'
  | 'meanSquaredError'
  | 'meanAbsoluteError'
  | 'huber'
  | 'klDivergence'
  | 'unknown';

/** Where in the source a node came from. */
export interface Provenance {
  /** The innermost line of the user's that made the layer: the constructor (`nn.Linear(…)`) or, for a functional call, the call. */
  readonly made: Span;
  /** Where it is applied in `forward`; the same as `made` for functional calls. */
  readonly applied: Span;
  /** Enclosing calls and loop iterations, innermost first. */
  readonly through: readonly Span[];
  /** The layer's own line where that stands in another file than the one that is read: `made` is then the call that led there. */
  readonly elsewhere?: Span;
}

export interface NetworkNode {
  readonly id: NodeId;
  readonly operation: Operation;
  readonly inputs: readonly NodeId[];
  readonly outputShape: Shape;
  /** As the framework prints it: `layer1.0.conv1`, `net.3`; functional calls get fx-like names (`relu`, `relu_1`). Unique a model. */
  readonly path: string;
  /** For people: `Linear(784, 256)`, `tanh`. */
  readonly label: string;
  readonly parameters: readonly ParameterUse[];
  readonly provenance: Provenance;
  /** Outside the model: part of another one, which the way from the outputs to the loss leads through, or what the source computes an input of. */
  readonly isForeign?: true;
}

/** A layer graph in topological order: every input of a node stands before it. */
export interface Network {
  readonly nodes: readonly NetworkNode[];
  /** The model's own. */
  readonly parameters: readonly Parameter[];
  /** Those of other models that foreign nodes read. */
  readonly foreignParameters?: readonly Parameter[];
  /** Nodes of kind `input`; where the source computes one, the node that holds it. */
  readonly inputs: readonly NodeId[];
  /** Nodes whose values the model returns. */
  readonly outputs: readonly NodeId[];
  /** The scalar that `backward()` starts from, where the source shows one; nodes behind the outputs belong to the loss. */
  readonly loss: NodeId | undefined;
  readonly batchSize: number;
}

/** Every parameter that a node reads, by id. */
export function parametersById(
  network: Pick<Network, 'parameters' | 'foreignParameters'>,
): ReadonlyMap<ParameterId, Parameter> {
  const { parameters, foreignParameters = [] } = network;
  return new Map([...parameters, ...foreignParameters].map((parameter) => [parameter.id, parameter]));
}
