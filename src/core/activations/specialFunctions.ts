/** Logistic function 1/(1 + e⁻ˣ), accurate in both tails. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const exponential = Math.exp(x);
  return exponential / (1 + exponential);
}

/** log(1 + eˣ) without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

const twoOverSqrtPi = 2 / Math.sqrt(Math.PI);

/**
 * Error function, relative error about 1e-15. Below 2.5 the all-positive series 2x/√π · e^(−x²) · Σ (2x²)ⁿ/(2n+1)!!
 * (Abramowitz & Stegun 1964, 7.1.6); above it the continued fraction of erfc (7.1.14).
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return Number.NaN;
  if (magnitude > 6) return Math.sign(x);
  if (magnitude > 2.5) return Math.sign(x) * (1 - erfcByFraction(magnitude));
  const doubledSquare = 2 * x * x;
  let term = 1;
  let sum = 1;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= doubledSquare / odd;
    sum += term;
  }
  return twoOverSqrtPi * x * Math.exp(-x * x) * sum;
}

/** 1 − erf(x) with small relative error in the right tail too. */
export function erfc(x: number): number {
  if (x > 27) return 0;
  return x > 2.5 ? erfcByFraction(x) : 1 - erf(x);
}

function erfcByFraction(x: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/** erf⁻¹ by Newton's method from 0, on which erf is concave towards either side, so that no step goes past the root. */
export function inverseErf(y: number): number {
  if (!(Math.abs(y) < 1)) return Math.abs(y) === 1 ? Math.sign(y) * Number.POSITIVE_INFINITY : Number.NaN;
  let x = 0;
  for (let step = 0; step < 100; step++) {
    const change = (y - erf(x)) / (twoOverSqrtPi * Math.exp(-x * x));
    x += change;
    if (Math.abs(change) <= 1e-15 * Math.abs(x)) break;
  }
  return x;
}

/** Standard normal density. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** P(N(0,1) ≤ x). */
export function normalCumulative(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}
