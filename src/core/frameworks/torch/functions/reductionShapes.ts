import type { Shape } from '../../../network/network';
import { reducedShape, resolveAxis } from '../../../network/shapes';
import type { Value } from '../../../python/values';
import type { TorchCall } from '../call';
import type { TensorFunction } from './entry';
import { tensorFunctions } from './entry';
import { several, severalShapes, shaped, shapeFunctions, shapeOf } from './shapeRule';

const kept = 'dim=None, keepdim=False, dtype=None, out=None';

/** Reductions of which no operation stands for the values, PyTorch 2.13 `torch/_torch_docs.py`. */
export const reductionShapes: readonly TensorFunction[] = [
  ...shapeFunctions('prod nansum nanmean logsumexp', kept, reduced),
  ...shapeFunctions('all any', kept, reduced, 'booleans'),
  ...shapeFunctions('argmax argmin count_nonzero', kept, reduced, 'integers'),
  ...tensorFunctions('median nanmedian mode', 'dim=None, keepdim=False', (call) => {
    const isMode = call.shortName === 'mode';
    if (!call.has('dim') && !isMode) return shaped(call, []);
    const shape = reducedOver(call, call.ints('dim') ?? [-1]);
    return several(call, [
      [shape, 'reals'],
      [shape, 'integers'],
    ]);
  }),
  ...severalShapes('kthvalue', 'k, dim=-1, keepdim=False', (call) => {
    const shape = reducedOver(call, call.ints('dim'));
    return [
      [shape, 'reals'],
      [shape, 'integers'],
    ];
  }),
  ...severalShapes('std_mean var_mean', 'dim=None, unbiased=True, keepdim=False, correction=1', (call) => {
    const shape = reduced(call);
    return [
      [shape, 'reals'],
      [shape, 'reals'],
    ];
  }),
  ...severalShapes('aminmax', 'dim=None, keepdim=False', (call) => {
    const shape = reduced(call);
    return [
      [shape, 'reals'],
      [shape, 'reals'],
    ];
  }),
  ...shapeFunctions('quantile nanquantile', "q, dim=None, keepdim=False, interpolation='linear'", (call) => {
    const shape = reduced(call);
    const ranks = call.payload('q')?.shape ?? (call.ints('q') ? [] : undefined);
    return shape && (call.number('q') === undefined ? ranks && [...ranks, ...shape] : shape);
  }),
  ...shapeFunctions('trace dist', '*args', () => []),
  ...shapeFunctions('equal allclose is_nonzero', '*args', () => []),
];

/** The shape after a reduction by the arguments `dim` and `keepdim`. */
export function reduced(call: TorchCall): Shape {
  const dim = call.value('dim') ?? call.value('axis');
  return reducedOver(call, isAbsent(dim) ? undefined : (call.ints('dim') ?? call.ints('axis') ?? []));
}

function reducedOver(call: TorchCall, axes: readonly number[] | undefined): Shape {
  const shape = shapeOf(call);
  const keepsAxes = call.flag('keepdim') ?? false;
  if (!axes) return keepsAxes ? shape?.map(() => 1) : [];
  if (!shape || axes.length === 0) return undefined;
  const resolved = axes.map((axis) => resolveAxis(axis, shape.length)).filter((axis) => axis !== undefined);
  return resolved.length === axes.length ? reducedShape(shape, resolved, keepsAxes) : undefined;
}

function isAbsent(value: Value | undefined): boolean {
  return value === undefined || value.kind === 'none';
}
