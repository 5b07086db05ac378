import type { Shape } from '../../../network/network';
import { broadcastShapes } from '../../../network/shapes';
import type { TorchCall } from '../call';
import type { TensorFunction } from './entry';
import { severalShapes, shapeFunctions, shapeOf } from './shapeRule';

const same = (call: TorchCall): Shape => shapeOf(call);

/** NumPy's rule over every tensor that is given; numbers count as tensors without axes. */
const broadcast = (call: TorchCall): Shape => broadcastShapes(call.tensors().map(({ shape }) => shape)).shape;

/** Elementwise functions that no expression stands for, PyTorch 2.13 `torch/_torch_docs.py`: the shape is that of the inputs. */
export const elementwiseShapes: readonly TensorFunction[] = [
  ...shapeFunctions(
    'acos arccos acosh arccosh asin arcsin asinh arcsinh atanh arctanh angle digamma erfinv frac i0 lgamma sgn sinc logcumsumexp cumprod matrix_exp renorm poisson nan_to_num',
    '*args',
    same,
  ),
  ...shapeFunctions('polygamma', 'n, other=None', broadcast),
  ...shapeFunctions('mvlgamma', 'p', same),
  ...shapeFunctions('logical_not isnan isinf isfinite isneginf isposinf isreal signbit', 'out=None', same, 'booleans'),
  ...shapeFunctions('bitwise_not', 'out=None', same, 'integers'),
  ...shapeFunctions(
    'atan2 arctan2 copysign floor_divide float_power fmod remainder heaviside hypot igamma igammac ldexp logaddexp logaddexp2 nextafter xlogy',
    'other, out=None',
    broadcast,
  ),
  ...shapeFunctions(
    'bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm',
    'other, out=None',
    broadcast,
    'integers',
  ),
  ...shapeFunctions('ne not_equal logical_and logical_or logical_xor', 'other, out=None', broadcast, 'booleans'),
  ...shapeFunctions('isclose', 'other, rtol=1e-05, atol=1e-08, equal_nan=False', broadcast, 'booleans'),
  ...shapeFunctions('isin', 'test_elements, assume_unique=False, invert=False', same, 'booleans'),
  ...severalShapes('frexp', '', (call) => [
    [shapeOf(call), 'reals'],
    [shapeOf(call), 'integers'],
  ]),
  ...shapeFunctions('addcdiv', 'tensor1, tensor2, value=1', broadcast),
];
