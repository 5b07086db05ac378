from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp


class Classifier(nn.Module):
    @nn.compact
    def __call__(self, tokens):
        x = nn.Embed(num_embeddings=60, features=12)(tokens)
        x = nn.RNN(nn.LSTMCell(20))(x)
        return nn.Dense(2)(x[:, -1])


class Gated(nn.Module):
    def setup(self):
        self.rnn = nn.RNN(nn.GRUCell(features=15), return_carry=True)
        self.second = nn.RNN(nn.SimpleCell(features=9))
        self.out = nn.Dense(4)

    def __call__(self, x):
        carry, y = self.rnn(x)
        y = self.second(y)
        return self.out(y[:, -1] + 0.0 * carry[:, :9])


class BothWays(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Bidirectional(nn.RNN(nn.OptimizedLSTMCell(8)), nn.RNN(nn.OptimizedLSTMCell(8)))(x)
        return nn.Dense(3)(x)


class Scanned(nn.Module):
    hidden: int = 14

    @nn.compact
    def __call__(self, x):
        cell = nn.scan(
            nn.OptimizedLSTMCell,
            variable_broadcast="params",
            split_rngs={"params": False},
            in_axes=1,
            out_axes=1,
        )(self.hidden, name="lstm")
        carry = cell.initialize_carry(jax.random.key(0), x[:, 0].shape)
        _, y = cell(carry, x)
        return nn.Dense(5)(y)


class Stepwise(nn.Module):
    """A cell applied step by step in a Python loop."""

    @nn.compact
    def __call__(self, x):
        cell = nn.LSTMCell(features=6)
        gru = nn.GRUCell(features=7)
        carry = cell.initialize_carry(jax.random.key(0), (x.shape[0], x.shape[2]))
        state = gru.initialize_carry(jax.random.key(0), (x.shape[0], 6))
        for t in range(x.shape[1]):
            carry, y = cell(carry, x[:, t])
            state, y = gru(state, y)
        return nn.Dense(1)(y)


class OwnCell(nn.Module):
    features: int

    @nn.compact
    def __call__(self, carry, x):
        mixed = nn.Dense(self.features, use_bias=False)(carry) + nn.Dense(self.features)(x)
        carry = nn.tanh(mixed)
        return carry, carry


class OwnScan(nn.Module):
    @nn.compact
    def __call__(self, x):
        Scan = nn.scan(OwnCell, variable_broadcast="params", split_rngs={"params": False}, in_axes=1, out_axes=1)
        _, y = Scan(10)(jnp.zeros((x.shape[0], 10)), x)
        return nn.Dense(2)(y.mean(axis=1))


key = jax.random.key(3)
classifier = Classifier()
classifier_input = jnp.ones((2, 11), jnp.int32)
classifier.init(key, classifier_input)
gated = Gated()
gated_input = jnp.ones((2, 10, 5))
gated.init(key, gated_input)
both = BothWays()
both_input = jnp.ones((2, 10, 5))
both.init(key, both_input)
scanned = Scanned()
scanned_input = jnp.ones((2, 10, 5))
scanned.init(key, scanned_input)
stepwise = Stepwise()
stepwise_input = jnp.ones((2, 4, 5))
stepwise.init(key, stepwise_input)
own = OwnScan()
own_input = jnp.ones((2, 6, 5))
own.init(key, own_input)
