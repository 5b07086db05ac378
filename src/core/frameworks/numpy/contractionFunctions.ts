import type { TracedTensor } from '../../network/tracer';
import type { Value } from '../../python/values';
import { reduce } from '../tensor/combining';
import { numberOf } from '../tensor/dimValues';
import { einsumTensors } from '../tensor/einsum';
import { addNode } from '../tensor/trace';
import { type ArrayCall, type ArrayFunctions, shapeOf, tensorOf } from './arrays';
import { unfollowed } from './shapeOnlyFunctions';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Sums of products over axes, which NumPy, `keras.ops` and `tf` share. */
export const contractionFunctions: ArrayFunctions = {
  einsum: {
    signature: 'equation, *operands',
    call: (call) => {
      const equation = call.value('equation') ?? call.value('subscripts');
      const tensors = call.args.rest.map(tensorOf).filter((tensor) => tensor !== undefined);
      if (equation?.kind !== 'str' || tensors.length < call.args.rest.length) return undefined;
      return contracted(call, equation.value, tensors);
    },
  },
  tensordot: { signature: 'x, y, axes=2', call: tensordot },
  inner: {
    signature: 'x, y',
    call: (call) => {
      const [left, right] = operands(call);
      const leftRank = left?.shape?.length;
      const rightRank = right?.shape?.length;
      if (!left || !right || !leftRank || !rightRank) return undefined;
      if (leftRank === 1 && rightRank === 1) return ofVectors(call, left, right);
      return summed(call, left, right, [leftRank - 1], [rightRank - 1]);
    },
  },
  outer: {
    signature: 'x, y',
    call: (call) => {
      const [left, right] = operands(call);
      return left?.shape?.length === 1 && right?.shape?.length === 1
        ? contracted(call, 'i,j->ij', [left, right])
        : undefined;
    },
  },
  vdot: { signature: 'x, y', call: (call) => unfollowed(call, []) },
  kron: {
    signature: 'x, y',
    call: (call) => {
      const left = shapeOf(call.first);
      const right = shapeOf(call.second);
      const isAligned = left && right && left.length === right.length;
      return unfollowed(call, isAligned ? left.map((size, axis) => product(size, right[axis])) : undefined);
    },
  },
};

/** Σ xᵢyᵢ. */
function ofVectors(call: ArrayCall, left: TracedTensor, right: TracedTensor): Value {
  const products = addNode(call.session, { kind: 'product' }, [left, right], left.shape, call.site);
  return call.result(reduce(call.session, 'sum', products, undefined, false, call.site));
}

function operands(call: ArrayCall): readonly (TracedTensor | undefined)[] {
  return [tensorOf(call.first), tensorOf(call.second)];
}

function product(first: unknown, second: unknown): number | undefined {
  return typeof first === 'number' && typeof second === 'number' ? first * second : undefined;
}

function contracted(call: ArrayCall, equation: string, tensors: readonly TracedTensor[]): Value | undefined {
  const answer = einsumTensors(call.session, equation, tensors, call.site);
  if (!answer) return undefined;
  return answer.tensor
    ? call.result(answer.tensor)
    : call.unknown(`einsum('${equation}') is not followed`, answer.shape);
}

/** The last axes of the first with the first of the second, or pairs of axes that are written out. */
function tensordot(call: ArrayCall): Value | undefined {
  const [left, right] = operands(call);
  const rank = left?.shape?.length;
  const axes = call.value('axes');
  const count = numberOf(axes);
  if (!left || !right || rank === undefined || !axes) return undefined;
  if (count !== undefined) {
    const numbers = Array.from({ length: count }, (_, index) => index);
    return summed(
      call,
      left,
      right,
      numbers.map((index) => rank - count + index),
      numbers,
    );
  }
  const [first, second] = (call.context.iterate(axes) ?? []).map((item) => {
    const single = numberOf(item);
    return single === undefined ? call.context.iterate(item)?.map(numberOf) : [single];
  });
  if (!first?.every((axis) => axis !== undefined) || !second?.every((axis) => axis !== undefined)) return undefined;
  return summed(call, left, right, first, second);
}

function summed(
  call: ArrayCall,
  left: TracedTensor,
  right: TracedTensor,
  leftAxes: readonly number[],
  rightAxes: readonly number[],
): Value | undefined {
  const leftRank = left.shape?.length ?? 0;
  const rightRank = right.shape?.length ?? 0;
  const first = [...letters.slice(0, leftRank)];
  const second = [...letters.slice(leftRank, leftRank + rightRank)];
  const shared = leftAxes.map((axis) => first.at(axis) ?? '');
  for (const [index, axis] of rightAxes.entries()) second[axis < 0 ? axis + rightRank : axis] = shared[index] ?? '';
  const kept = [...first, ...second].filter((letter) => !shared.includes(letter));
  return contracted(call, `${first.join('')},${second.join('')}->${kept.join('')}`, [left, right]);
}
