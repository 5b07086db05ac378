import { add, apply, multiply, negate, z } from '../../../activations/construct';
import type { Expression } from '../../../activations/expression';
import type { Dim, Shape } from '../../../network/network';
import { addDims } from '../../../network/shapes';
import type { Value } from '../../../python/values';
import { bernoulli } from '../../tensor/bernoulli';
import { addExpression } from '../../tensor/elementwise';
import type { TorchCall } from '../call';
import { constantTensor } from './arithmetic';
import { type TensorFunction, tensorFunctions } from './entry';
import { axisOf, shaped, shapeOf, withAxis } from './shapeRule';

/** What makes integers of numbers, and functions that only set-up code needs: computed on known constants, the latter unknown in the network. */
export const roundingFunctions: readonly TensorFunction[] = [
  ...tensorFunctions('round', 'decimals=0, out=None', (call) => {
    const scale = 10 ** (call.int('decimals') ?? 0);
    // To the nearest; halves, which even ones take, are met with probability zero.
    const nearest = multiply(1 / scale, apply('floor', add(0.5, multiply(scale, z))));
    return rounded(call, nearest, (value) => roundHalfToEven(value * scale) / scale);
  }),
  ...tensorFunctions('floor', 'out=None', (call) => coin(call) ?? rounded(call, apply('floor', z), Math.floor)),
  ...tensorFunctions('ceil', 'out=None', (call) => rounded(call, negate(apply('floor', negate(z))), Math.ceil)),
  ...tensorFunctions('trunc fix', 'out=None', (call) =>
    rounded(call, multiply(apply('sign', z), apply('floor', apply('abs', z))), Math.trunc),
  ),
  ...tensorFunctions(
    'int long short',
    '*args, memory_format=None',
    (call) => {
      const { facts } = call.payload('input') ?? {};
      return facts?.values ? onElements(call, Math.trunc, true) : call.payload('input') && call.value('input');
    },
    'method',
  ),
  ...tensorFunctions('diff', 'n=1, dim=-1, prepend=None, append=None', difference),
  ...tensorFunctions('cumsum', 'dim, dtype=None', (call) => {
    const { facts, shape } = call.payload('input') ?? {};
    if (!facts?.values || shape?.length !== 1) return unknownOf(call);
    let sum = 0;
    const sums = facts.values.map((value) => (sum += value));
    return constantTensor(call.state, shape, sums, call.site(), { isInteger: facts?.isInteger === true });
  }),
];

/** ⌊p + u⌋ of u uniform in [0, 1): one with probability p, the way in which residual branches are dropped by hand. */
function coin(call: TorchCall): Value | undefined {
  const payload = call.payload('input');
  const distribution = payload?.facts.distribution;
  if (!payload || distribution?.kind !== 'uniform') return undefined;
  const { low, high } = distribution;
  if (!(low >= 0 && low <= 1) || Math.abs(high - low - 1) > 1e-9) return undefined;
  const { session } = call.state;
  const site = call.site();
  return call.state.lazyTensor(payload.shape, () => bernoulli(session, low, payload.shape, site));
}

/** IEEE 754 rounding to nearest, as `torch.round` rounds. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Known elements are rounded one by one; in the network it is a staircase, of slope zero but at its steps. */
function rounded(call: TorchCall, staircase: Expression, change: (value: number) => number): Value | undefined {
  const payload = call.payload('input');
  if (!payload || payload.facts.values || payload.facts.isConstant) return onElements(call, change);
  return call.result(addExpression(call.state.session, staircase, [payload.tensor], payload.shape, call.site()));
}

function onElements(call: TorchCall, change: (value: number) => number, isInteger = false): Value | undefined {
  const payload = call.payload('input');
  const values = payload?.facts.values;
  if (!payload || !values) return unknownOf(call);
  const keepsKind = isInteger || payload.facts.isInteger === true;
  return constantTensor(call.state, payload.shape, values.map(change), call.site(), { isInteger: keepsKind });
}

/** A constant whose elements are not kept stays a constant. */
function unknownOf(call: TorchCall): Value | undefined {
  const payload = call.payload('input');
  if (!payload) return undefined;
  if (payload.facts.isConstant) return constantTensor(call.state, payload.shape, undefined, call.site());
  return call.unknown(`${call.name} is not followed`, payload.shape);
}

function difference(call: TorchCall): Value | undefined {
  const { facts, shape } = call.payload('input') ?? {};
  const values = facts?.values;
  const hasMore = call.has('prepend') || call.has('append');
  if (!values || shape?.length !== 1 || call.int('n') !== 1 || hasMore) return shaped(call, differenceShape(call));
  const gaps = values.slice(1).map((value, index) => value - (values[index] ?? 0));
  return constantTensor(call.state, [gaps.length], gaps, call.site(), { isInteger: facts?.isInteger === true });
}

function differenceShape(call: TorchCall): Shape {
  const shape = shapeOf(call);
  const axis = axisOf(call, shape);
  if (axis === undefined) return undefined;
  const added = ['prepend', 'append'].map((name): Dim => (call.has(name) ? shapeOf(call, name)?.[axis] : 0));
  return withAxis(shape, axis, (size) => addDims(added.reduce(addDims, size), -(call.int('n') ?? 1)));
}
