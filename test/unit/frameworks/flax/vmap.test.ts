import assert from 'node:assert/strict';
import { analyzeText } from '../../analyzeText';

const head = `import jax
import jax.numpy as jnp
import optax
from functools import partial
from flax import linen as nn
class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.LayerNorm()(nn.relu(nn.Dense(24)(x)))
        return nn.Dense(5)(x)
model = Net()
xs, ys = jax.random.normal(jax.random.key(1), (32, 12)), jax.random.normal(jax.random.key(2), (32, 5))
labels = jax.random.randint(jax.random.key(3), (32,), 0, 5)
params = model.init(jax.random.key(0), xs[:1])
`;

/** log10 RMS of activation, gradient and weight gradient of the layers with weights. */
async function signalOf(loss: string) {
  const { models } = await analyzeText(`${head}${loss}\ngrads = jax.grad(loss_fn)(params)\n`);
  const { network, signal } = models[0] ?? assert.fail(loss);
  return ['Dense_0', 'LayerNorm_0', 'Dense_1'].flatMap((path) => {
    const node = signal.nodes[network.nodes.findIndex((candidate) => candidate.path === path)];
    return [node?.activation, node?.gradient, node?.weightGradient].map((found) => found?.log10Rms.toFixed(6));
  });
}

async function assertSame(mapped: string, batched: string): Promise<void> {
  const expected = await signalOf(batched);
  assert.equal(expected.filter((value) => value !== undefined).length, 8, batched);
  assert.deepEqual(await signalOf(mapped), expected, mapped);
}

const squares = `def loss_fn(params):
    return jnp.mean(jnp.sum((model.apply(params, xs) - ys) ** 2, axis=-1))
`;
const labelled = `def loss_fn(params):
    return optax.softmax_cross_entropy_with_integer_labels(model.apply(params, xs), labels).mean()
`;

suite('flax: vmap', () => {
  test('a loss of one sample, with the parameters enclosed', async () => {
    const own = (body: string, call: string) => `def loss_fn(params):
    def one(x, y):
        ${body}
    return ${call}
`;
    await assertSame(own('return jnp.sum((model.apply(params, x) - y) ** 2)', 'jax.vmap(one)(xs, ys).mean()'), squares);
    await assertSame(
      own('return jnp.sum((model.apply(params, x) - y) ** 2)', 'jnp.mean(jax.vmap(one)(xs, ys))'),
      squares,
    );
    const inner = 'z = model.apply(params, x); return jnp.inner(y - z, y - z)';
    await assertSame(own(inner, 'jnp.mean(jax.vmap(one)(xs, ys), axis=0)'), squares);
    const entropy = 'return optax.softmax_cross_entropy_with_integer_labels(model.apply(params, x), y)';
    await assertSame(own(entropy, 'jax.vmap(one)(xs, labels).mean()'), labelled);
  });

  test('parameters as an argument that is not mapped', async () => {
    const one = 'one(params, x, y):\n    return ((model.apply(params, x) - y) ** 2).sum()\n';
    const mean = (called: string) => `def loss_fn(params):\n    return jnp.mean(${called}(params, xs, ys))\n`;
    await assertSame(`def ${one}${mean('jax.vmap(one, in_axes=(None, 0, 0))')}`, squares);
    await assertSame(`@partial(jax.vmap, in_axes=(None, 0, 0))\ndef ${one}${mean('one')}`, squares);
  });

  test('only the model is mapped', async () => {
    const loss = (outputs: string) => `def loss_fn(params):
    return optax.softmax_cross_entropy_with_integer_labels(${outputs}, labels).mean()
`;
    await assertSame(loss('jax.vmap(lambda x: model.apply(params, x))(xs)'), labelled);
    await assertSame(loss('jax.vmap(model.apply, in_axes=(None, 0))(params, xs)'), labelled);
  });

  test('other axes than the first are not followed', async () => {
    const loss = `def loss_fn(params):
    return jnp.mean(jax.vmap(lambda x: model.apply(params, x), in_axes=1)(xs.T) ** 2)
`;
    const { models } = await analyzeText(`${head}${loss}\ngrads = jax.grad(loss_fn)(params)\n`);
    assert.equal(models[0]?.network.loss, undefined);
  });
});
