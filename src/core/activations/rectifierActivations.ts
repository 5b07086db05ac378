import { add, apply, greater, less, maximum, minimum, multiply, negate, subtract, where, z } from './construct';
import { type ActivationDefinition, bound, closed, realLine, rightOpen } from './entry';

const heForRelu = {
  id: 'he-normal',
  reason: 'variance 2/fan-in makes up for the half that is cut off, He et al. 2015 eq. 10',
} as const;
const infinity = Number.POSITIVE_INFINITY;

export const rectifierActivations = {
  relu: {
    title: 'ReLU',
    formula: 'max(0, z)',
    derivative: '1 where z > 0, else 0',
    family: 'rectifier',
    parameters: [],
    expression: () => maximum(z, 0),
    range: () => rightOpen(0, infinity),
    slopeMaximum: () => ({ value: 1, where: 'all z > 0' }),
    saturation: () => ({ below: 0, above: undefined }),
    saturates: 'z ≤ 0: output and slope are 0',
    strengths: ['does not saturate for z > 0', 'cheap', 'sparse output'],
    weaknesses: ['a unit whose z is always negative is dead: no gradient revives it', 'output is not zero-centred'],
    typicalUse: 'the default for hidden layers of convolutional and fully connected networks',
    initialiser: heForRelu,
    source: 'Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines',
  },
  'leaky-relu': {
    title: 'Leaky ReLU',
    formula: 'z where z > 0, else a·z',
    derivative: '1 where z > 0, else a',
    family: 'rectifier',
    parameters: [{ name: 'negativeSlope', default: 0.01 }],
    expression: (p) => leaky(bound(p, 'negativeSlope')),
    range: (p) => leakyRange(bound(p, 'negativeSlope')),
    slopeMaximum: (p) => leakySlope(bound(p, 'negativeSlope')),
    saturation: () => ({ below: 0, above: undefined }),
    saturates: 'counted at z ≤ 0, where the slope is only a; it never is 0',
    strengths: ['cheap', 'no unit can die: the gradient never is exactly 0'],
    weaknesses: ['the negative slope is one more thing to choose, and frameworks differ in its default'],
    typicalUse: 'discriminators of adversarial networks, where ReLU units die',
    initialiser: { id: 'he-normal', reason: 'variance 2/((1 + a²)·fan-in), He et al. 2015 eq. 15' },
    source: 'Maas, Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models',
  },
  prelu: {
    title: 'PReLU',
    formula: 'z where z > 0, else a·z, with a learned',
    derivative: '1 where z > 0, else a',
    family: 'rectifier',
    parameters: [{ name: 'negativeSlope', default: 0.25, isTrainable: true }],
    expression: (p) => leaky(bound(p, 'negativeSlope')),
    range: (p) => leakyRange(bound(p, 'negativeSlope')),
    slopeMaximum: (p) => leakySlope(bound(p, 'negativeSlope')),
    saturation: () => ({ below: 0, above: undefined }),
    saturates: 'counted at z ≤ 0, where the slope is only a',
    strengths: ['the network chooses the negative slope itself'],
    weaknesses: ['extra parameters; weight decay pulls them towards plain ReLU'],
    typicalUse: 'deep convolutional networks, super-resolution',
    initialiser: { id: 'he-normal', reason: 'variance 2/((1 + a²)·fan-in), He et al. 2015 eq. 15' },
    source: 'He, Zhang, Ren & Sun 2015, Delving deep into rectifiers',
  },
  rrelu: {
    title: 'RReLU',
    formula: 'z where z > 0, else a·z, with a drawn from U(lo, hi) in training and their mean after it',
    derivative: '1 where z > 0, else a',
    family: 'rectifier',
    parameters: [
      { name: 'lower', default: 1 / 8 },
      { name: 'upper', default: 1 / 3 },
    ],
    expression: (p) => leaky(meanSlope(p)),
    range: (p) => leakyRange(meanSlope(p)),
    slopeMaximum: (p) => leakySlope(meanSlope(p)),
    saturation: () => ({ below: 0, above: undefined }),
    saturates: 'counted at z ≤ 0, where the slope is only a',
    strengths: ['the random slope regularises'],
    weaknesses: ['training and evaluation differ', 'the curve shown is that of evaluation'],
    typicalUse: 'small data sets',
    initialiser: { id: 'he-normal', reason: 'variance 2/((1 + a²)·fan-in) with the mean slope, He et al. 2015 eq. 15' },
    source: 'Xu, Wang, Chen & Li 2015, Empirical evaluation of rectified activations',
  },
  relu6: {
    title: 'ReLU6',
    formula: 'min(max(0, z), 6)',
    derivative: '1 where 0 < z < 6, else 0',
    family: 'rectifier',
    parameters: [],
    expression: () => minimum(maximum(z, 0), 6),
    range: () => closed(0, 6),
    slopeMaximum: () => ({ value: 1, where: '0 < z < 6' }),
    saturation: () => ({ below: 0, above: 6 }),
    saturates: 'z ≤ 0 or z ≥ 6',
    strengths: ['bounded: keeps precision in low-bit arithmetic'],
    weaknesses: ['units die as with ReLU', 'flat above 6 too'],
    typicalUse: 'networks for small devices (MobileNet)',
    initialiser: heForRelu,
    source: 'Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10',
  },
  'general-relu': {
    title: 'ReLU with ceiling, slope and threshold',
    formula: 'min(z, m) where z > t, else a·(z − t)',
    derivative: '1 where t < z < m, 0 where z > m, else a',
    family: 'rectifier',
    parameters: [
      { name: 'negativeSlope', default: 0 },
      { name: 'maxValue', default: Number.MAX_VALUE },
      { name: 'threshold', default: 0 },
    ],
    expression: (p) => generalRelu(bound(p, 'negativeSlope'), bound(p, 'maxValue'), bound(p, 'threshold')),
    range: (p) => ({
      low: bound(p, 'negativeSlope') > 0 ? Number.NEGATIVE_INFINITY : Math.min(0, bound(p, 'maxValue')),
      high: hasCeiling(bound(p, 'maxValue')) ? bound(p, 'maxValue') : infinity,
      isLowAttained: bound(p, 'negativeSlope') <= 0,
      isHighAttained: hasCeiling(bound(p, 'maxValue')),
    }),
    slopeMaximum: (p) => ({ value: Math.max(1, Math.abs(bound(p, 'negativeSlope'))), where: 't < z < m' }),
    saturation: (p) => ({
      below: bound(p, 'threshold'),
      above: hasCeiling(bound(p, 'maxValue')) ? bound(p, 'maxValue') : undefined,
    }),
    saturates: 'z ≤ t or z ≥ m',
    strengths: ['one function for ReLU, leaky ReLU, ReLU6 and thresholds'],
    weaknesses: ['a threshold above 0 makes the function jump'],
    typicalUse: 'the Keras ReLU layer with non-default arguments',
    initialiser: heForRelu,
    source: 'Keras 3 keras/src/activations/activations.py, relu',
  },
  threshold: {
    title: 'Threshold',
    formula: 'z where z > t, else v',
    derivative: '1 where z > t, else 0',
    family: 'rectifier',
    parameters: [
      { name: 'threshold', default: 0 },
      { name: 'value', default: 0 },
    ],
    expression: (p) => where(greater(z, bound(p, 'threshold')), z, bound(p, 'value')),
    range: (p) => ({
      low: Math.min(bound(p, 'threshold'), bound(p, 'value')),
      high: infinity,
      isLowAttained: bound(p, 'value') <= bound(p, 'threshold'),
      isHighAttained: false,
    }),
    slopeMaximum: () => ({ value: 1, where: 'all z > t' }),
    saturation: (p) => ({ below: bound(p, 'threshold'), above: undefined }),
    saturates: 'z ≤ t',
    strengths: ['general form of ReLU'],
    weaknesses: ['jumps unless v = t', 'units die as with ReLU'],
    typicalUse: 'rare; ReLU is its case t = v = 0',
    initialiser: heForRelu,
    source: 'PyTorch torch.nn.Threshold; Konda, Memisevic & Krueger 2014, Zero-bias autoencoders',
  },
  'squared-relu': {
    title: 'Squared ReLU',
    formula: 'max(0, z)²',
    derivative: '2·max(0, z)',
    family: 'rectifier',
    parameters: [],
    expression: () => apply('square', maximum(z, 0)),
    range: () => rightOpen(0, infinity),
    slopeMaximum: () => ({ value: infinity, where: 'z → ∞' }),
    saturation: () => ({ below: 0, above: undefined }),
    saturates: 'z ≤ 0: output and slope are 0',
    strengths: ['smooth at 0', 'strong sparsity'],
    weaknesses: ['grows quadratically: needs a norm layer in front', 'units die as with ReLU'],
    typicalUse: 'feed-forward blocks of language models (Primer)',
    initialiser: { id: 'he-normal', reason: 'the usual start; no scale is stable without normalisation' },
    source: 'So et al. 2021, Primer: searching for efficient transformers',
  },
  'hard-swish': {
    title: 'Hard swish',
    formula: 'z·clip(z + 3, 0, 6)/6',
    derivative: '0 where z < −3, 1 where z > 3, else z/3 + 1/2',
    family: 'rectifier',
    parameters: [],
    expression: () => multiply(z, multiply(1 / 6, minimum(maximum(add(z, 3), 0), 6))),
    range: () => rightOpen(-0.375, infinity),
    slopeMaximum: () => ({ value: 1.5, where: 'z → 3 from below' }),
    saturation: () => ({ below: -3, above: undefined }),
    saturates: 'z ≤ −3: output and slope are 0',
    strengths: ['nearly SiLU without an exponential'],
    weaknesses: ['slope jumps at ±3', 'not monotone'],
    typicalUse: 'networks for small devices (MobileNetV3)',
    initialiser: { id: 'he-normal', reason: 'close to ReLU for large |z|' },
    source: 'Howard et al. 2019, Searching for MobileNetV3',
  },
  'hard-shrink': {
    title: 'Hard shrink',
    formula: 'z where |z| > λ, else 0',
    derivative: '1 where |z| > λ, else 0',
    family: 'shrinkage',
    parameters: [{ name: 'threshold', default: 0.5 }],
    expression: (p) => where(greater(apply('abs', z), bound(p, 'threshold')), z, 0),
    range: () => realLine,
    slopeMaximum: () => ({ value: 1, where: '|z| > λ' }),
    saturation: undefined,
    saturates: 'does not saturate at large |z|; it is flat for |z| ≤ λ',
    strengths: ['exact zeros for small values, large ones untouched'],
    weaknesses: ['jumps at ±λ', 'no gradient near 0, where fresh pre-activations lie'],
    typicalUse: 'sparse coding',
    initialiser: { id: 'xavier-normal', reason: 'odd and linear outside the dead zone' },
    source: 'Donoho & Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage',
  },
  'soft-shrink': {
    title: 'Soft shrink',
    formula: 'sign(z)·max(|z| − λ, 0)',
    derivative: '1 where |z| > λ, else 0',
    family: 'shrinkage',
    parameters: [{ name: 'threshold', default: 0.5 }],
    expression: (p) => softShrink(bound(p, 'threshold')),
    range: () => realLine,
    slopeMaximum: () => ({ value: 1, where: '|z| > λ' }),
    saturation: undefined,
    saturates: 'does not saturate at large |z|; it is flat for |z| ≤ λ',
    strengths: ['exact zeros for small values, continuous'],
    weaknesses: ['biases large values by λ', 'no gradient near 0'],
    typicalUse: 'unrolled iterative thresholding (LISTA)',
    initialiser: { id: 'xavier-normal', reason: 'odd and linear outside the dead zone' },
    source: 'Donoho & Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage',
  },
} as const satisfies Record<string, ActivationDefinition>;

type Bound = Readonly<Record<string, number>>;

function leaky(slope: number) {
  return where(greater(z, 0), z, multiply(slope, z));
}

function leakyRange(slope: number) {
  return slope > 0 ? realLine : rightOpen(0, infinity);
}

function leakySlope(slope: number) {
  return { value: Math.max(1, Math.abs(slope)), where: Math.abs(slope) > 1 ? 'all z < 0' : 'all z > 0' };
}

function meanSlope(parameters: Bound): number {
  return (bound(parameters, 'lower') + bound(parameters, 'upper')) / 2;
}

function hasCeiling(maxValue: number): boolean {
  return maxValue < Number.MAX_VALUE;
}

function generalRelu(negativeSlope: number, maxValue: number, threshold: number) {
  const upper = hasCeiling(maxValue) ? minimum(z, maxValue) : z;
  return where(greater(z, threshold), upper, multiply(negativeSlope, add(z, -threshold)));
}

function softShrink(threshold: number) {
  return where(greater(z, threshold), subtract(z, threshold), where(less(z, negate(threshold)), add(z, threshold), 0));
}
