from functools import partial
from typing import Any, Sequence, Tuple

import flax.linen as nn
import jax
import jax.numpy as jnp

ModuleDef = Any


class Digits(nn.Module):
    """The small network of the first tutorial."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(features=32, kernel_size=(3, 3))(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nn.Conv(features=64, kernel_size=(3, 3))(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.Dense(features=256)(x)
        x = nn.relu(x)
        return nn.Dense(features=10)(x)


class BasicBlock(nn.Module):
    filters: int
    conv: ModuleDef
    norm: ModuleDef
    act: Any
    strides: Tuple[int, int] = (1, 1)

    @nn.compact
    def __call__(self, x):
        residual = x
        y = self.conv(self.filters, (3, 3), self.strides)(x)
        y = self.norm()(y)
        y = self.act(y)
        y = self.conv(self.filters, (3, 3))(y)
        y = self.norm(scale_init=nn.initializers.zeros_init())(y)
        if residual.shape != y.shape:
            residual = self.conv(self.filters, (1, 1), self.strides, name="conv_proj")(residual)
            residual = self.norm(name="norm_proj")(residual)
        return self.act(residual + y)


class BottleneckBlock(nn.Module):
    filters: int
    conv: ModuleDef
    norm: ModuleDef
    act: Any
    strides: Tuple[int, int] = (1, 1)

    @nn.compact
    def __call__(self, x):
        residual = x
        y = self.act(self.norm()(self.conv(self.filters, (1, 1))(x)))
        y = self.act(self.norm()(self.conv(self.filters, (3, 3), self.strides)(y)))
        y = self.norm(scale_init=nn.initializers.zeros_init())(self.conv(self.filters * 4, (1, 1))(y))
        if residual.shape != y.shape:
            residual = self.conv(self.filters * 4, (1, 1), self.strides, name="conv_proj")(residual)
            residual = self.norm(name="norm_proj")(residual)
        return self.act(residual + y)


class Residual(nn.Module):
    stage_sizes: Sequence[int]
    block_cls: ModuleDef
    num_classes: int
    num_filters: int = 64
    act: Any = nn.relu

    @nn.compact
    def __call__(self, x, train: bool = True):
        conv = partial(nn.Conv, use_bias=False, dtype=jnp.float32)
        norm = partial(nn.BatchNorm, use_running_average=not train, momentum=0.9, epsilon=1e-5)
        x = conv(self.num_filters, (7, 7), (2, 2), padding=[(3, 3), (3, 3)], name="conv_init")(x)
        x = norm(name="bn_init")(x)
        x = nn.relu(x)
        x = nn.max_pool(x, (3, 3), strides=(2, 2), padding="SAME")
        for i, block_size in enumerate(self.stage_sizes):
            for j in range(block_size):
                strides = (2, 2) if i > 0 and j == 0 else (1, 1)
                x = self.block_cls(self.num_filters * 2**i, strides=strides, conv=conv, norm=norm, act=self.act)(x)
        x = jnp.mean(x, axis=(1, 2))
        return nn.Dense(self.num_classes)(x)


class Deep(Residual):
    """The same with another block; the class only gives it a name of its own."""


class DepthwiseBlock(nn.Module):
    dim: int

    @nn.compact
    def __call__(self, x):
        y = nn.Conv(self.dim, (7, 7), padding="SAME", feature_group_count=self.dim)(x)
        y = nn.LayerNorm(epsilon=1e-6)(y)
        y = nn.gelu(nn.Dense(4 * self.dim)(y))
        y = nn.Dense(self.dim)(y)
        gamma = self.param("gamma", nn.initializers.constant(1e-6), (self.dim,))
        return x + gamma * y


class Patchwise(nn.Module):
    """After ConvNeXt."""

    depths: Tuple[int, ...] = (1, 2)
    dims: Tuple[int, ...] = (16, 32)

    @nn.compact
    def __call__(self, x):
        for i, (depth, dim) in enumerate(zip(self.depths, self.dims)):
            size = (4, 4) if i == 0 else (2, 2)
            x = nn.LayerNorm()(x) if i > 0 else x
            x = nn.Conv(dim, size, strides=size, padding="VALID")(x)
            for _ in range(depth):
                x = DepthwiseBlock(dim)(x)
        return nn.Dense(7)(x.mean(axis=(1, 2)))


class DoubleConv(nn.Module):
    width: int

    @nn.compact
    def __call__(self, x):
        for _ in range(2):
            x = nn.Conv(self.width, (3, 3), use_bias=False)(x)
            x = nn.GroupNorm(num_groups=4)(x)
            x = nn.swish(x)
        return x


class UNet(nn.Module):
    widths: Sequence[int] = (8, 16, 32)

    @nn.compact
    def __call__(self, x):
        skips = []
        for width in self.widths[:-1]:
            x = DoubleConv(width)(x)
            skips.append(x)
            x = nn.max_pool(x, (2, 2), (2, 2))
        x = DoubleConv(self.widths[-1])(x)
        for width, skip in zip(reversed(self.widths[:-1]), reversed(skips)):
            x = nn.ConvTranspose(width, (2, 2), strides=(2, 2))(x)
            x = jnp.concatenate([x, skip], axis=-1)
            x = DoubleConv(width)(x)
        return nn.Conv(1, kernel_size=(1, 1))(x)


class SqueezeExcite(nn.Module):
    ratio: int = 4

    @nn.compact
    def __call__(self, x):
        channels = x.shape[-1]
        s = jnp.mean(x, axis=(1, 2), keepdims=True)
        s = nn.relu(nn.Dense(channels // self.ratio)(s))
        return x * nn.sigmoid(nn.Dense(channels)(s))


class Mobile(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.hard_swish(nn.InstanceNorm()(nn.Conv(16, (3, 3), strides=2)(x)))
        for width, stride in ((16, 1), (24, 2), (24, 1)):
            y = nn.Conv(3 * x.shape[-1], (1, 1), use_bias=False)(x)
            y = nn.relu6(nn.RMSNorm()(y))
            y = nn.Conv(y.shape[-1], (3, 3), (stride, stride), feature_group_count=y.shape[-1], use_bias=False)(y)
            y = SqueezeExcite()(y)
            y = nn.Conv(width, (1, 1), use_bias=False)(y)
            x = x + y if x.shape == y.shape else y
        return nn.Dense(5)(x.reshape(x.shape[0], -1))


class Dilated(nn.Module):
    """One-dimensional, causal."""

    @nn.compact
    def __call__(self, x):
        for i in range(4):
            y = nn.Conv(12, kernel_size=(2,), kernel_dilation=2**i, padding="CAUSAL")(x)
            x = nn.Conv(12, kernel_size=(1,))(x) + nn.tanh(y)
        x = nn.Conv(6, kernel_size=(5,), strides=(3,), padding="VALID")(x)
        return nn.Conv(3, kernel_size=(4,), padding="CIRCULAR")(x)


class Volume(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Conv(4, (3, 3, 3), strides=(2, 2, 2), padding=1)(x))
        x = nn.max_pool(x, (2, 2, 2), strides=(2, 2, 2))
        x = nn.ConvTranspose(3, (4, 4, 4), strides=(2, 2, 2), padding="VALID")(x)
        return nn.ConvTranspose(2, (3, 3, 3), padding=((1, 2), (0, 1), (2, 2)), transpose_kernel=True)(x)


key = jax.random.key(1)
digits = Digits()
digits_input = jnp.ones((2, 28, 28, 1))
digits.init(key, digits_input)
residual = Residual(stage_sizes=[2, 2, 2, 2], block_cls=BasicBlock, num_classes=10, num_filters=16)
residual_input = jnp.ones((2, 64, 64, 3))
residual.init(key, residual_input)
deep = Deep(stage_sizes=[3, 4, 6, 3], block_cls=BottleneckBlock, num_classes=1000)
deep_input = jnp.ones((1, 224, 224, 3))
deep.init(key, deep_input)
patchwise = Patchwise()
patchwise_input = jnp.ones((2, 32, 32, 3))
patchwise.init(key, patchwise_input)
unet = UNet()
unet_input = jnp.ones((2, 32, 32, 3))
unet.init(key, unet_input)
mobile = Mobile()
mobile_input = jnp.ones((2, 33, 33, 3))
mobile.init(key, mobile_input)
dilated = Dilated()
dilated_input = jnp.ones((2, 50, 4))
dilated.init(key, dilated_input)
volume = Volume()
volume_input = jnp.ones((2, 12, 12, 12, 1))
volume.init(key, volume_input)
