import assert from 'node:assert/strict';
import { tokenIn } from '../../../src/editor/tokens';

suite('tokenIn', () => {
  /** The token stands between ‹ and ›. */
  const cases: readonly string[] = [
    '‹nn.Linear›(784, width)',
    '‹nn.Sigmoid›()',
    '‹F.relu›(self.fc1(x))',
    'self.fc(x).‹relu›()',
    '‹torch.nn.functional.softmax› (x, dim=1)',
    "‹layers.Dense›(8, activation='relu (not)')",
    '‹nn.Sequential›(\n    nn.Linear(2, 3),\n    nn.ReLU(),\n)',
    "‹'relu'›",
    '‹1 / (1 + np.exp(-x))›',
    '‹x * torch.sigmoid(1.702 * x)›',
    '‹(a + b)›',
    '‹a +› \\\n b',
    '‹layers[0](x)›',
    '‹›',
    '‹f(x›',
  ];
  for (const marked of cases) {
    test(JSON.stringify(marked), () => {
      const text = marked.replace(/[‹›]/g, '');
      const { start, end } = tokenIn(text);
      assert.equal(`${text.slice(0, start)}‹${text.slice(start, end)}›${text.slice(end)}`, marked);
    });
  }
});
