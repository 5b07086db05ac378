import { complexFunctions } from './complex';
import { contractionFunctions } from './contractions';
import { diagonalShapes } from './diagonalShapes';
import { elementwiseShapes } from './elementwiseShapes';
import type { TensorFunction } from './entry';
import { shortTimeFunctions } from './fourier';
import { withKnownValues } from './knownValues';
import { matrixFunctions } from './linearAlgebra';
import { sectionFunctions } from './listShapes';
import { withLogic } from './logic';
import { pointwiseFunctions } from './pointwise';
import { rearrangementFunctions } from './rearrangement';
import { reductionFunctions } from './reduction';
import { reductionShapes } from './reductionShapes';
import { roundingFunctions } from './rounding';
import { withSelections } from './selection';
import { selectionShapes } from './selectionShapes';

/** Functions of `torch` that are methods of `torch.Tensor` as well. */
export const functionsOfTensors: readonly TensorFunction[] = [
  ...pointwiseFunctions,
  ...rearrangementFunctions,
  ...withKnownValues(withSelections([...reductionFunctions, ...reductionShapes, ...selectionShapes])),
  ...withSelections(roundingFunctions),
  ...withLogic(elementwiseShapes),
  ...withSelections(diagonalShapes),
  ...contractionFunctions,
  ...matrixFunctions,
  ...sectionFunctions,
  ...shortTimeFunctions,
  ...complexFunctions,
];
