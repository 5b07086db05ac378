import { orthogonal } from '../../../network/initialisers';
import type { Dim, Shape } from '../../../network/network';
import { broadcastShapes, matmulShape } from '../../../network/shapes';
import type { NativeFunction, TorchCall } from '../call';
import { random } from './creation';
import { type TensorFunction, tensorFunctions } from './entry';
import { product } from './reduction';
import { reduced } from './reductionShapes';
import { axisOf, several, severalShapes, shapeFunctions, shapeOf } from './shapeRule';
import { matrixFactors } from './valuesAndIndices';

const same = (call: TorchCall): Shape => shapeOf(call);

/** Of matrices in the last two axes, PyTorch 2.13 `torch/linalg/__init__.py`; those that `torch` has as well. */
export const matrixFunctions: readonly TensorFunction[] = [
  ...shapeFunctions('inverse matrix_power cholesky cholesky_inverse', '*args', same),
  ...shapeFunctions('matrix_exp', '', same),
  ...shapeFunctions('det logdet', '', (call) => shapeOf(call)?.slice(0, -2)),
  ...severalShapes('slogdet', '', (call) => [
    [shapeOf(call)?.slice(0, -2), 'reals'],
    [shapeOf(call)?.slice(0, -2), 'reals'],
  ]),
  ...shapeFunctions('pinverse', 'rcond=1e-15', transposed),
  ...shapeFunctions('adjoint', '', transposed),
  ...factors('qr', 'some=True', [0], (call) => qrShapes(shapeOf(call), call.flag('some') !== false)),
  ...factors('svd', 'some=True, compute_uv=True', [0, 2], (call) => {
    const [left, values, right] = svdShapes(shapeOf(call), call.flag('some') !== false);
    return [
      [left, 'reals'],
      [values, 'reals'],
      [right && swapped(right), 'reals'],
    ];
  }),
  ...severalShapes('triangular_solve', 'A, upper=True, transpose=False, unitriangular=False', (call) => [
    [shapeOf(call), 'reals'],
    [shapeOf(call, 'A'), 'reals'],
  ]),
  ...shapeFunctions('cholesky_solve', 'input2, upper=False', same),
  ...shapeFunctions(
    'cross',
    'other, dim=None',
    (call) => broadcastShapes([shapeOf(call), shapeOf(call, 'other')]).shape,
  ),
  ...shapeFunctions(
    'addmv',
    'mat, vec, beta=1, alpha=1',
    (call) => matmulShape(shapeOf(call, 'mat'), shapeOf(call, 'vec')).shape,
  ),
  ...shapeFunctions('addr', 'vec1, vec2, beta=1, alpha=1', (call) => [
    shapeOf(call, 'vec1')?.[0],
    shapeOf(call, 'vec2')?.[0],
  ]),
  ...shapeFunctions('addbmm', 'batch1, batch2, beta=1, alpha=1', (call) => {
    const products = matmulShape(shapeOf(call, 'batch1'), shapeOf(call, 'batch2')).shape;
    return products?.slice(-2);
  }),
  ...shapeFunctions('cov', 'correction=1, fweights=None, aweights=None', covariance),
  ...shapeFunctions('corrcoef', '', covariance),
  ...shapeFunctions('nuclear_norm frobenius_norm', 'dim=None, keepdim=False', reduced),
];

/** `torch.linalg` of PyTorch 2.13. */
export const linearAlgebraFunctions: readonly NativeFunction[] = inLinearAlgebra([
  ...matrixFunctions.filter(({ name }) => /^(det|slogdet|cholesky|matrix_exp|matrix_power|cross)$/.test(name)),
  ...shapeFunctions('inv', '', same),
  ...shapeFunctions('pinv', '*args', transposed),
  ...severalShapes('inv_ex cholesky_ex', '*args', (call) => [
    [shapeOf(call), 'reals'],
    [shapeOf(call)?.slice(0, -2), 'integers'],
  ]),
  ...tensorFunctions('matmul', 'other', (call) => product(call, 'input', 'other')),
  ...tensorFunctions('norm vector_norm', 'ord=None, dim=None, keepdim=False, dtype=None', (call) => {
    const order = call.value('ord');
    const isEuclidean = order === undefined || order.kind === 'none' || call.number('ord') === 2;
    const norm = call.context.getAttribute(call.value('input') ?? { kind: 'none' }, 'norm');
    const named = new Map([...call.args.values].filter(([name]) => name === 'dim' || name === 'keepdim'));
    const p = isEuclidean ? { kind: 'int' as const, value: 2 } : order;
    return call.payload('input') && call.context.call(norm, [p], named);
  }),
  ...shapeFunctions('matrix_norm', "ord='fro', dim=(-2, -1), keepdim=False, dtype=None", reduced),
  ...shapeFunctions('vecdot', 'other, dim=-1', (call) => {
    const shape = broadcastShapes([shapeOf(call), shapeOf(call, 'other')]).shape;
    const axis = axisOf(call, shape);
    return shape?.filter((_, index) => index !== axis);
  }),
  ...factors('qr', "mode='reduced'", [0], (call) => qrShapes(shapeOf(call), call.text('mode') !== 'complete')),
  ...factors('svd', 'full_matrices=True', [0, 2], (call) =>
    svdShapes(shapeOf(call), call.flag('full_matrices') === false).map((shape) => [shape, 'reals'] as const),
  ),
  ...shapeFunctions('svdvals', '', (call) => svdShapes(shapeOf(call), true)[1]),
  ...severalShapes('eig eigh', "UPLO='L'", (call) => [
    [shapeOf(call)?.slice(0, -1), 'reals'],
    [shapeOf(call), 'reals'],
  ]),
  ...shapeFunctions('eigvals eigvalsh', "UPLO='L'", (call) => shapeOf(call)?.slice(0, -1)),
  ...shapeFunctions('solve solve_triangular', 'B, upper=True, left=True', (call) => shapeOf(call, 'B')),
  ...severalShapes('solve_ex', 'B, left=True', (call) => [
    [shapeOf(call, 'B'), 'reals'],
    [shapeOf(call)?.slice(0, -2), 'integers'],
  ]),
  ...tensorFunctions('lstsq', 'B, rcond=None, driver=None', (call) => {
    const [matrix, right] = [shapeOf(call), shapeOf(call, 'B')];
    const solution = matrix && right && [...right.slice(0, -2), matrix.at(-1), right.at(-1)];
    return several(call, [
      [solution, 'reals'],
      [undefined, 'reals'],
      [matrix?.slice(0, -2), 'integers'],
      [[undefined], 'reals'],
    ]);
  }),
  ...severalShapes('lu_factor', 'pivot=True', (call) => [
    [shapeOf(call), 'reals'],
    [svdShapes(shapeOf(call), true)[1], 'integers'],
  ]),
  ...severalShapes('lu_factor_ex', 'pivot=True, check_errors=False', (call) => [
    [shapeOf(call), 'reals'],
    [svdShapes(shapeOf(call), true)[1], 'integers'],
    [shapeOf(call)?.slice(0, -2), 'integers'],
  ]),
  ...severalShapes('lu', 'pivot=True', (call) => {
    const shape = shapeOf(call);
    const [rows, columns] = shape?.slice(-2) ?? [];
    const inner = smaller(rows, columns);
    const lead = shape?.slice(0, -2);
    return [
      [lead && [...lead, rows, rows], 'reals'],
      [lead && [...lead, rows, inner], 'reals'],
      [lead && [...lead, inner, columns], 'reals'],
    ];
  }),
  ...shapeFunctions('lu_solve', 'pivots, B, left=True', (call) => shapeOf(call, 'B')),
  ...shapeFunctions('matrix_rank cond', '*args', (call) => shapeOf(call)?.slice(0, -2)),
  ...shapeFunctions('diagonal', 'offset=0, dim1=-2, dim2=-1', (call) => {
    const shape = shapeOf(call);
    return shape && [...shape.slice(0, -2), smaller(shape.at(-2), shape.at(-1))];
  }),
  ...shapeFunctions('householder_product', 'tau', same),
  ...shapeFunctions('tensorinv', 'ind=2', (call) => {
    const shape = shapeOf(call);
    const at = call.int('ind') ?? 2;
    return shape && [...shape.slice(at), ...shape.slice(0, at)];
  }),
  ...shapeFunctions('tensorsolve', 'B, dims=None', (call) => shapeOf(call)?.slice(shapeOf(call, 'B')?.length)),
  ...shapeFunctions('vander', 'N=None', (call) => {
    const shape = shapeOf(call);
    return shape && [...shape, call.has('N') ? call.dim('N') : shape.at(-1)];
  }),
]);

function inLinearAlgebra(entries: readonly TensorFunction[]): readonly NativeFunction[] {
  return entries.map(({ name, signature, call }) => ({
    name: `torch.linalg.${name}`,
    signature: signature === '' ? 'input' : `input, ${signature}`,
    call,
  }));
}

function swapped(shape: readonly Dim[]): readonly Dim[] {
  return [...shape.slice(0, -2), shape.at(-1), shape.at(-2)];
}

function transposed(call: TorchCall): Shape {
  const shape = shapeOf(call);
  return shape && swapped(shape);
}

function covariance(call: TorchCall): Shape {
  const [rows, ...rest] = shapeOf(call) ?? [];
  return rest.length === 0 ? [] : [rows, rows];
}

/** Factors of a matrix, of which those at `turned` are orthogonal whatever the matrix is; of a normal one uniformly so (Stewart 1980). */
function factors(
  name: 'qr' | 'svd',
  signature: string,
  turned: readonly number[],
  rule: (call: TorchCall) => readonly (readonly [Shape, 'reals'])[],
): readonly TensorFunction[] {
  return tensorFunctions(name, signature, (call) => {
    const shapes = rule(call);
    const parts = several(call, shapes);
    const drawn = call.payload('input')?.facts.distribution;
    if (parts?.kind !== 'tuple') return parts;
    const isDrawn = drawn?.kind === 'normal' && drawn.mean === 0;
    return matrixFactors(
      name,
      parts.items.map((part, index) => {
        const shape = shapes[index]?.[0];
        const isMatrix = shape?.length === 2 && shape.every((size) => typeof size === 'number');
        const distribution =
          isDrawn && isMatrix && turned.includes(index) ? orthogonal(shape, 'outputFirst') : undefined;
        return (distribution && random(call, shape, distribution)) ?? part;
      }),
    );
  });
}

function smaller(first: Dim, second: Dim): Dim {
  return typeof first === 'number' && typeof second === 'number' ? Math.min(first, second) : undefined;
}

function qrShapes(shape: Shape, isReduced: boolean): readonly (readonly [Shape, 'reals'])[] {
  const [rows, columns] = shape?.slice(-2) ?? [];
  const lead = shape?.slice(0, -2);
  const inner = isReduced ? smaller(rows, columns) : rows;
  return [
    [lead && [...lead, rows, inner], 'reals'],
    [lead && [...lead, inner, columns], 'reals'],
  ];
}

/** U, S, Vᴴ. */
function svdShapes(shape: Shape, isReduced: boolean): readonly [Shape, Shape, Shape] {
  const [rows, columns] = shape?.slice(-2) ?? [];
  const lead = shape?.slice(0, -2);
  const inner = smaller(rows, columns);
  return [
    lead && [...lead, rows, isReduced ? inner : rows],
    lead && [...lead, inner],
    lead && [...lead, isReduced ? inner : columns, columns],
  ];
}
