import type { InputStatistics } from '../inputStatistics';
import type { Call, Step } from './rule';
import { activationStep, elementwiseStep, gatedLinearUnitStep } from './rules/activation';
import { productStep, reductionStep, sumStep } from './rules/arithmetic';
import { attentionStep } from './rules/attention';
import { convolutionStep } from './rules/convolution';
import { linearStep, matmulStep } from './rules/dense';
import { embeddingStep } from './rules/embedding';
import { lossStep } from './rules/losses';
import { multiheadAttentionStep } from './rules/multiheadAttention';
import { normalisationStep } from './rules/normalisation';
import { copyStep, cumulativeSumStep, gatherStep, pickStep, rankingStep, scatterStep, takeStep } from './rules/picking';
import { poolingStep } from './rules/pooling';
import { recurrentStep } from './rules/recurrence';
import { pixelShuffleStep, upsampleStep } from './rules/resampling';
import { softmaxStep } from './rules/softmax';
import { constantStep, dropoutStep, inputStep, parameterStep, randomStep } from './rules/sources';
import {
  concatStep,
  expandStep,
  identityStep,
  padStep,
  permuteStep,
  reshapeStep,
  sliceStep,
  stackStep,
} from './rules/structure';

/** Runs one operation; undefined where it, or what it needs, is not known. */
export function applyRule(call: Call, statistics: InputStatistics): Step | undefined {
  const { operation } = call.node;
  switch (operation.kind) {
    case 'input':
      return typeof operation.drawn === 'object' && operation.drawn.kind === 'constant'
        ? constantStep(call, operation.drawn)
        : inputStep(call, operation.content, operation.drawn ?? statistics);
    case 'parameter':
      return parameterStep(call);
    case 'constant':
      return constantStep(call, operation);
    case 'random':
      return randomStep(call, operation);
    case 'identity':
      return identityStep(call, operation.stopsGradient === true);
    case 'linear':
      return linearStep(call, operation.inFeatures, operation.outFeatures);
    case 'convolution':
      return convolutionStep(call, operation);
    case 'embedding':
      return embeddingStep(call, operation.count, operation.features);
    case 'activation':
      return activationStep(call, operation.activation);
    case 'softmax':
      return softmaxStep(call, operation);
    case 'gatedLinearUnit':
      return gatedLinearUnitStep(call, operation.gate, operation.axis);
    case 'normalisation':
      return normalisationStep(call, operation);
    case 'dropout':
      return dropoutStep(call, operation);
    case 'pooling':
      return poolingStep(call, operation);
    case 'reduction':
      return reductionStep(call, operation);
    case 'reshape':
      return reshapeStep(call);
    case 'permute':
      return permuteStep(call, operation.order);
    case 'concat':
      return concatStep(call, operation.axis);
    case 'stack':
      return stackStep(call, operation.axis);
    case 'slice':
      return sliceStep(call, operation);
    case 'pick':
      return pickStep(call, operation.axis, operation.places);
    case 'take':
      return takeStep(call, operation.axis);
    case 'gather':
      return gatherStep(call, operation.axis);
    case 'scatter':
      return scatterStep(call, operation.axis, operation.adds);
    case 'ranking':
      return rankingStep(call, operation);
    case 'cumulativeSum':
      return cumulativeSumStep(call, operation.axis);
    case 'expand':
      return expandStep(call);
    case 'pad':
      return operation.copies
        ? copyStep(call, operation.padding, operation.copies)
        : padStep(call, operation.padding, operation.value);
    case 'sum':
      return sumStep(call, operation.coefficients);
    case 'straightThrough': {
      const [output] = call.inputs;
      const sum = sumStep(call, [1, 1]);
      return sum && output && { ...sum, output };
    }
    case 'product':
      return productStep(call);
    case 'elementwise':
      return elementwiseStep(call, operation.expression);
    case 'matmul':
      return matmulStep(call);
    case 'attention':
      return attentionStep(call, operation);
    case 'multiheadAttention':
      return multiheadAttentionStep(call, operation);
    case 'recurrent':
      return recurrentStep(call, operation);
    case 'upsample':
      return upsampleStep(call, operation);
    case 'pixelShuffle':
      return pixelShuffleStep(call, operation.factor);
    case 'loss':
      return lossStep(call, operation);
    case 'unknown':
      return undefined;
  }
}
