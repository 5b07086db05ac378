import { inert, type NamedAlias, nameEntry } from './aliases';

/** NumPy 2 and SciPy 1 functions that are activations by themselves; what is written out in arithmetic is recognised by its expression. */
export const numpyNames: readonly NamedAlias[] = [
  ...nameEntry('numpy', 'tanh', 'function', ['numpy.tanh']),
  ...nameEntry('numpy', 'exponential', 'function', ['numpy.exp']),
  ...nameEntry('numpy', 'sine', 'function', ['numpy.sin']),
  ...nameEntry('numpy', 'arctan', 'function', ['numpy.arctan', 'numpy.atan']),
  ...nameEntry('numpy', 'sign', 'function', ['numpy.sign']),
  ...nameEntry('numpy', 'sigmoid', 'function', ['scipy.special.expit']),
  ...nameEntry('numpy', 'log-sigmoid', 'function', ['scipy.special.log_expit']),
  ...nameEntry('numpy', 'softmax', 'function', ['scipy.special.softmax'], [inert('axis')]),
  ...nameEntry('numpy', 'log-softmax', 'function', ['scipy.special.log_softmax'], [inert('axis')]),
];
