import { broadcastShapes } from '../../../network/shapes';
import type { NativeFunction } from '../call';
import { elementwiseShapes } from './elementwiseShapes';
import { pointwiseFunctions } from './pointwise';
import { reductionShapes } from './reductionShapes';
import { roundingFunctions } from './rounding';
import { shaped } from './shapeRule';

/** Functions of `torch` that `torch.special` has under the same name, or another. */
const shared: Readonly<Record<string, string>> = {
  digamma: 'digamma',
  psi: 'digamma',
  erf: 'erf',
  erfc: 'erfc',
  erfinv: 'erfinv',
  exp2: 'exp2',
  expm1: 'expm1',
  gammainc: 'igamma',
  gammaincc: 'igammac',
  gammaln: 'lgamma',
  i0: 'i0',
  log1p: 'log1p',
  logit: 'logit',
  logsumexp: 'logsumexp',
  multigammaln: 'mvlgamma',
  polygamma: 'polygamma',
  round: 'round',
  sinc: 'sinc',
  xlogy: 'xlogy',
};

/** Elementwise functions of `torch.special` alone, of one tensor or of several that broadcast. */
const onlySpecial = [
  ...['airy_ai', 'bessel_j0', 'bessel_j1', 'bessel_y0', 'bessel_y1', 'entr', 'erfcx', 'i0e', 'i1', 'i1e', 'log_ndtr'],
  ...['ndtr', 'ndtri', 'spherical_bessel_j0', 'xlog1py', 'zeta', 'laguerre_polynomial_l', 'legendre_polynomial_p'],
  ...['hermite_polynomial_h', 'hermite_polynomial_he'],
  ...['i0', 'i1', 'k0', 'k1'].map((name) => `modified_bessel_${name}`),
  ...['k0', 'k1'].map((name) => `scaled_modified_bessel_${name}`),
  ...['t', 'u', 'v', 'w'].flatMap((kind) => [`chebyshev_polynomial_${kind}`, `shifted_chebyshev_polynomial_${kind}`]),
];

const tables = [...pointwiseFunctions, ...elementwiseShapes, ...reductionShapes, ...roundingFunctions];

/** `torch.special` of PyTorch 2.13; the activations in it stand in the catalogue. */
export const specialFunctions: readonly NativeFunction[] = [
  ...Object.entries(shared).flatMap(([name, original]) =>
    tables
      .filter((entry) => entry.name === original)
      .map(({ signature, call }) => ({ name: `torch.special.${name}`, signature: `input, ${signature}`, call })),
  ),
  ...onlySpecial.map(
    (name): NativeFunction => ({
      name: `torch.special.${name}`,
      signature: 'input, *others',
      call: (call) => shaped(call, broadcastShapes(call.tensors().map(({ shape }) => shape)).shape),
    }),
  ),
];
