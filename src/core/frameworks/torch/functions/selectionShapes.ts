import type { Dim, Shape } from '../../../network/network';
import { broadcastShapes, elementCount } from '../../../network/shapes';
import type { Value } from '../../../python/values';
import type { TorchCall } from '../call';
import { type TensorFunction, tensorFunctions } from './entry';
import { distinctConstants } from './knownValues';
import { axisOf, type Elements, several, severalShapes, shaped, shapeFunctions, shapeOf, withAxis } from './shapeRule';

const same = (call: TorchCall): Shape => shapeOf(call);
const sameWithIndices = (call: TorchCall) =>
  [
    [shapeOf(call), 'reals'],
    [shapeOf(call), 'integers'],
  ] as const;

/** Functions that pick, order, count or replace elements, PyTorch 2.13 `torch/_torch_docs.py`. */
export const selectionShapes: readonly TensorFunction[] = [
  ...shapeFunctions('tril triu', 'diagonal=0, out=None', same),
  ...shapeFunctions('flip', '*dims', same),
  ...shapeFunctions('fliplr flipud', '', same),
  ...shapeFunctions('roll', 'shifts, dims=None', same),
  ...shapeFunctions('rot90', 'k=1, dims=[0, 1]', (call) => {
    const shape = shapeOf(call);
    const [first = 0, second = 1] = call.ints('dims') ?? [];
    if ((call.int('k') ?? 1) % 2 === 0) return shape;
    return shape?.map((size, axis) => (axis === first ? shape[second] : axis === second ? shape[first] : size));
  }),
  ...severalShapes('sort', 'dim=-1, descending=False, stable=False, out=None', sameWithIndices),
  ...severalShapes('cummax cummin', 'dim, out=None', sameWithIndices),
  ...shapeFunctions('argsort', 'dim=-1, descending=False, stable=False', same, 'integers'),
  ...shapeFunctions('msort', 'out=None', same),
  ...severalShapes('topk', 'k, dim=-1, largest=True, sorted=True, out=None', (call) => {
    const input = shapeOf(call);
    const shape = withAxis(input, axisOf(call, input, 'dim', -1), () => call.dim('k'));
    return [
      [shape, 'reals'],
      [shape, 'integers'],
    ];
  }),
  ...shapeFunctions('gather', 'dim, index, sparse_grad=False, out=None', (call) => shapeOf(call, 'index')),
  ...shapeFunctions('take', 'index', (call) => shapeOf(call, 'index')),
  ...shapeFunctions('take_along_dim', 'indices, dim=None', (call) => {
    const [input, indices] = [shapeOf(call), shapeOf(call, 'indices')];
    if (!call.has('dim')) return indices && [elementCount(indices)];
    const axis = axisOf(call, input);
    const ones = (shape: Shape) => withAxis(shape, axis, () => 1);
    return withAxis(broadcastShapes([ones(input), ones(indices)]).shape, axis, () =>
      axis === undefined ? undefined : indices?.[axis],
    );
  }),
  ...shapeFunctions('index_select', 'dim, index, out=None', (call) => {
    const input = shapeOf(call);
    return withAxis(input, axisOf(call, input), () => elementCount(shapeOf(call, 'index')));
  }),
  ...tensorFunctions(
    'unique',
    'sorted=True, return_inverse=False, return_counts=False, dim=None',
    (call) => distinctConstants(call) ?? distinct(call),
  ),
  ...tensorFunctions('unique_consecutive', 'return_inverse=False, return_counts=False, dim=None', distinct),
  ...shapeFunctions('masked_select', 'mask', () => [undefined]),
  ...shapeFunctions('scatter scatter_add', 'dim, index, src=None, value=None, reduce=None', same),
  ...shapeFunctions('index_add index_copy', 'dim, index, source, alpha=1', same),
  ...shapeFunctions(
    'scatter_reduce index_fill index_put index_reduce masked_scatter put select_scatter slice_scatter diagonal_scatter fill',
    '*args',
    same,
  ),
  ...shapeFunctions(
    'nonzero_static',
    'size, fill_value=-1',
    (call) => [call.dim('size'), shapeOf(call)?.length],
    'integers',
  ),
  ...shapeFunctions('bernoulli', 'p=None, generator=None', same, 'reals', 'method'),
  ...shapeFunctions('sum_to_size', '*size', (call) => call.sizes('size'), 'reals', 'method'),
  ...shapeFunctions('nonzero argwhere', 'as_tuple=False', (call) => [undefined, shapeOf(call)?.length], 'integers'),
  ...shapeFunctions(
    'multinomial',
    'num_samples, replacement=False',
    (call) => {
      const shape = shapeOf(call);
      return shape && [...shape.slice(0, -1), call.dim('num_samples')];
    },
    'integers',
  ),
  ...shapeFunctions('bucketize', 'boundaries, out_int32=False, right=False', same, 'integers'),
  ...shapeFunctions(
    'searchsorted',
    'values, out_int32=False, right=False',
    (call) => shapeOf(call, 'values') ?? [],
    'integers',
  ),
  ...shapeFunctions('bincount', 'weights=None, minlength=0', () => [undefined], 'integers'),
  ...shapeFunctions('histc', 'bins=100, min=0, max=0', (call) => [call.dim('bins')]),
  ...shapeFunctions('combinations', 'r=2, with_replacement=False', (call) => {
    const [size] = shapeOf(call) ?? [];
    const chosen = call.int('r');
    return [chosen === undefined ? undefined : combinationCount(size, chosen, call.flag('with_replacement')), chosen];
  }),
];

function distinct(call: TorchCall): Value | undefined {
  const shape = shapeOf(call);
  const values = call.has('dim') ? withAxis(shape, axisOf(call, shape), () => undefined) : [undefined];
  const more: (readonly [Shape, Elements])[] = [];
  if (call.flag('return_inverse')) more.push([shape, 'integers']);
  if (call.flag('return_counts')) more.push([[undefined], 'integers']);
  return more.length === 0 ? shaped(call, values) : several(call, [[values, 'reals'], ...more]);
}

function combinationCount(size: Dim, chosen: number, repeats: boolean | undefined): Dim {
  if (typeof size !== 'number') return undefined;
  const from = repeats ? size + chosen - 1 : size;
  let count = 1;
  for (let index = 0; index < chosen; index++) count = (count * (from - index)) / (index + 1);
  return Math.max(0, Math.round(count));
}
