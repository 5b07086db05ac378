import { matmulShape, reducedShape, resolveAxis } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { makeTuple, makeUnknown } from '../../../python/make';
import type { Value } from '../../../python/values';
import { matmul, type ReductionVariant, reduce } from '../../tensor/combining';
import { addUnknown } from '../../tensor/trace';
import type { TorchCall } from '../call';
import { type TensorFunction, tensorFunctions } from './entry';

const variants: Readonly<Record<string, ReductionVariant>> = {
  mean: 'mean',
  sum: 'sum',
  amax: 'max',
  amin: 'min',
  norm: 'norm',
  var: 'variance',
  std: 'std',
};

/** Reductions and matrix products. */
export const reductionFunctions: readonly TensorFunction[] = [
  ...['mean', 'sum', 'amax', 'amin'].flatMap((name) =>
    tensorFunctions(name, 'dim=None, keepdim=False, dtype=None', (call) => reduction(call, variants[name] ?? 'mean')),
  ),
  ...tensorFunctions('norm', "p='fro', dim=None, keepdim=False", (call) => {
    const order = call.number('p');
    const isEuclidean = order === undefined ? call.text('p') === 'fro' : order === 2;
    return isEuclidean ? reduction(call, 'norm') : unknownReduction(call);
  }),
  ...['var', 'std'].flatMap((name) =>
    tensorFunctions(name, 'dim=None, unbiased=True, keepdim=False, correction=1', (call) =>
      reduction(call, variants[name] ?? 'std'),
    ),
  ),
  ...['max', 'min'].flatMap((name) =>
    tensorFunctions(name, 'dim=None, keepdim=False', (call) => extremum(call, name === 'max' ? 'max' : 'min')),
  ),
  ...tensorFunctions('argmax argmin prod logsumexp median all any nansum', 'dim=None, keepdim=False', unknownReduction),
  ...tensorFunctions('matmul bmm mm mv', 'other', (call) => product(call, 'input', 'other')),
  ...tensorFunctions('baddbmm addmm', 'first, second, beta=1, alpha=1', (call) => {
    if (call.number('beta') !== 1 || call.number('alpha') !== 1) return undefined;
    const result = product(call, 'first', 'second');
    const input = call.value('input');
    return result && input && call.context.binary('+', input, result);
  }),
];

export function product(call: TorchCall, firstName: string, secondName: string): Value | undefined {
  const first = call.tensor(firstName);
  const second = call.tensor(secondName);
  if (!first || !second) {
    const known = first ?? second;
    if (!known) return undefined;
    return call.unknown('one side of a matrix product is not known', matmulShape(first?.shape, second?.shape).shape);
  }
  return call.result(matmul(call.state.session, first, second, call.site()));
}

function reduction(call: TorchCall, variant: ReductionVariant): Value | undefined {
  const input = call.tensor('input');
  const dim = call.value('dim') ?? call.value('axis');
  const axes = dim && dim.kind !== 'none' && dim.kind !== 'bool' ? (call.ints('dim') ?? call.ints('axis')) : undefined;
  if (!input || dim?.kind === 'unknown') return undefined;
  return call.result(reduce(call.state.session, variant, input, axes, call.flag('keepdim') ?? false, call.site()));
}

/** Over one axis `torch.max` gives values and indices; of two tensors it is elementwise. */
function extremum(call: TorchCall, variant: 'max' | 'min'): Value | undefined {
  const input = call.tensor('input');
  const other = call.value('dim') ?? call.value('other');
  if (!input) return undefined;
  if (call.state.payloadOf(other)) {
    const name = variant === 'max' ? 'maximum' : 'minimum';
    return call.context.call(
      call.context.getAttribute(call.value('input') ?? makeUnknown(''), name),
      other ? [other] : [],
    );
  }
  const values = reduction(call, variant);
  if (!values || !call.has('dim')) return values;
  const indices = call.state.lazyTensor(reducedOf(call, input), () =>
    addUnknown(
      call.state.session,
      `the indices of torch.${variant} are not followed`,
      [input],
      reducedOf(call, input),
      call.site(),
    ),
  );
  return makeTuple([values, indices]);
}

function unknownReduction(call: TorchCall): Value | undefined {
  const input = call.tensor('input');
  return input && call.unknown(`${call.name} is not followed`, reducedOf(call, input));
}

function reducedOf(call: TorchCall, input: TracedTensor): TracedTensor['shape'] {
  const { shape } = input;
  if (!call.has('dim')) return [];
  const axes = shape && call.ints('dim')?.map((axis) => resolveAxis(axis, shape.length));
  const known = axes?.filter((axis) => axis !== undefined);
  return known && reducedShape(shape, known, call.flag('keepdim') ?? false);
}
