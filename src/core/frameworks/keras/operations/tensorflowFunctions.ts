import { arrayFunctions } from '../../numpy/arrayFunctions';
import type { ArrayFunction, ArrayFunctions } from '../../numpy/arrays';
import { elementwiseFunctions } from '../../numpy/elementwiseFunctions';

/** TensorFlow's own names for functions that NumPy has under others (TensorFlow 2.19 API). */
const otherNames: Readonly<Record<string, string>> = {
  reduce_mean: 'mean',
  reduce_sum: 'sum',
  reduce_max: 'max',
  reduce_min: 'min',
  reduce_std: 'std',
  reduce_variance: 'var',
  norm: 'norm',
  subtract: 'subtract',
  negative: 'negative',
  pow: 'power',
};

export const tensorflowFunctions: ArrayFunctions = Object.fromEntries(
  Object.entries(otherNames).flatMap(([name, other]): [string, ArrayFunction][] => {
    const entry = arrayFunctions[other] ?? elementwiseFunctions[other];
    return entry ? [[name, entry]] : [];
  }),
);
