import type { NodeSignal } from '../../../src/core/signal/profile';

/** A node of which nothing is known. */
export const emptySignal: NodeSignal = {
  node: 0,
  activation: undefined,
  gradient: undefined,
  weightGradient: undefined,
  weightGradients: {},
  outputMean: undefined,
  outputStd: undefined,
  saturated: undefined,
  preactivation: undefined,
  steps: undefined,
  flags: [],
};
