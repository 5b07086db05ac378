import assert from 'node:assert/strict';
import type { ModelAnalysis } from '../../../../src/core/analysis';
import { analyzeText } from '../../analyzeText';

const linen = `import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training import train_state


class Net(nn.Module):
    width: int

    @nn.compact
    def __call__(self, x, train: bool):
        x = nn.relu(nn.Dense(self.width)(x))
        x = nn.Dropout(0.5, deterministic=not train)(x)
        return nn.Dense(4)(x)
`;

const nnx = `import jax
import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, din, hidden, *, rngs: nnx.Rngs):
        self.first = nnx.Linear(din, hidden, rngs=rngs)
        self.last = nnx.Linear(hidden, 3, rngs=rngs)

    def __call__(self, x):
        return self.last(nnx.tanh(self.first(x)))
`;

async function onlyModel(text: string): Promise<ModelAnalysis> {
  const { models, unknowns } = await analyzeText(text);
  assert.deepEqual(unknowns, []);
  const [model] = models;
  assert.ok(model && models.length === 1, models.map(({ name }) => name).join());
  assert.deepEqual(model.unknowns, []);
  return model;
}

function kinds({ network }: ModelAnalysis): readonly string[] {
  return network.nodes.map(({ operation }) => operation.kind);
}

function assumed({ assumptions }: ModelAnalysis): readonly string[] {
  return assumptions.map(({ what, value }) => `${what.values.name ?? what.text}=${value}`);
}

suite('flax: how models are found and fed', () => {
  test('init says the shape of the input, not the size of a batch', async () => {
    const model = await onlyModel(`${linen}model = Net(width=16)
variables = model.init(jax.random.key(0), jnp.ones((1, 9)), train=False)
`);
    assert.deepEqual(model.network.nodes[0]?.outputShape, [{ perBatch: 1 }, 9]);
    assert.deepEqual(assumed(model), ['batch size=32']);
  });

  test('a network is read as it trains', async () => {
    const model = await onlyModel(`${linen}model = Net(16)
model.init(jax.random.key(0), jnp.ones((1, 9)), False)
`);
    assert.deepEqual(kinds(model), ['input', 'linear', 'activation', 'dropout', 'linear']);
  });

  test('what is written as deterministic drops nothing', async () => {
    const model = await onlyModel(`${linen.replace('deterministic=not train', 'deterministic=True')}model = Net(16)
model.init(jax.random.key(0), jnp.ones((1, 9)), True)
`);
    assert.ok(!kinds(model).includes('dropout'));
  });

  test('fields and arguments that nobody gives are assumed, random keys are not asked for', async () => {
    assert.ok(assumed(await onlyModel(linen)).includes('width=128'));
    const model = await onlyModel(nnx);
    assert.deepEqual(assumed(model).slice(0, 2), ['din=64', 'hidden=128']);
  });

  test('the gradient starts from what a training step differentiates', async () => {
    const model = await onlyModel(`${linen}
model = Net(width=16)
params = model.init(jax.random.key(0), jnp.ones((1, 9)), train=True)["params"]
state = train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.sgd(0.1))


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"], train=True, rngs={"dropout": jax.random.key(1)})
        return optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=batch["y"]).mean(), logits

    (loss, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads)


for batch in loader:
    state = train_step(state, batch)
`);
    assert.deepEqual(kinds(model).slice(-2), ['loss', 'reduction']);
    assert.equal(model.network.loss, model.network.nodes.length - 1);
  });

  test('half of the squared error', async () => {
    const model = await onlyModel(`${nnx}
import optax

model = Net(5, 8, rngs=nnx.Rngs(0))
x, y = jax.random.normal(jax.random.key(0), (16, 5)), jnp.zeros((16, 3))


@nnx.jit
def step(model, x, y):
    return nnx.value_and_grad(lambda model: optax.l2_loss(model(x), y).mean())(model)


step(model, x, y)
`);
    const { nodes, batchSize } = model.network;
    assert.equal(batchSize, 16);
    const half = nodes.find(({ operation }) => operation.kind === 'sum')?.operation;
    assert.deepEqual(half, { kind: 'sum', coefficients: [0.5] });
    assert.ok(kinds(model).includes('loss'));
  });

  test('split and merge give the model back', async () => {
    const model = await onlyModel(`${nnx}
graphdef, state = nnx.split(Net(5, 8, rngs=nnx.Rngs(0)))
model = nnx.merge(graphdef, state)
y = model(jnp.ones((7, 5)))
`);
    assert.deepEqual(
      model.network.parameters.map(({ path, shape }) => [path, shape]),
      [
        ['first.kernel', [8, 5]],
        ['first.bias', [8]],
        ['last.kernel', [3, 8]],
        ['last.bias', [3]],
      ],
    );
  });

  test('attention is causal where its mask is', async () => {
    const text = (mask: string) => `import flax.linen as nn
import jax
import jax.numpy as jnp


class Block(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.SelfAttention(num_heads=2)(x, mask=${mask})


model = Block()
model.init(jax.random.key(0), jnp.ones((1, 6, 8)))
`;
    const causal = async (mask: string) => {
      const { network } = await onlyModel(text(mask));
      const operation = network.nodes.find((node) => node.operation.kind === 'multiheadAttention')?.operation;
      return operation?.kind === 'multiheadAttention' && operation.isCausal;
    };
    assert.equal(await causal('nn.make_causal_mask(jnp.ones((1, 6)))'), true);
    assert.equal(await causal('None'), false);
  });

  for (const [mask, masked] of [
    ['jnp.tril(jnp.ones((T, T)))', 'jnp.where(mask == 0, -jnp.inf, scores)'],
    ['jnp.tril(jnp.ones((T, T), dtype=bool))', 'jnp.where(mask, scores, -1e9)'],
    ['~jnp.tril(jnp.ones((1, T, T), bool))', 'jnp.where(mask, jnp.finfo(scores.dtype).min, scores)'],
    ['jnp.logical_not(jnp.triu(jnp.ones((T, T)), k=1))', 'jnp.where(mask != 0, scores, -1e9)'],
    ['jnp.tri(T)', 'jax.lax.select(jnp.tri(T) > 0, scores, -1e9)'],
    ['jnp.triu(jnp.full((T, T), -jnp.inf), 1)', 'scores + mask'],
    ['nn.make_causal_mask(x[..., 0])[:, 0]', 'jnp.where(mask, scores, -1e9)'],
  ] as const) {
    test(`attention written by hand with ${masked} of ${mask} is causal`, async () => {
      const { network } = await onlyModel(`import flax.linen as nn
import jax
import jax.numpy as jnp


class Attention(nn.Module):
    @nn.compact
    def __call__(self, x):
        T = x.shape[1]
        q, k, v = (nn.Dense(8)(x) for _ in range(3))
        scores = q @ k.swapaxes(-1, -2) / jnp.sqrt(8)
        mask = ${mask}
        scores = ${masked}
        return nn.softmax(scores, axis=-1) @ v


model = Attention()
model.init(jax.random.key(0), jnp.ones((1, 6, 8)))
`);
      const operation = network.nodes.find((node) => node.operation.kind === 'attention')?.operation;
      assert.equal(operation?.kind === 'attention' && operation.isCausal, true);
    });
  }

  test('attention as a function of heads', async () => {
    for (const name of ['nn.dot_product_attention', 'nnx.dot_product_attention', 'jax.nn.dot_product_attention']) {
      const { network } = await onlyModel(`import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import nnx


class Heads(nn.Module):
    @nn.compact
    def __call__(self, x):
        q, k, v = (nn.DenseGeneral((3, 4))(x) for _ in range(3))
        return nn.DenseGeneral(8, axis=(-2, -1))(${name}(q, k, v, mask=nn.make_causal_mask(jnp.ones((1, 6)))))


model = Heads()
model.init(jax.random.key(0), jnp.ones((1, 6, 8)))
`);
      const attention = network.nodes.find(({ operation }) => operation.kind === 'attention');
      assert.deepEqual(attention?.outputShape, [{ perBatch: 1 }, 3, 6, 4]);
      assert.deepEqual(attention.operation, { kind: 'attention', scale: 0.5, isCausal: true, dropout: 0 });
      assert.deepEqual(network.nodes.at(-1)?.outputShape, [{ perBatch: 1 }, 6, 8]);
    }
  });

  test('a model without a forward pass is none', async () => {
    const { models } = await analyzeText(`import flax.linen as nn


class Settings(nn.Module):
    width: int = 3
`);
    assert.deepEqual(models, []);
  });
});
