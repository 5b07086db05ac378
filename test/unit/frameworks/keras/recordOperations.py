"""Writes operations.json: the shapes that Keras itself gives the results of `keras.ops`. Needs keras and torch (CPU).

Adaptive pooling is left out: what Keras 3.15.1 infers for it (four axes from three) is not what it computes.

A row is an expression of x, y (batch, 4, 6), v (batch, 6), m (batch, 5, 5), p (batch, 8, 10, 3) and i (batch, 4) of integers.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from keras import ops

inputs = {"x": (4, 6), "y": (4, 6), "v": (6,), "m": (5, 5), "p": (8, 10, 3), "i": (4,)}

same = """abs absolute angle arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil celu conj conjugate copy cos cosh cumprod
cumsum(axis=1) deg2rad elu erf erfc erfinv exp exp2 expm1 fabs floor gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh i0 imag
isfinite isinf isnan isneginf isposinf isreal leaky_relu log log10 log1p log2 log_sigmoid log_softmax logical_not nan_to_num nancumprod
nancumsum(axis=1) negative normalize ones_like rad2deg real reciprocal relu relu6 rms_normalization round rsqrt selu sigmoid sign signbit silu
sin sinc sinh soft_shrink softmax softplus softsign sort(axis=1) sparse_plus sparse_sigmoid sparsemax sqrt square squareplus
stop_gradient swish tan tanh tanh_shrink trunc zeros_like identity empty_like""".split()
binary = """add arctan2 divide divide_no_nan equal floor_divide fmax fmin fmod greater greater_equal heaviside hypot isclose less
less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum mod multiply not_equal power subtract true_divide""".split()
reductions = """all amax amin any argmax argmin average count_nonzero logsumexp max mean median min nanargmax nanargmin nanmax nanmean nanmedian
nanmin nanprod nanstd nansum nanvar prod std sum var""".split()

rows = []
for name in same:
    call = name.replace("(", "(x, ") if "(" in name else f"{name}(x)"
    if name != "identity":
        rows.append(f"ops.{call}")
rows += [f"ops.{name}(x, y)" for name in binary]
rows += [f"ops.{name}(x, v[:, None, :])" for name in ("add", "multiply", "logaddexp")]
for name in reductions:
    rows.append(f"ops.{name}(x, axis=-1)")
    if name not in ("median", "nanmedian"):
        rows.append(f"ops.{name}(x, axis=1, keepdims=True)" if name not in ("average", "count_nonzero") else f"ops.{name}(x, axis=1)")
rows += [
    "ops.sum(x, axis=(1, 2))",
    "ops.ptp(x, axis=2)",
    "ops.norm(x, axis=-1)",
    "ops.norm(x, ord=1, axis=1, keepdims=True)",
    "ops.quantile(x, 0.5, axis=1)",
    "ops.percentile(x, 30.0, axis=2, keepdims=True)",
    "ops.moments(p, axes=[1, 2])",
    "ops.moments(p, axes=[1, 2], keepdims=True)",
    "ops.trapezoid(x, axis=-1)",
    "ops.append(x, y, axis=1)",
    "ops.argpartition(x, 2, axis=-1)",
    "ops.argsort(x, axis=-1)",
    "ops.array_split(x, 3, axis=2)",
    "ops.broadcast_to(ops.ones((3, 1)), (3, 4))",
    "ops.cast(x, 'float16')",
    "ops.clip(x, -1.0, 1.0)",
    "ops.concatenate([x, y], axis=-1)",
    "ops.cross(p, p)",
    "ops.diagonal(m, axis1=1, axis2=2)",
    "ops.diff(x, axis=1)",
    "ops.dot(x, ops.ones((6, 7)))",
    "ops.einsum('bij,bkj->bik', x, y)",
    "ops.einsum('bij,bij->bi', x, y)",
    "ops.einsum('b...j,bkj->b...k', x, y)",
    "ops.expand_dims(x, axis=-1)",
    "ops.expand_dims(x, axis=1)",
    "ops.flip(x, axis=1)",
    "ops.get_item(x, (slice(None), 2))",
    "ops.inner(x, ops.ones((7, 6)))",
    "ops.matmul(x, ops.transpose(y, (0, 2, 1)))",
    "ops.moveaxis(x, 1, 2)",
    "ops.moveaxis(p, [1, 2], [3, 1])",
    "ops.outer(ops.ones((3,)), ops.ones((4,)))",
    "ops.pad(x, [[0, 0], [1, 2], [0, 0]])",
    "ops.pad(p, ((0, 0), (1, 1), (2, 2), (0, 0)), mode='reflect')",
    "ops.ravel(ops.ones((3, 4)))",
    "ops.repeat(x, 3, axis=1)",
    "ops.reshape(x, (-1, 24))",
    "ops.reshape(x, (-1, 2, 12))",
    "ops.roll(x, 2, axis=1)",
    "ops.rot90(p, axes=(1, 2))",
    "ops.split(x, 3, axis=-1)",
    "ops.split(x, [1, 4], axis=2)",
    "ops.squeeze(x[:, :1], axis=1)",
    "ops.stack([x, y], axis=1)",
    "ops.hstack([x, y])",
    "ops.dstack([x, y])",
    "ops.unstack(x, axis=1)[0]",
    "ops.swapaxes(x, 1, 2)",
    "ops.take(x, [0, 2], axis=1)",
    "ops.take(ops.ones((9, 5)), i, axis=0)",
    "ops.take_along_axis(x, ops.argsort(x, axis=1)[:, :2], axis=1)",
    "ops.tensordot(x, ops.ones((6, 3, 2)), axes=1)",
    "ops.tensordot(x, ops.ones((4, 6, 3)), axes=[[1, 2], [0, 1]])",
    "ops.tile(x, [1, 2, 3])",
    "ops.top_k(x, 2)[0]",
    "ops.trace(m, axis1=1, axis2=2)",
    "ops.transpose(x, (0, 2, 1))",
    "ops.tril(m)",
    "ops.triu(m, k=1)",
    "ops.vdot(ops.ones((3,)), ops.ones((3,)))",
    "ops.where(x > 0, x, y)",
    "ops.where(x > 0, x, 0.0)",
    "ops.isin(x, [1.0, 2.0])",
    "ops.digitize(x, np.array([0.0, 1.0]))",
    "ops.searchsorted(ops.arange(5.0), ops.ones((3,)))",
    "ops.meshgrid(ops.arange(3), ops.arange(4))[0]",
    "ops.arange(1, 10, 2)",
    "ops.linspace(0.0, 1.0, 7)",
    "ops.logspace(0.0, 1.0, 7)",
    "ops.geomspace(1.0, 10.0, 7)",
    "ops.eye(4)",
    "ops.identity(4)",
    "ops.tri(4, 5)",
    "ops.full((2, 3), 4.0)",
    "ops.full_like(x, 2.0)",
    "ops.zeros((2, 3))",
    "ops.diag(ops.ones((4,)))",
    "ops.hamming(5)",
    "ops.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])",
    "ops.one_hot(i, 7)",
    "ops.multi_hot(i, 7)",
    "ops.one_hot(i, 3, axis=1)",
    "x[:, 1:3, None, ::2]",
    "ops.slice_update(ops.ones((4, 4)), [1, 1], ops.ones((2, 2)))",
    "ops.scatter(ops.convert_to_tensor([[0], [1]]), ops.ones((2,)), (5,))",
    "ops.scatter_update(ops.ones((4, 4)), [[0, 1]], ops.ones((1,)))",
    "ops.segment_sum(ops.ones((6, 3)), ops.convert_to_tensor([0, 0, 1, 1, 2, 2]), num_segments=3)",
    "ops.extract_sequences(v, 3, 2)",
    "ops.fft((ops.ones((2, 8)), ops.zeros((2, 8))))[0]",
    "ops.rfft(v, fft_length=6)[0]",
    "ops.cholesky(m)",
    "ops.inv(m)",
    "ops.det(m)",
    "ops.logdet(m)",
    "ops.slice(ops.ones((4, 6)), [1, 2], [2, 3])",
    "ops.qr(m)[0]",
    "ops.svd(m)[1]",
    "ops.eigh(m)[0]",
    "ops.average_pool(p, 2)",
    "ops.average_pool(p, 3, strides=1, padding='same')",
    "ops.max_pool(p, 2)",
    "ops.max_pool(x, 2, strides=1)",
    "ops.conv(p, ops.ones((3, 3, 3, 5)))",
    "ops.conv(p, ops.ones((3, 3, 3, 5)), strides=2, padding='same')",
    "ops.conv(x, ops.ones((2, 6, 5)), dilation_rate=2)",
    "ops.conv_transpose(p, ops.ones((3, 3, 5, 3)), strides=2, padding='same')",
    "ops.depthwise_conv(p, ops.ones((3, 3, 3, 2)))",
    "ops.separable_conv(p, ops.ones((3, 3, 3, 2)), ops.ones((1, 1, 6, 4)))",
    "ops.batch_normalization(p, ops.zeros(3), ops.ones(3), axis=-1)",
    "ops.layer_normalization(x)",
    "ops.dot_product_attention(p, p, p)",
    "ops.glu(x)",
    "ops.threshold(x, 0.1, 0.0)",
    "ops.unfold(p, 2)",
    "ops.depth_to_space(ops.ones((2, 4, 4, 8)), 2)",
    "ops.space_to_depth(p, 2)",
    "ops.binary_crossentropy(x, y)",
    "ops.categorical_crossentropy(x, y)",
    "ops.sparse_categorical_crossentropy(i, x)",
    "ops.image.resize(p, (4, 5))",
    "ops.image.rgb_to_grayscale(p)",
    "ops.image.rgb_to_hsv(p)",
    "ops.image.pad_images(p, 1, 2, 12, 14)",
    "ops.image.crop_images(p, 1, 2, target_height=4, target_width=5)",
    "ops.image.extract_patches(p, (2, 5))",
    "ops.image.gaussian_blur(p)",
    "ops.map(lambda a: a * 2.0, ops.ones((3, 4)))",
    "ops.vectorized_map(lambda a: ops.sum(a), ops.ones((3, 4)))",
    "ops.cond(True, lambda: x, lambda: y)",
    "ops.fori_loop(0, 3, lambda k, s: s + 1.0, ops.ones((3, 4)))",
    "ops.while_loop(lambda k, s: k < 3, lambda k, s: (k + 1, s * 2.0), (0, ops.ones((3, 4))))[1]",
    "ops.scan(lambda c, a: (c + a, c), ops.zeros(4), ops.ones((3, 4)))[1]",
    "ops.rearrange(ops.ones((2, 4, 6)), 'b (h w) c -> b h w c', h=2)",
]


def shape(value):
    if isinstance(value, (list, tuple)):
        return [shape(item) for item in value]
    size = list(value.shape)
    return [None if item is None else int(item) for item in size]


result = []
for row in rows:
    names = {name: keras.Input(size, dtype="int32" if name == "i" else None) for name, size in inputs.items()}
    result.append([row, shape(eval(row, {"ops": ops, "np": np, **names}))])
here = pathlib.Path(__file__).parent
versions = {"keras": keras.__version__, "torch": torch.__version__.split("+")[0]}
lines = ",\n".join(" " + json.dumps(row) for row in result)
(here / "operations.json").write_text(f'{{"versions": {json.dumps(versions)}, "operations": [\n{lines}\n]}}\n')
