import type { LossKind, Operation } from './network';

/** F(o, t) by element; NaN where it is not one. */
export type Elementwise = (output: number, target: number) => number;

/** A loss by element, up to a factor and what does not depend on the output. */
export interface Formula {
  /** What the formula takes: the output, or the shares of a softmax. */
  readonly of: 'plain' | Extract<Operation, { readonly kind: 'softmax' }>['variant'];
  readonly loss: LossKind;
  /** The same loss of the output itself, where the softmax stands behind it. */
  readonly behind?: LossKind;
  readonly isOverClasses: boolean;
  readonly value: Elementwise;
  readonly outputs: readonly number[];
  readonly targets: readonly number[];
}

const reals = [-1.7, -0.6, -0.1, 0.3, 0.9, 2.2];
const probabilities = [0.05, 0.2, 0.45, 0.7, 0.95];
const labels = [0, 1];

export const formulas: readonly Formula[] = [
  {
    of: 'softmax',
    loss: 'crossEntropyProbabilities',
    behind: 'crossEntropyLogits',
    isOverClasses: true,
    value: (p, y) => -y * Math.log(p),
    outputs: probabilities,
    targets: labels,
  },
  {
    of: 'log-softmax',
    loss: 'negativeLogLikelihood',
    behind: 'crossEntropyLogits',
    isOverClasses: true,
    value: (p, y) => -y * p,
    outputs: [-4, -2.5, -1, -0.2],
    targets: labels,
  },
  {
    of: 'plain',
    loss: 'meanSquaredError',
    isOverClasses: false,
    value: (x, y) => (x - y) ** 2,
    outputs: reals,
    targets: [-0.8, 0, 0.55, 1.4],
  },
  {
    of: 'plain',
    loss: 'meanAbsoluteError',
    isOverClasses: false,
    value: (x, y) => Math.abs(x - y),
    outputs: reals,
    targets: [-0.8, 0, 0.55, 1.4],
  },
  {
    of: 'plain',
    loss: 'binaryCrossEntropyProbabilities',
    isOverClasses: false,
    value: (p, y) => -y * Math.log(p) - (1 - y) * Math.log(1 - p),
    outputs: probabilities,
    targets: labels,
  },
  {
    of: 'plain',
    loss: 'binaryCrossEntropyLogits',
    isOverClasses: false,
    value: (z, y) => Math.log1p(Math.exp(z)) - y * z,
    outputs: reals,
    targets: labels,
  },
];

/** An ε inside a logarithm or a clip may move a value by this share of the largest. */
const tolerated = 1e-3;

/** The factor before the formula; undefined where the function is another. At the labels alone the target is one. */
export function scaleOf({ value, outputs, targets }: Formula, f: Elementwise, isPicked: boolean): number | undefined {
  const [start = 0] = outputs;
  const points = (isPicked ? [1] : targets).flatMap((t) =>
    outputs.slice(1).map((o) => ({ expected: value(o, t) - value(start, t), actual: f(o, t) - f(start, t) })),
  );
  const [first] = points;
  if (!first) return undefined;
  const furthestOff = points.reduce((most, point) =>
    Math.abs(point.expected) > Math.abs(most.expected) ? point : most,
  );
  const scale = furthestOff.actual / furthestOff.expected;
  const allowed = tolerated * Math.abs(furthestOff.actual);
  const isSame = points.every(({ expected, actual }) => Math.abs(actual - scale * expected) <= allowed);
  return isSame && Number.isFinite(scale) && scale !== 0 ? scale : undefined;
}
