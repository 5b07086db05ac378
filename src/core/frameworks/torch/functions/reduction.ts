import { matmulShape } from '../../../network/shapes';
import { makeUnknown } from '../../../python/make';
import type { Value } from '../../../python/values';
import { matmul, type ReductionVariant, reduce } from '../../tensor/combining';
import { extremePlace } from '../../tensor/picking';
import type { TorchCall } from '../call';
import { type TensorFunction, tensorFunctions } from './entry';
import { reduced } from './reductionShapes';
import { axisOf, shaped } from './shapeRule';
import { valuesAndIndices } from './valuesAndIndices';

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
    return isEuclidean ? reduction(call, 'norm') : shaped(call, reduced(call));
  }),
  ...['var', 'std'].flatMap((name) =>
    tensorFunctions(name, 'dim=None, unbiased=True, keepdim=False, correction=1', (call) =>
      reduction(call, variants[name] ?? 'std', call.flag('unbiased') === false ? 0 : call.number('correction')),
    ),
  ),
  ...['max', 'min'].flatMap((name) =>
    tensorFunctions(name, 'dim=None, keepdim=False', (call) => extremum(call, name === 'max' ? 'max' : 'min')),
  ),
  ...tensorFunctions('matmul bmm mm mv', 'other', (call) => product(call, 'input', 'other')),
  ...tensorFunctions('baddbmm addmm', 'first, second, beta=1, alpha=1', (call) => {
    const result = product(call, 'first', 'second');
    const input = call.value('input');
    const scaled = (value: Value, name: string) => {
      const factor = call.value(name);
      return factor === undefined || call.number(name) === 1 ? value : call.context.binary('*', value, factor);
    };
    return result && input && call.context.binary('+', scaled(input, 'beta'), scaled(result, 'alpha'));
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

function reduction(call: TorchCall, variant: ReductionVariant, correction = 0): Value | undefined {
  const input = call.tensor('input');
  const dim = call.value('dim');
  const axes = dim && dim.kind !== 'none' && dim.kind !== 'bool' ? call.ints('dim') : undefined;
  if (!input || dim?.kind === 'unknown') return undefined;
  const keepsAxes = call.flag('keepdim') ?? false;
  return call.result(reduce(call.state.session, variant, input, axes, keepsAxes, call.site(), correction));
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
  const axis = axisOf(call, input.shape);
  const { state } = call;
  const place = () =>
    axis === undefined
      ? undefined
      : extremePlace(state.session, input, axis, variant === 'max', call.flag('keepdim') === true, call.site());
  const indices = shaped(call, reduced(call), 'integers', place);
  return indices && valuesAndIndices(values, indices);
}
