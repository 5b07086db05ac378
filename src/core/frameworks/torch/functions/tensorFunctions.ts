import type { TensorFunction } from './entry';
import { pointwiseFunctions } from './pointwise';
import { rearrangementFunctions } from './rearrangement';
import { reductionFunctions } from './reduction';
import { roundingFunctions } from './rounding';

/** Functions of `torch` that are methods of `torch.Tensor` as well. */
export const functionsOfTensors: readonly TensorFunction[] = [
  ...pointwiseFunctions,
  ...rearrangementFunctions,
  ...reductionFunctions,
  ...roundingFunctions,
];
