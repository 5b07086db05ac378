import type { Dim, Shape } from '../../../network/network';
import { addDims, broadcastShapes, elementCount, matmulShape } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { concat, expand, reshapeTo, split } from '../../tensor/rearranging';
import type { NativeFunction, TorchCall } from '../call';
import { type TensorFunction, tensorFunctions } from './entry';
import { shaped } from './shapeRule';

/** Functions of `torch` that take any number of tensors, one by one or as a list; PyTorch 2.13 `torch/functional.py`. */
export const listFunctions: readonly NativeFunction[] = [
  onList('block_diag', (call) => {
    const shapes = shapesOf(call).map((shape) => (shape?.length === 1 ? [1, shape[0]] : (shape ?? [])));
    const total = (axis: number) => shapes.reduce<Dim>((sum, shape) => addDims(sum, shape[axis] ?? 1), 0);
    return shaped(call, [total(0), total(1)]);
  }),
  onList('cartesian_prod', (call) => {
    const shapes = shapesOf(call);
    const rows = elementCount(shapes.map((shape) => shape?.[0]));
    return shaped(call, shapes.length === 1 ? [rows] : [rows, shapes.length]);
  }),
  onList('chain_matmul', chained),
  { ...onList('multi_dot', chained), name: 'torch.linalg.multi_dot' },
  onList('broadcast_tensors', (call) => {
    const { shape } = broadcastShapes(shapesOf(call));
    const { state } = call;
    if (!shape) return undefined;
    const results = call.tensors().map(({ tensor }) => expand(state.session, tensor, shape, call.site()));
    return makeTuple(results.map((tensor) => state.tensorValue(tensor)));
  }),
  onList('column_stack', (call) => joined(call, 1, ([size, ...rest]) => [size, ...(rest.length === 0 ? [1] : rest)])),
  onList('dstack', (call) =>
    joined(call, 2, (shape) => {
      const [rows, columns, ...rest] = shape.length === 1 ? [1, ...shape] : shape;
      return [rows, columns, ...(rest.length === 0 ? [1] : rest)];
    }),
  ),
  {
    ...onList('vstack', (call) => joined(call, 0, (shape) => (shape.length === 1 ? [1, ...shape] : shape))),
    name: 'torch.row_stack',
  },
];

/** Methods of tensors too. */
export const sectionFunctions: readonly TensorFunction[] = [
  ...tensorFunctions('hsplit', 'indices_or_sections', (call) =>
    cutAlong(call, call.payload('input')?.shape?.length === 1 ? 0 : 1),
  ),
  ...tensorFunctions('vsplit', 'indices_or_sections', (call) => cutAlong(call, 0)),
  ...tensorFunctions('dsplit', 'indices_or_sections', (call) => cutAlong(call, 2)),
];

function cutAlong(call: TorchCall, axis: number): Value | undefined {
  const input = call.tensor('input');
  const size = input?.shape?.[axis];
  const at = call.value('indices_or_sections');
  if (!input || typeof size !== 'number' || !at) return undefined;
  const sizes = sectionSizes(size, at.kind === 'int' ? at.value : call.ints('indices_or_sections'));
  const parts = sizes && split(call.state.session, input, sizes, axis, call.site());
  return parts && makeTuple(parts.map((part) => call.state.tensorValue(part)));
}

function onList(name: string, call: NativeFunction['call']): NativeFunction {
  return { name: `torch.${name}`, signature: '*tensors', call };
}

function shapesOf(call: TorchCall): readonly Shape[] {
  return call.tensors().map(({ shape }) => shape);
}

function chained(call: TorchCall): Value | undefined {
  const [first, ...rest] = shapesOf(call);
  return shaped(
    call,
    rest.reduce<Shape>((product, shape) => matmulShape(product, shape).shape, first),
  );
}

function joined(call: TorchCall, axis: number, raise: (shape: readonly Dim[]) => readonly Dim[]): Value | undefined {
  const { session } = call.state;
  const tensors = call.tensors().map(({ tensor }): TracedTensor => {
    return tensor.shape ? reshapeTo(session, tensor, raise(tensor.shape), call.site()) : tensor;
  });
  return tensors.length > 0 ? call.result(concat(session, tensors, axis, call.site())) : undefined;
}

/** Sizes of the parts of an axis that is cut into equal sections or at the given places. */
function sectionSizes(size: number, at: number | readonly number[] | undefined): readonly number[] | undefined {
  if (at === undefined) return undefined;
  if (typeof at === 'number') return at > 0 && at <= 4096 ? Array.from({ length: at }, () => size / at) : undefined;
  const bounds = [0, ...at.map((bound) => Math.min(bound, size)), size];
  return bounds.slice(1).map((end, index) => end - (bounds[index] ?? 0));
}
