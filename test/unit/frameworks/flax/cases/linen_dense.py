from typing import Any, Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp


class Mlp(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for i, width in enumerate(self.features):
            x = nn.Dense(width, name=f"layer_{i}")(x)
            if i < len(self.features) - 1:
                x = nn.relu(x)
        return x


class ListedMlp(nn.Module):
    widths: Sequence[int] = (48, 32, 5)
    act: Callable = nn.tanh

    def setup(self):
        self.layers = [nn.Dense(w) for w in self.widths]
        self.norm = nn.LayerNorm()

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = self.act(layer(x))
        return self.layers[-1](self.norm(x))


class ResidualBlock(nn.Module):
    width: int
    scale: float = 1.0

    @nn.compact
    def __call__(self, x):
        h = nn.LayerNorm(use_bias=False)(x)
        h = nn.Dense(4 * self.width, kernel_init=nn.initializers.he_normal())(h)
        h = nn.gelu(h)
        h = nn.Dense(self.width, kernel_init=nn.initializers.zeros)(h)
        return x + self.scale * h


class ResidualMlp(nn.Module):
    width: int = 40
    depth: int = 3

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(self.width)(x)
        for _ in range(self.depth):
            x = ResidualBlock(self.width)(x)
        return nn.Dense(1, use_bias=False)(x)


class TiedAutoencoder(nn.Module):
    code: int

    def setup(self):
        self.encode = nn.Sequential([nn.Dense(64), nn.relu, nn.Dense(self.code)])
        self.decode = nn.Sequential([nn.Dense(64), nn.relu, nn.Dense(200), nn.sigmoid])

    def __call__(self, x):
        return self.decode(self.encode(x))


class Towers(nn.Module):
    """Submodules in a mapping, a shared one, and one that is given a name by hand."""

    def setup(self):
        self.towers = {"left": nn.Dense(12), "right": nn.Dense(12)}
        self.shared = nn.Dense(12)
        self.head = nn.DenseGeneral((3, 4))

    def __call__(self, a, b):
        left = self.shared(nn.silu(self.towers["left"](a)))
        right = self.shared(nn.silu(self.towers["right"](b)))
        return self.head(jnp.concatenate([left, right], axis=-1))


class Wrapped(nn.Module):
    inner: nn.Module
    extra: Any = None

    @nn.compact
    def __call__(self, x):
        x = self.inner(x)
        gate = self.param("gate", nn.initializers.constant(0.5), (x.shape[-1],))
        bias = self.param("bias", lambda key, shape: 0.1 * jax.random.normal(key, shape), (x.shape[-1],))
        return nn.Dense(6, kernel_init=nn.initializers.orthogonal(2.0), bias_init=nn.initializers.normal(0.3))(
            x * gate + bias
        )


class Initialised(nn.Module):
    @nn.compact
    def __call__(self, x):
        init = nn.initializers
        x = nn.elu(nn.Dense(30, kernel_init=init.xavier_uniform())(x))
        x = nn.elu(nn.Dense(30, kernel_init=init.glorot_normal())(x))
        x = nn.elu(nn.Dense(30, kernel_init=init.lecun_uniform(), bias_init=init.ones_init())(x))
        x = nn.elu(nn.Dense(30, kernel_init=init.uniform(0.2))(x))
        x = nn.elu(nn.Dense(30, kernel_init=init.truncated_normal(0.1))(x))
        x = nn.elu(nn.Dense(30, kernel_init=init.variance_scaling(3.0, "fan_out", "normal"))(x))
        x = nn.PReLU()(x)
        return nn.Dense(2, kernel_init=lambda key, shape, dtype: jax.random.uniform(key, shape, dtype, -0.05, 0.05))(x)


key = jax.random.PRNGKey(0)
mlp = Mlp(features=[64, 32, 10])
mlp_input = jnp.ones((4, 28))
mlp.init(key, mlp_input)
listed = ListedMlp()
listed_input = jnp.ones((4, 16))
listed.init(key, listed_input)
residual = ResidualMlp()
residual_input = jnp.ones((4, 9))
residual.init(key, residual_input)
tied = TiedAutoencoder(code=8)
tied_input = jnp.ones((4, 200))
tied.init(key, tied_input)
towers = Towers()
towers_input = (jnp.ones((4, 7)), jnp.ones((4, 9)))
towers.init(key, *towers_input)
wrapped = Wrapped(inner=nn.Sequential([nn.Dense(11), nn.relu, nn.Dense(13)]))
wrapped_input = jnp.ones((4, 5))
wrapped.init(key, wrapped_input)
initialised = Initialised()
initialised_input = jnp.ones((4, 25))
initialised.init(key, initialised_input)
stack = nn.Sequential([nn.Dense(20), nn.tanh, nn.Dense(4), nn.log_softmax])
stack_input = jnp.ones((4, 6))
stack.init(key, stack_input)
