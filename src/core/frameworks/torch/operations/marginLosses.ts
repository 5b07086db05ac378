import type { Primitive } from '../../../activations/expression';
import { makeFloat } from '../../../python/make';
import type { Value } from '../../../python/values';
import { reduce } from '../../tensor/combining';
import type { TorchCall } from '../call';
import { elementwise } from '../functions/arithmetic';
import { cosineOf, distanceOf } from './paired';

/**
 * Losses with a margin as the operations that they are made of: `torch/nn/functional.py` and `aten/src/ATen/native/Loss.cpp` of PyTorch 2.13.
 * Undefined for options other than the usual ones.
 */

/** max(0, ‖a − p‖ − ‖a − n‖ + margin). */
export function tripletMargin(call: TorchCall): Value | undefined {
  if (call.number('p') !== 2 || call.flag('swap') !== false) return undefined;
  const { applied, above } = arithmeticOf(call);
  const [near, far] = ['positive', 'negative'].map((name) => distanceOf(call, call.value('anchor'), call.value(name)));
  return reduced(call, above(applied('add', applied('subtract', near, far), call.value('margin'))));
}

/** 1 − cos where the target is 1, max(0, cos − margin) where it is −1. */
export function cosineEmbedding(call: TorchCall): Value | undefined {
  const { applied, above, byTarget } = arithmeticOf(call);
  // Loss.cpp adds 1e-12 to each squared norm.
  const cosine = cosineOf(call, call.value('input1'), call.value('input2'), [-1], 1e-6);
  const apart = above(applied('subtract', cosine, call.value('margin')));
  return reduced(call, byTarget(applied('subtract', makeFloat(1), cosine), apart));
}

/** x where the target is 1, max(0, margin − x) where it is −1. */
export function hingeEmbedding(call: TorchCall): Value | undefined {
  const { applied, above, byTarget } = arithmeticOf(call);
  const distance = call.value('input');
  return reduced(call, byTarget(distance, above(applied('subtract', call.value('margin'), distance))));
}

/** max(0, −y (x₁ − x₂) + margin). */
export function marginRanking(call: TorchCall): Value | undefined {
  const { applied, above } = arithmeticOf(call);
  const gap = applied('subtract', call.value('input2'), call.value('input1'));
  return reduced(call, above(applied('add', applied('multiply', call.value('target'), gap), call.value('margin'))));
}

function arithmeticOf(call: TorchCall) {
  const applied = (primitive: Primitive, ...operands: readonly (Value | undefined)[]) =>
    elementwise(call.state, primitive, operands, call.site());
  const above = (value: Value | undefined) => applied('maximum', value, makeFloat(0));
  /** One of two by a target of 1 or −1. */
  const byTarget = (positive: Value | undefined, negative: Value | undefined) => {
    const half = makeFloat(0.5);
    const share = applied('add', applied('multiply', call.value('target'), half), half);
    return applied('add', negative, applied('multiply', share, applied('subtract', positive, negative)));
  };
  return { applied, above, byTarget };
}

function reduced(call: TorchCall, losses: Value | undefined): Value | undefined {
  const { state } = call;
  const tensor = state.tensorOf(losses);
  const reduction = call.text('reduction');
  if (!tensor || reduction === 'none') return tensor && losses;
  return call.result(
    reduce(state.session, reduction === 'sum' ? 'sum' : 'mean', tensor, undefined, false, call.site()),
  );
}
