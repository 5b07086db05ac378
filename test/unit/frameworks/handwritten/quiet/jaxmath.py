import jax, jax.numpy as jnp
key = jax.random.key(0)
A = jax.random.normal(key, (5, 5)); B = jax.random.normal(key, (5, 5))
def predict(x): return A @ (B @ x)
def loss(x): return jnp.sum(predict(x) ** 2)
g = jax.grad(loss)(jnp.ones(5))
