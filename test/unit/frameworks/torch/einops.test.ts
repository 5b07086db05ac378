import assert from 'node:assert/strict';
import { analyzeText } from '../../analyzeText';

/** Shapes as einops 0.8.2 gives them on PyTorch 2.13; B is the batch of 32. */
suite('einops', () => {
  for (const [expression, input, expected] of [
    ["rearrange(x, 'b c (h p1) (w p2) -> b (h w) (p1 p2 c)', p1=4, p2=4)", [3, 32, 16], '["B",32,48]'],
    ["rearrange(x, 'b ... d -> b (...) d')", [4, 5, 6], '["B",20,6]'],
    ["rearrange(x, 'b n (qkv h d) -> qkv b h n d', qkv=3, h=2)[0]", [7, 30], '["B",2,7,5]'],
    ["rearrange(x, 'b d -> b 1 d')", [9], '["B",1,9]'],
    ["repeat(x, 'b n d -> b (r n) d', r=3)", [4, 5], '["B",12,5]'],
    ["repeat(torch.zeros(1, 1, 8), '1 1 d -> b 1 d', b=x.shape[0])", [4], '["B",1,8]'],
    ["reduce(x, 'b c h w -> b c', 'mean')", [3, 8, 8], '["B",3]'],
    ["reduce(x, 'b c (h p) w -> b c h w', 'max', p=2)", [3, 8, 8], '["B",3,4,8]'],
    ["pack([x, x], 'b * d')[0]", [4, 5], '["B",8,5]'],
    ["unpack(x, [(1,), (3,)], 'b * d')[1]", [4, 5], '["B",3,5]'],
    ["einsum(x, x, 'b i d, b j d -> b i j')", [4, 5], '["B",4,4]'],
    ["Rearrange('b (c s) -> b c s', s=4)(x)", [12], '["B",3,4]'],
  ] as const) {
    test(expression, async () => {
      const text = `import torch
from torch import nn
from einops import rearrange, repeat, reduce, pack, unpack, einsum
from einops.layers.torch import Rearrange
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
    def forward(self, x):
        return ${expression} * self.scale
`;
      const { models } = await analyzeText(text, { inputShape: input });
      const [model] = models;
      const shape = model?.network.nodes[model.network.outputs[0] ?? -1]?.outputShape;
      const shown = shape?.map((dim) =>
        typeof dim === 'object' ? (dim.perBatch === 1 ? 'B' : `${dim.perBatch}B`) : dim,
      );
      assert.equal(JSON.stringify(shown), expected);
    });
  }

  test('a pattern that does not fit stays unknown', async () => {
    const text = `from torch import nn
from einops.layers.torch import Rearrange
net = nn.Sequential(nn.Linear(6, 6), Rearrange('b (h w) c -> b h w c', h=5))
`;
    const { models } = await analyzeText(text, { inputShape: [6] });
    const kinds = models.flatMap(({ network }) => network.nodes.map(({ operation }) => operation.kind));
    assert.ok(kinds.includes('unknown'), String(kinds));
  });
});
