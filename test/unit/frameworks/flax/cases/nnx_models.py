from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx


class Mlp(nnx.Module):
    def __init__(self, din: int, dmid: int, dout: int, *, rngs: nnx.Rngs):
        self.linear1 = nnx.Linear(din, dmid, rngs=rngs)
        self.bn = nnx.BatchNorm(dmid, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.linear2 = nnx.Linear(dmid, dout, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.dropout(self.bn(self.linear1(x))))
        return self.linear2(x)


class Digits(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), rngs=rngs)
        self.avg_pool = partial(nnx.avg_pool, window_shape=(2, 2), strides=(2, 2))
        self.linear1 = nnx.Linear(3136, 256, rngs=rngs)
        self.linear2 = nnx.Linear(256, 10, rngs=rngs)

    def __call__(self, x):
        x = self.avg_pool(nnx.relu(self.conv1(x)))
        x = self.avg_pool(nnx.relu(self.conv2(x)))
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.linear1(x))
        return self.linear2(x)


class Block(nnx.Module):
    def __init__(self, dim, heads, rngs):
        self.norm1 = nnx.LayerNorm(dim, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(num_heads=heads, in_features=dim, decode=False, rngs=rngs)
        self.norm2 = nnx.RMSNorm(dim, rngs=rngs)
        self.mlp = nnx.Sequential(
            nnx.Linear(dim, 4 * dim, kernel_init=nnx.initializers.he_normal(), rngs=rngs),
            nnx.gelu,
            nnx.Linear(4 * dim, dim, rngs=rngs),
        )

    def __call__(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nnx.Module):
    def __init__(self, vocab, dim, depth, length, rngs: nnx.Rngs):
        self.tokens = nnx.Embed(vocab, dim, rngs=rngs)
        self.positions = nnx.Param(0.02 * jax.random.normal(rngs.params(), (length, dim)))
        self.blocks = nnx.List([Block(dim, 4, rngs) for _ in range(depth)])
        self.scale = nnx.Param(jnp.ones((dim,)))

    def __call__(self, ids):
        x = self.tokens(ids) + self.positions[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.tokens.attend(x * self.scale)


class OwnLinear(nnx.Module):
    def __init__(self, din, dout, *, rngs: nnx.Rngs):
        key = rngs.params()
        self.w = nnx.Param(jax.random.uniform(key, (din, dout)))
        self.b = nnx.Param(jnp.zeros((dout,)))
        self.din, self.dout = din, dout

    def __call__(self, x):
        return x @ self.w + self.b


class OwnMlp(nnx.Module):
    def __init__(self, rngs):
        self.first = OwnLinear(6, 16, rngs=rngs)
        self.parts = nnx.Dict({"a": OwnLinear(16, 5, rngs=rngs), "b": nnx.Linear(16, 5, use_bias=False, rngs=rngs)})

    def __call__(self, x):
        h = nnx.tanh(self.first(x))
        return self.parts["a"](h) - self.parts["b"](h)


class Recurrent(nnx.Module):
    def __init__(self, rngs):
        self.lstm = nnx.RNN(nnx.LSTMCell(5, 12, rngs=rngs))
        self.fast = nnx.RNN(nnx.OptimizedLSTMCell(12, 11, rngs=rngs))
        self.gru = nnx.RNN(nnx.GRUCell(11, 10, rngs=rngs))
        self.simple = nnx.RNN(nnx.SimpleCell(10, 9, rngs=rngs))
        self.out = nnx.Linear(9, 2, rngs=rngs)

    def __call__(self, x):
        return self.out(self.simple(self.gru(self.fast(self.lstm(x))))[:, -1])


class ResBlock(nnx.Module):
    def __init__(self, cin, cout, strides, rngs):
        self.conv1 = nnx.Conv(cin, cout, (3, 3), strides=strides, use_bias=False, rngs=rngs)
        self.norm1 = nnx.GroupNorm(cout, num_groups=4, rngs=rngs)
        self.conv2 = nnx.Conv(cout, cout, (3, 3), use_bias=False, rngs=rngs)
        self.norm2 = nnx.GroupNorm(cout, num_groups=None, group_size=2, rngs=rngs)
        self.proj = nnx.Conv(cin, cout, (1, 1), strides=strides, rngs=rngs) if cin != cout or strides != 1 else None

    def __call__(self, x):
        y = nnx.silu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return nnx.silu(y + (x if self.proj is None else self.proj(x)))


class ResNet(nnx.Module):
    def __init__(self, widths=(8, 16), *, rngs: nnx.Rngs):
        self.stem = nnx.Conv(3, widths[0], kernel_size=(3, 3), padding="VALID", rngs=rngs)
        blocks = []
        cin = widths[0]
        for i, w in enumerate(widths):
            blocks.append(ResBlock(cin, w, 1 if i == 0 else 2, rngs))
            cin = w
        self.blocks = nnx.Sequential(*blocks)
        self.up = nnx.ConvTranspose(cin, 4, (2, 2), strides=(2, 2), rngs=rngs)
        self.head = nnx.LinearGeneral(4, (2, 3), rngs=rngs)

    def __call__(self, x):
        x = self.up(self.blocks(nnx.relu(self.stem(x))))
        return self.head(jnp.mean(x, axis=(1, 2)))


class Encoder(nnx.Module):
    def __init__(self, din, dmid, dout, rngs):
        self.linear1 = nnx.Linear(din, dmid, rngs=rngs)
        self.mean = nnx.Linear(dmid, dout, rngs=rngs)
        self.std = nnx.Linear(dmid, dout, rngs=rngs)
        self.key = rngs

    def __call__(self, x):
        x = nnx.relu(self.linear1(x.reshape((x.shape[0], -1))))
        mean, std = self.mean(x), jnp.exp(self.std(x))
        return mean + std * jax.random.normal(self.key.noise(), mean.shape), mean, std


class Vae(nnx.Module):
    def __init__(self, din: int, hidden: int, latent: int, *, rngs: nnx.Rngs):
        self.encoder = Encoder(din, hidden, latent, rngs)
        self.decoder = nnx.Sequential(
            nnx.Linear(latent, hidden, rngs=rngs), nnx.relu, nnx.Linear(hidden, din, rngs=rngs)
        )

    def __call__(self, x):
        z, mean, std = self.encoder(x)
        return self.decoder(z), mean, std


mlp = Mlp(2, 64, 3, rngs=nnx.Rngs(0))
mlp_input = jnp.ones((4, 2))
mlp(mlp_input)
digits = Digits(rngs=nnx.Rngs(0))
digits_input = jnp.ones((2, 28, 28, 1))
digits(digits_input)
transformer = Transformer(50, 16, 2, 24, rngs=nnx.Rngs(0))
transformer_input = jnp.ones((2, 12), jnp.int32)
transformer(transformer_input)
own = OwnMlp(rngs=nnx.Rngs(0))
own_input = jnp.ones((2, 6))
own(own_input)
recurrent = Recurrent(nnx.Rngs(0))
recurrent_input = jnp.ones((2, 7, 5))
recurrent(recurrent_input)
resnet = ResNet(rngs=nnx.Rngs(params=0, dropout=1))
resnet_input = jnp.ones((2, 18, 18, 3))
resnet(resnet_input)
vae = Vae(36, 24, 4, rngs=nnx.Rngs(0, noise=1))
vae_input = jnp.ones((2, 6, 6))
vae(vae_input)
stack = nnx.Sequential(nnx.Linear(8, 16, rngs=nnx.Rngs(1)), nnx.PReLU(), nnx.InstanceNorm(16, rngs=nnx.Rngs(1)), nnx.Linear(16, 2, rngs=nnx.Rngs(2)))
stack_input = jnp.ones((2, 5, 8))
stack(stack_input)
