import assert from 'node:assert/strict';
import { alarmsOf, analyzeText } from '../analyzeText';

const head = 'import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n';

/** A module whose constructor and forward are these lines. */
function net(init: readonly string[], forward: readonly string[], name = 'Net', args = 'x'): string {
  const indent = (lines: readonly string[]) => lines.map((line) => `        ${line}\n`).join('');
  return `class ${name}(nn.Module):\n    def __init__(self):\n        super().__init__()\n${indent(init)}    def forward(self, ${args}):\n${indent(forward)}`;
}

const sigmoids = (count: number) => Array.from({ length: count }, () => 'nn.Linear(64, 64), nn.Sigmoid()').join(', ');

/** Faulty sources with the place of the finding between guillemets. */
const faulty: readonly { readonly name: string; readonly rule: string; readonly source: string }[] = [
  {
    name: 'a sigmoid shared by a loop is marked where it is made',
    rule: 'vanishing-gradient',
    source: net(
      ['self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(8)])', 'self.act = «nn.Sigmoid()»'],
      ['for layer in self.layers:', '    x = self.act(layer(x))', 'return x'],
    ),
  },
  {
    name: 'functional sigmoids are marked at the first call',
    rule: 'vanishing-gradient',
    source: net(
      Array.from({ length: 9 }, (_, index) => `self.l${index} = nn.Linear(64, 64)`),
      [
        'x = «torch.sigmoid(self.l0(x))»',
        ...Array.from({ length: 7 }, (_, index) => `x = torch.sigmoid(self.l${index + 1}(x))`),
        'return self.l8(x)',
      ],
    ),
  },
  {
    name: 'weights too small for their fan-in are marked where they are set',
    rule: 'collapsing-activation',
    source: `${net(
      [
        `self.layers = nn.Sequential(${Array.from({ length: 6 }, () => 'nn.Linear(32, 32), nn.ReLU()').join(', ')}, nn.Linear(32, 1))`,
        'for m in self.modules():',
        '    if isinstance(m, nn.Linear):',
        '        «nn.init.uniform_(m.weight, -0.05, 0.05)»',
        '        nn.init.zeros_(m.bias)',
      ],
      ['return self.layers(x)'],
    )}`,
  },
  {
    name: 'a softmax method between layers',
    rule: 'hidden-softmax',
    source: net(
      ['self.a = nn.Linear(64, 64)', 'self.b = nn.Linear(64, 10)'],
      ['return self.b(«self.a(x).softmax(-1)»)'],
    ),
  },
  {
    name: 'zeros in a hidden layer',
    rule: 'symmetric-init',
    source: net(
      ['self.a = nn.Linear(64, 64)', 'self.b = nn.Linear(64, 10)', '«nn.init.zeros_(self.a.weight)»'],
      ['return self.b(torch.relu(self.a(x)))'],
    ),
  },
  {
    name: 'a bias far below zero',
    rule: 'dead-relu',
    source: net(
      ['self.a = nn.Linear(64, 64)', 'self.b = nn.Linear(64, 10)', '«self.a.bias.data.fill_(-6.0)»'],
      ['return self.b(torch.relu(self.a(x)))'],
    ),
  },
];

/** Healthy sources that look like trouble to a reader of text. */
const healthy: readonly { readonly name: string; readonly source: string }[] = [
  {
    name: 'residual branches with a small scale and no head behind them',
    source: net(
      [
        'self.embed = nn.Linear(64, 64)',
        'self.norms = nn.ModuleList([nn.LayerNorm(64) for _ in range(4)])',
        'self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(4)])',
        'self.scales = nn.ParameterList([nn.Parameter(1e-5 * torch.ones(64)) for _ in range(4)])',
      ],
      [
        'x = self.embed(x)',
        'for norm, layer, scale in zip(self.norms, self.layers, self.scales):',
        '    x = x + scale * layer(norm(x))',
        'return x',
      ],
    ),
  },
  {
    name: 'a deep network of normalised layers, whose gradient grows a little at each',
    source: net(
      [
        'blocks = [layer for _ in range(60) for layer in (nn.Linear(256, 256, bias=False), nn.BatchNorm1d(256), nn.ReLU())]',
        'self.layers = nn.Sequential(*blocks, nn.Linear(256, 10))',
      ],
      ['return self.layers(x)'],
    ),
  },
  {
    name: 'attention written by hand',
    source: net(
      [
        'self.q = nn.Linear(64, 64)',
        'self.k = nn.Linear(64, 64)',
        'self.v = nn.Linear(64, 64)',
        'self.o = nn.Linear(64, 64)',
      ],
      ['w = torch.softmax(self.q(x) @ self.k(x).transpose(-2, -1) / 8, dim=-1)', 'return self.o(w @ self.v(x))'],
    ),
  },
  {
    name: 'squeeze and excite',
    source: net(
      [
        'self.c = nn.Conv2d(3, 32, 3, padding=1)',
        'self.a = nn.Linear(32, 8)',
        'self.b = nn.Linear(8, 32)',
        'self.h = nn.Linear(32, 10)',
      ],
      [
        'x = torch.relu(self.c(x))',
        's = x.mean((2, 3))',
        's = torch.sigmoid(self.b(torch.relu(self.a(s))))',
        'x = x * s[:, :, None, None]',
        'return self.h(x.mean((2, 3)))',
      ],
    ),
  },
  {
    name: 'a mixture of experts with softmax routing',
    source: net(
      [
        'self.gate = nn.Linear(64, 4)',
        'self.experts = nn.ModuleList([nn.Linear(64, 64) for _ in range(4)])',
        'self.h = nn.Linear(64, 10)',
      ],
      [
        'w = torch.softmax(self.gate(x), dim=-1)',
        'y = sum(w[:, i:i + 1] * e(x) for i, e in enumerate(self.experts))',
        'return self.h(y)',
      ],
    ),
  },
  {
    name: 'a sigmoid head',
    source: net(
      ['self.a = nn.Linear(64, 64)', 'self.b = nn.Linear(64, 1)'],
      ['return torch.sigmoid(self.b(torch.relu(self.a(x))))'],
    ),
  },
  {
    name: 'a softmax head',
    source: net(
      ['self.a = nn.Linear(64, 64)', 'self.b = nn.Linear(64, 10)'],
      ['return F.softmax(self.b(F.relu(self.a(x))), dim=1)'],
    ),
  },
  {
    name: 'a zero-initialised residual branch',
    source: net(
      [
        'self.a = nn.Linear(64, 64)',
        'self.b = nn.Linear(64, 64)',
        'self.h = nn.Linear(64, 10)',
        'nn.init.zeros_(self.b.weight)',
        'nn.init.zeros_(self.b.bias)',
      ],
      ['x = x + self.b(torch.relu(self.a(x)))', 'return self.h(x)'],
    ),
  },
  {
    name: 'a zero-initialised head',
    source: net(
      ['self.a = nn.Linear(64, 64)', 'self.b = nn.Linear(64, 10)', 'nn.init.zeros_(self.b.weight)'],
      ['return self.b(torch.relu(self.a(x)))'],
    ),
  },
  {
    name: 'a low-rank adapter with one zero factor',
    source: net(
      [
        'self.w = nn.Linear(64, 64)',
        'self.a = nn.Linear(64, 4, bias=False)',
        'self.b = nn.Linear(4, 64, bias=False)',
        'nn.init.zeros_(self.b.weight)',
        'self.h = nn.Linear(64, 10)',
      ],
      ['return self.h(torch.relu(self.w(x) + self.b(self.a(x))))'],
    ),
  },
  {
    name: 'an LSTM with a dense head',
    source: net(
      ['self.rnn = nn.LSTM(32, 64, num_layers=2, batch_first=True)', 'self.h = nn.Linear(64, 10)'],
      ['y, _ = self.rnn(x)', 'return self.h(y[:, -1])'],
    ),
  },
  {
    name: 'five ReLU layers at the framework’s defaults',
    source: net(
      [
        `self.layers = nn.Sequential(${Array.from({ length: 4 }, () => 'nn.Linear(64, 64), nn.ReLU()').join(', ')}, nn.Linear(64, 10))`,
      ],
      ['return self.layers(x)'],
    ),
  },
  {
    name: 'a gated linear unit',
    source: net(
      ['self.a = nn.Linear(64, 128)', 'self.h = nn.Linear(64, 10)'],
      ['a, b = self.a(x).chunk(2, dim=-1)', 'return self.h(a * torch.sigmoid(b))'],
    ),
  },
  {
    name: 'a deep pre-norm transformer',
    source: `${net(
      [
        'self.n1 = nn.LayerNorm(64)',
        'self.at = nn.MultiheadAttention(64, 4, batch_first=True)',
        'self.n2 = nn.LayerNorm(64)',
        'self.up = nn.Linear(64, 256)',
        'self.down = nn.Linear(256, 64)',
      ],
      ['y = self.n1(x)', 'x = x + self.at(y, y, y)[0]', 'return x + self.down(F.gelu(self.up(self.n2(x))))'],
      'Block',
    )}\n${net(
      [
        'self.e = nn.Embedding(100, 64)',
        'self.blocks = nn.Sequential(*[Block() for _ in range(12)])',
        'self.n = nn.LayerNorm(64)',
        'self.h = nn.Linear(64, 100)',
      ],
      ['return self.h(self.n(self.blocks(self.e(x))))'],
      'Transformer',
    )}`,
  },
  {
    name: 'an autoencoder with a narrow middle',
    source: net(
      [
        'self.e = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))',
        'self.d = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())',
      ],
      ['return self.d(self.e(x))'],
    ),
  },
  { name: 'a lone layer', source: 'net = nn.Linear(4, 2)\nnet(torch.randn(3, 4))\n' },
];

suite('findings', () => {
  for (const { name, rule, source } of faulty) {
    test(`${rule}: ${name}`, async () => {
      const marked = head + source;
      const text = marked.replace('«', '').replace('»', '');
      const span = { start: marked.indexOf('«'), end: marked.indexOf('»') - 1 };
      const analysis = await analyzeText(text);
      const finding = analysis.models.flatMap((model) => model.findings).find((candidate) => candidate.rule === rule);
      assert.ok(finding, `found only ${alarmsOf(analysis)}`);
      assert.deepEqual(
        { start: finding.span.start, end: finding.span.end },
        span,
        text.slice(finding.span.start, finding.span.end),
      );
    });
  }

  for (const { name, source } of healthy) {
    test(`healthy: ${name}`, async () => {
      const analysis = await analyzeText(head + source);
      assert.deepEqual(alarmsOf(analysis), []);
      assert.deepEqual(
        analysis.models.flatMap((model) => model.unknowns.map((unknown) => unknown.reason.text)),
        [],
      );
    });
  }

  test('twelve sigmoids are one finding with the others related', async () => {
    const analysis = await analyzeText(
      `${head}net = nn.Sequential(${sigmoids(12)}, nn.Linear(64, 10))\nnet(torch.randn(8, 64))\n`,
    );
    const findings = analysis.models.flatMap((model) => model.findings);
    assert.deepEqual(
      findings.map((finding) => finding.rule),
      ['vanishing-gradient'],
    );
    assert.ok((findings[0]?.related.length ?? 0) > 4);
  });

  test('a last layer that begins small scales all gradients alike: no finding, where the hidden layers lose no more', async () => {
    const critic = (scale: string, hidden: string) =>
      `${head}net = nn.Sequential(${hidden}, nn.Linear(64, 1))\nnn.init.uniform_(net[-1].weight, -${scale}, ${scale})\nnet(torch.randn(8, 64))\n`;
    const relus = 'nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()';
    const rulesOf = async (text: string) =>
      (await analyzeText(text)).models.flatMap((model) => model.findings.map(({ rule }) => rule));
    assert.deepEqual(await rulesOf(critic('3e-3', relus)), []);
    assert.deepEqual(await rulesOf(critic('3e-3', sigmoids(6))), ['vanishing-gradient']);
  });

  test('a finding that rests on an unknown layer is withheld', async () => {
    const source = net(
      [
        `self.a = nn.Sequential(${sigmoids(8)})`,
        'self.f = fancy.Layer(64)',
        `self.b = nn.Sequential(${sigmoids(4)}, nn.Linear(64, 10))`,
      ],
      ['return self.b(self.f(self.a(x)))'],
    );
    const analysis = await analyzeText(`import fancy\n${head}${source}`);
    assert.deepEqual(alarmsOf(analysis), []);
    assert.ok(analysis.models.some((model) => model.unknowns.length > 0));
  });

  test('severities and thresholds are the user’s', async () => {
    const text = `${head}net = nn.Sequential(${sigmoids(6)}, nn.Linear(64, 10))\nnet(torch.randn(8, 64))\n`;
    const rules = (severity: 'off' | 'information') => ({
      severities: { 'vanishing-gradient': severity },
      thresholds: {},
    });
    const off = await analyzeText(text, { rules: rules('off') });
    assert.deepEqual(
      off.models.flatMap((model) => model.findings),
      [],
    );
    const milder = await analyzeText(text, { rules: rules('information') });
    assert.deepEqual(
      milder.models.flatMap((model) => model.findings.map((finding) => finding.severity)),
      ['information'],
    );
    const lenient = {
      severities: {},
      thresholds: { vanishingHint: 1e-30, vanishingWarning: 1e-30, vanishingError: 1e-30 },
    };
    assert.deepEqual(
      (await analyzeText(text, { rules: lenient })).models.flatMap((model) => model.findings),
      [],
    );
  });

  test('a suppression that silences nothing is reported', async () => {
    const text = `${head}net = nn.Sequential(nn.Linear(4, 2))  # gradlens: ignore[dead-relu] never dies\nnet(torch.randn(2, 4))\n`;
    const { findings } = await analyzeText(text);
    assert.deepEqual(
      findings.map(({ rule, span }) => [rule, text.slice(span.start, span.end)]),
      [['unused-suppression', '# gradlens: ignore[dead-relu] never dies']],
    );
  });

  test('two faults of one model are two findings', async () => {
    const source = net(
      [
        'self.a = nn.Linear(64, 64)',
        'self.b = nn.Linear(64, 64)',
        'self.c = nn.Linear(64, 10)',
        'nn.init.constant_(self.a.bias, -6.0)',
      ],
      ['x = torch.relu(self.a(x))', 'return self.c(torch.softmax(self.b(x), dim=1))'],
    );
    assert.deepEqual(alarmsOf(await analyzeText(head + source)), ['dead-relu', 'hidden-softmax']);
  });

  test('a broken file still gives the findings of what can be read', async () => {
    const text = `${head}net = nn.Sequential(${sigmoids(12)}, nn.Linear(64, 10))\nnet(torch.randn(8, 64))\nclass Half(nn.Module):\n    def forward(self, x:\n`;
    const analysis = await analyzeText(text);
    assert.ok(analysis.syntaxErrors.length > 0);
    assert.deepEqual(alarmsOf(analysis), ['vanishing-gradient']);
  });
});
