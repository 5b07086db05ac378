import type { Operation } from '../../network/network';
import { affineOf } from './binArithmetic';
import { consumed, type Field, type Gradient } from './field';
import { haveCommonFactors } from './origins';
import { productStep } from './product';
import type { Call, Step } from './rule';

/** Beyond this relative variance the denominator comes too near to zero for two moments. */
const mostSpread = 0.1;

/**
 * x / s with s hardly varying about a mean m ≠ 0: the product of x with 1/s, to second order in how s varies. With c the relative covariance of
 * two elements of s and v the relative variance, E[1/s] = (1 + v)/m and E[1/(s s′)] = (1 + 2v + c)/m²; backward, −1/s² is (1 + 4v)/m² in size.
 * x and s are independent; where both come from the same values (statistics of x itself, a sum divided by its own size) the gradients by
 * both cancel in part: unknown.
 */
export function quotientStep(call: Call): Step | undefined {
  const [numerator, denominator] = call.inputs;
  const inverse = denominator && !haveCommonFactors(call) ? inverseOf(denominator) : undefined;
  if (!numerator || !inverse) return undefined;
  const product = productStep({ ...call, inputs: [numerator, inverse.field] });
  if (!product) return undefined;
  return {
    ...product,
    backward: (gradient) => {
      const backward = product.backward(gradient);
      const [byNumerator, byInverse] = backward.inputs;
      const byDenominator = byInverse && byInverse !== 'unknown' ? inverse.back(byInverse) : byInverse;
      return { ...backward, inputs: [byNumerator, byDenominator] };
    },
  };
}

interface Inverse {
  readonly field: Field;
  readonly back: (gradient: Gradient) => Gradient;
}

/** Undefined where the mean is zero or little against how much the values vary. */
function inverseOf(raw: Field): Inverse | undefined {
  const field = consumed(raw);
  const segments = field.segments.map((segment) => {
    const square = segment.mean ** 2;
    const spread = (segment.within[0] as number) / square - 1;
    const moved = (values: Float64Array) => affineOf(values, 1 / square ** 2, (2 * spread) / square);
    return {
      spread,
      own: {
        channels: segment.channels,
        mean: (1 + spread) / segment.mean,
        within: moved(segment.within),
        across: moved(segment.across),
      },
      slope: (1 + 4 * spread) ** 2 / square ** 2,
    };
  });
  if (!segments.every(({ spread }) => spread <= mostSpread)) return undefined;
  return {
    field: {
      ...field,
      segments: segments.map(({ own }) => own),
      logScale: -field.logScale,
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    back: (gradient) => ({
      ...gradient,
      layout: raw.layout,
      logScale: gradient.logScale - 2 * field.logScale,
      segments: gradient.segments.map(({ within, across }, index) => {
        const slope = (segments[index] ?? segments[0])?.slope ?? Number.NaN;
        return { within: affineOf(within, slope), across: affineOf(across, slope) };
      }),
    }),
  };
}

/** Whether an expression is its first input divided by its second. */
export function isQuotient({ expression }: Extract<Operation, { kind: 'elementwise' }>): boolean {
  if (expression.kind !== 'apply' || expression.primitive !== 'divide') return false;
  return expression.operands.every((operand, index) => operand.kind === 'input' && operand.index === index);
}
