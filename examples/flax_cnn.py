"""A residual image classifier in Flax: batch normalisation keeps signal and gradient level."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training import train_state


class ResidualBlock(nn.Module):
    features: int
    strides: int = 1

    @nn.compact
    def __call__(self, x, train: bool):
        y = nn.Conv(self.features, (3, 3), strides=self.strides, use_bias=False)(x)
        y = nn.relu(nn.BatchNorm(use_running_average=not train)(y))
        y = nn.Conv(self.features, (3, 3), use_bias=False)(y)
        y = nn.BatchNorm(use_running_average=not train)(y)
        if x.shape != y.shape:
            x = nn.Conv(self.features, (1, 1), strides=self.strides, name="shortcut")(x)
        return nn.relu(x + y)


class Classifier(nn.Module):
    widths: tuple = (16, 32, 64)
    classes: int = 10

    @nn.compact
    def __call__(self, x, train: bool):
        x = nn.relu(nn.Conv(self.widths[0], (3, 3))(x))
        for i, width in enumerate(self.widths):
            x = ResidualBlock(width, strides=1 if i == 0 else 2)(x, train)
        return nn.Dense(self.classes)(x.mean(axis=(1, 2)))


class TrainState(train_state.TrainState):
    batch_stats: dict


model = Classifier()
variables = model.init(jax.random.key(0), jnp.ones((1, 32, 32, 3)), train=True)
state = TrainState.create(
    apply_fn=model.apply, params=variables["params"], batch_stats=variables["batch_stats"], tx=optax.adam(1e-3)
)


@jax.jit
def train_step(state, images, labels):
    def loss_fn(params):
        logits, updates = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats}, images, train=True, mutable=["batch_stats"]
        )
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), updates

    (loss, updates), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), loss


if __name__ == "__main__":
    images = jax.random.normal(jax.random.key(1), (64, 32, 32, 3))
    labels = jax.random.randint(jax.random.key(2), (64,), 0, 10)
    state, loss = train_step(state, images, labels)
