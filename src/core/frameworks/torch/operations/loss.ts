import type { LossKind, Operation, Shape } from '../../../network/network';
import { broadcastShapes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addNode, type Site } from '../../tensor/trace';
import type { TorchCall } from '../call';
import type { TorchState } from '../state';
import { cosineEmbedding, hingeEmbedding, marginRanking, tripletMargin } from './marginLosses';

/** How the losses of `torch.nn` are named there and as functions, and what they are; PyTorch 2.13. */
export interface LossEntry {
  readonly layer: string;
  readonly function: string;
  readonly loss: LossKind;
  /** Arguments of the constructor, besides `reduction`. */
  readonly options: string;
  /** Tensors it takes. */
  readonly inputs: string;
  /** How many values it gives without reduction. */
  readonly unreduced: Unreduced;
  /** The loss as operations; undefined where it is not known to be made of some. */
  readonly composed?: (call: TorchCall) => Value | undefined;
}

/** One value for each element, for each entry of the target, for each sample, or for each vector along the last axis. */
export type Unreduced = 'elements' | 'targets' | 'samples' | 'vectors';

const legacy = "size_average=None, reduce=None, reduction='mean'";

export const losses: readonly LossEntry[] = [
  entry(
    'CrossEntropyLoss',
    'cross_entropy',
    'crossEntropyLogits',
    `weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', label_smoothing=0.0`,
  ),
  entry(
    'NLLLoss',
    'nll_loss',
    'negativeLogLikelihood',
    "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'",
  ),
  entry(
    'NLLLoss2d',
    'nll_loss2d',
    'negativeLogLikelihood',
    "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'",
  ),
  entry('BCELoss', 'binary_cross_entropy', 'binaryCrossEntropyProbabilities', `weight=None, ${legacy}`),
  entry(
    'BCEWithLogitsLoss',
    'binary_cross_entropy_with_logits',
    'binaryCrossEntropyLogits',
    `weight=None, ${legacy}, pos_weight=None`,
  ),
  entry('MSELoss', 'mse_loss', 'meanSquaredError', legacy),
  entry('L1Loss', 'l1_loss', 'meanAbsoluteError', legacy),
  entry('HuberLoss', 'huber_loss', 'huber', "reduction='mean', delta=1.0"),
  entry('SmoothL1Loss', 'smooth_l1_loss', 'huber', `${legacy}, beta=1.0`),
  entry('KLDivLoss', 'kl_div', 'klDivergence', `${legacy}, log_target=False`),
  entry(
    'PoissonNLLLoss',
    'poisson_nll_loss',
    'unknown',
    `log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean'`,
  ),
  entry(
    'GaussianNLLLoss',
    'gaussian_nll_loss',
    'unknown',
    "full=False, eps=1e-06, reduction='mean'",
    'input, target, var',
  ),
  entry(
    'MultiLabelSoftMarginLoss',
    'multilabel_soft_margin_loss',
    'unknown',
    `weight=None, ${legacy}`,
    'input, target',
    'samples',
  ),
  entry('MultiLabelMarginLoss', 'multilabel_margin_loss', 'unknown', legacy, 'input, target', 'samples'),
  entry(
    'MultiMarginLoss',
    'multi_margin_loss',
    'unknown',
    `p=1, margin=1.0, weight=None, ${legacy}`,
    'input, target',
    'samples',
  ),
  entry('SoftMarginLoss', 'soft_margin_loss', 'unknown', legacy),
  {
    ...entry('HingeEmbeddingLoss', 'hinge_embedding_loss', 'unknown', `margin=1.0, ${legacy}`),
    composed: hingeEmbedding,
  },
  {
    ...entry('MarginRankingLoss', 'margin_ranking_loss', 'unknown', `margin=0.0, ${legacy}`, 'input1, input2, target'),
    composed: marginRanking,
  },
  {
    ...entry(
      'CosineEmbeddingLoss',
      'cosine_embedding_loss',
      'unknown',
      `margin=0.0, ${legacy}`,
      'input1, input2, target',
      'targets',
    ),
    composed: cosineEmbedding,
  },
  {
    ...entry(
      'TripletMarginLoss',
      'triplet_margin_loss',
      'unknown',
      `margin=1.0, p=2.0, eps=1e-06, swap=False, ${legacy}`,
      'anchor, positive, negative',
      'vectors',
    ),
    composed: tripletMargin,
  },
  entry(
    'TripletMarginWithDistanceLoss',
    'triplet_margin_with_distance_loss',
    'unknown',
    "distance_function=None, margin=1.0, swap=False, reduction='mean'",
    'anchor, positive, negative',
    'vectors',
  ),
  entry(
    'CTCLoss',
    'ctc_loss',
    'unknown',
    "blank=0, reduction='mean', zero_infinity=False",
    'log_probs, targets, input_lengths, target_lengths',
  ),
];

export type LossOperation = Extract<Operation, { kind: 'loss' }>;

/** What a call or a layer was given by name; undefined where its signature has no such name. */
interface LossArguments {
  text(name: string): string | undefined;
  number(name: string): number | undefined;
}

export function lossOperation(loss: LossKind, given: LossArguments): LossOperation {
  const reduction = given.text('reduction');
  const smoothing = given.number('label_smoothing');
  const beta = given.number('beta');
  const threshold = beta ?? given.number('delta');
  return {
    kind: 'loss',
    loss,
    reduction: reduction === 'sum' || reduction === 'none' ? reduction : 'mean',
    ...(smoothing && { smoothing }),
    ...(threshold !== undefined && { threshold }),
    // Smooth L1 is Huber's loss divided by its threshold.
    ...(beta && { scale: 1 / beta }),
  };
}

/** A scalar, or with reduction `none` one value for each element (cross entropy: each sample). */
export function applyLoss(
  state: TorchState,
  operation: LossOperation,
  inputs: readonly TracedTensor[],
  site: Site,
  unreduced: Unreduced = unreducedOf(operation.loss),
): TracedTensor {
  const shape = operation.reduction === 'none' ? unreducedShape(inputs, unreduced) : [];
  return addNode(state.session, operation, inputs, shape, site);
}

function unreducedOf(loss: LossKind): Unreduced {
  return loss === 'crossEntropyLogits' || loss === 'negativeLogLikelihood' ? 'targets' : 'elements';
}

function unreducedShape(inputs: readonly TracedTensor[], unreduced: Unreduced): Shape {
  const [prediction, target] = inputs;
  if (unreduced === 'targets') return inputs.at(-1)?.shape;
  if (unreduced === 'samples') return prediction?.shape?.slice(0, -1);
  const { shape } = broadcastShapes([prediction?.shape, target?.shape]);
  return unreduced === 'vectors' ? shape?.slice(0, -1) : shape;
}

function entry(
  layer: string,
  name: string,
  loss: LossKind,
  options: string,
  inputs = 'input, target',
  unreduced = unreducedOf(loss),
): LossEntry {
  return { layer, function: name, loss, options, inputs, unreduced };
}
