"""Eight sigmoid layers in nnx: the gradient is gone before it reaches the first."""

import jax
from flax import nnx


class DeepSigmoid(nnx.Module):
    def __init__(self, features: int, width: int, depth: int, classes: int, *, rngs: nnx.Rngs):
        sizes = [features] + [width] * depth
        self.layers = nnx.List([nnx.Linear(n, m, rngs=rngs) for n, m in zip(sizes[:-1], sizes[1:])])
        self.head = nnx.Linear(width, classes, rngs=rngs)

    def __call__(self, x):
        for layer in self.layers:
            x = nnx.sigmoid(layer(x))
        return self.head(x)


model = DeepSigmoid(64, 64, 8, 10, rngs=nnx.Rngs(0))
logits = model(jax.random.normal(jax.random.key(0), (32, 64)))
