import type { LossKind, Operation } from '../../../network/network';
import { broadcastShapes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { addNode, type Site } from '../../tensor/trace';
import type { TorchState } from '../state';

/** How the losses of `torch.nn` are named there and as functions, and what they are; PyTorch 2.13. */
export interface LossEntry {
  readonly layer: string;
  readonly function: string;
  readonly loss: LossKind;
  /** Arguments of the constructor, besides `reduction`. */
  readonly options: string;
  /** Tensors it takes. */
  readonly inputs: string;
}

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
  entry('MultiLabelSoftMarginLoss', 'multilabel_soft_margin_loss', 'unknown', `weight=None, ${legacy}`),
  entry('MultiLabelMarginLoss', 'multilabel_margin_loss', 'unknown', legacy),
  entry('MultiMarginLoss', 'multi_margin_loss', 'unknown', `p=1, margin=1.0, weight=None, ${legacy}`),
  entry('SoftMarginLoss', 'soft_margin_loss', 'unknown', legacy),
  entry('HingeEmbeddingLoss', 'hinge_embedding_loss', 'unknown', `margin=1.0, ${legacy}`),
  entry('MarginRankingLoss', 'margin_ranking_loss', 'unknown', `margin=0.0, ${legacy}`, 'input1, input2, target'),
  entry('CosineEmbeddingLoss', 'cosine_embedding_loss', 'unknown', `margin=0.0, ${legacy}`, 'input1, input2, target'),
  entry(
    'TripletMarginLoss',
    'triplet_margin_loss',
    'unknown',
    `margin=1.0, p=2.0, eps=1e-06, swap=False, ${legacy}`,
    'anchor, positive, negative',
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

export function lossOperation(loss: LossKind, reduction: string | undefined): LossOperation {
  return { kind: 'loss', loss, reduction: reduction === 'sum' || reduction === 'none' ? reduction : 'mean' };
}

/** A scalar, or with reduction `none` one value for each element (cross entropy: each sample). */
export function applyLoss(
  state: TorchState,
  operation: LossOperation,
  inputs: readonly TracedTensor[],
  site: Site,
): TracedTensor {
  const [prediction, target] = inputs;
  const perSample = operation.loss === 'crossEntropyLogits' || operation.loss === 'negativeLogLikelihood';
  const elementwise = perSample ? target?.shape : broadcastShapes([prediction?.shape, target?.shape]).shape;
  return addNode(state.session, operation, inputs, operation.reduction === 'none' ? elementwise : [], site);
}

function entry(layer: string, name: string, loss: LossKind, options: string, inputs = 'input, target'): LossEntry {
  return { layer, function: name, loss, options, inputs };
}
