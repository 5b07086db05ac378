import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { Analysis } from '../../src/core/analysis';
import { formatMessage } from '../../src/protocol/format';
import { analyzeText } from './analyzeText';

const root = path.resolve(__dirname, '../..');
const torch = 'import torch\nfrom torch import nn\n';

/** Clear of anything that a face could not show: numbers are numbers, messages have no open places, spans lie in the text. */
function assertWhole(analysis: Analysis, text: string): void {
  for (const model of analysis.models) {
    for (const node of model.signal.nodes) {
      for (const estimate of [node.activation, node.gradient, node.weightGradient]) {
        assert.ok(estimate === undefined || !Number.isNaN(estimate.log10Rms + estimate.sd), `NaN at node ${node.node}`);
      }
    }
    const messages = [
      ...model.findings.flatMap((finding) => [finding.message, ...finding.fixes.map((fix) => fix.title)]),
      ...model.unknowns.map((unknown) => unknown.reason),
      ...model.assumptions.map((assumption) => assumption.what),
    ];
    for (const message of messages) assert.doesNotMatch(formatMessage(message), /\{\w+\}/);
    for (const { span } of [...model.findings, ...model.unknowns]) {
      assert.ok(span.start >= 0 && span.end <= text.length && span.start <= span.end, JSON.stringify(span));
    }
  }
}

suite('bad input', () => {
  const answers: readonly { readonly name: string; readonly text: string; readonly says?: RegExp }[] = [
    { name: 'an empty file', text: '' },
    { name: 'only an import', text: torch },
    {
      name: 'half a line',
      text: `${torch}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(10, `,
      says: /./,
    },
    { name: 'a binary file', text: `${torch}\0\x01\x02`, says: /not text/ },
    { name: '50 MB', text: `${torch}${'x = 1\n'.repeat(8_700_000)}`, says: /too large/ },
    { name: 'deep nesting', text: `${torch}x = ${'('.repeat(5000)}1${')'.repeat(5000)}\n`, says: /./ },
    { name: 'a loop without end', text: `${torch}while True:\n    x = torch.randn(2)\nmodel = nn.Linear(2, 2)\n` },
    {
      name: 'a range without bounds',
      text: `${torch}layers = [nn.Linear(2, 2) for _ in range(10**12)]\nmodel = nn.Sequential(*layers)\n`,
    },
    {
      name: 'a class that holds itself',
      text: `${torch}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.inner = Net()\n    def forward(self, x):\n        return self.inner(x)\n`,
    },
    {
      name: 'a forward that calls itself',
      text: `${torch}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(4, 4)\n    def forward(self, x):\n        return self.forward(self.fc(x))\n`,
    },
    { name: 'a module that imports itself', text: `import model\nfrom model import Net\n${torch}net = Net()\n` },
    {
      name: 'an argument that nobody gives',
      text: `${torch}class Net(nn.Module):\n    def __init__(self, zorp):\n        super().__init__()\n        self.fc = nn.Linear(zorp.a, zorp.b)\n    def forward(self, x):\n        return self.fc(x)\n`,
      says: /zorp/,
    },
    {
      name: 'an unknown layer',
      text: `${torch}from fancy import Fancy\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 4)\n        self.f = Fancy(8)\n    def forward(self, x):\n        return self.f(self.a(x))\n`,
      says: /Fancy|fancy/,
    },
    {
      name: 'NaN and infinite constants',
      text: `${torch}net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))\nnn.init.normal_(net[0].weight, 0.0, float('nan'))\nnn.init.constant_(net[2].weight, float('inf'))\nnet(torch.randn(2, 4))\n`,
    },
    {
      name: 'sizes that do not fit',
      text: `${torch}net = nn.Sequential(nn.Linear(4, 5), nn.Linear(6, 2))\nnet(torch.randn(2, 4))\n`,
      says: /5|6/,
    },
    {
      name: 'zero and negative widths',
      text: `${torch}net = nn.Sequential(nn.Linear(0, 3), nn.ReLU(), nn.Linear(-3, 2))\nnet(torch.randn(2, 0))\n`,
    },
    {
      name: 'names with markup',
      text: `${torch}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.add_module('<img src=x onerror=alert(1)>**', nn.Linear(4, 4))\n    def forward(self, x):\n        for layer in self.children():\n            x = layer(x)\n        return x\n`,
    },
    {
      name: 'bytes that are no UTF-8',
      text: `${torch}name = '\uFFFD\uFFFD'\nnet = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))\n`,
    },
  ];
  for (const { name, text, says } of answers) {
    test(`${name}: an answer, whole and in time`, async () => {
      const analysis = await analyzeText(text, { withFixes: true, budget: { timeMs: 1000 } });
      assertWhole(analysis, text);
      const unknowns = [
        ...analysis.syntaxErrors,
        ...analysis.unknowns,
        ...analysis.models.flatMap((model) => model.unknowns),
      ];
      if (says) assert.match(unknowns.map(({ reason }) => formatMessage(reason)).join('\n'), says);
    });
  }

  test('any prefix and any random edit of real sources: no exception, no NaN, no runaway', async () => {
    const sources = [
      ...samples('test/fixtures/cases/keras-stacks', 4),
      ...samples('test/fixtures/cases/measured', 8),
      ...samples('examples', 10),
    ];
    const edits = fc.record({
      source: fc.constantFrom(...sources),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      removed: fc.nat(40),
      inserted: fc.constantFrom(
        '',
        '(',
        ')',
        '[',
        '"',
        "'''",
        '\n',
        '    ',
        'self.',
        'for x in range(10**12):',
        ' = ',
        '**',
        ',',
        '0',
        '-1',
        'None',
        'lambda: ',
        '\\',
        '@',
        ': ',
        '\t',
        'é',
        '%',
        '}',
      ),
      isPrefix: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(edits, async ({ source, at, removed, inserted, isPrefix }) => {
        const offset = Math.floor(at * source.length);
        const text = isPrefix
          ? source.slice(0, offset) + inserted
          : source.slice(0, offset) + inserted + source.slice(offset + removed);
        assertWhole(await analyzeText(text, { budget: { timeMs: 1000 } }), text);
      }),
      { numRuns: 150 },
    );
  }).timeout(120_000);
});

function samples(folder: string, count: number): readonly string[] {
  const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.py'));
  const step = Math.max(1, Math.floor(names.length / count));
  return names
    .filter((_, index) => index % step === 0)
    .slice(0, count)
    .map((name) => readFileSync(path.join(root, folder, name), 'utf8'));
}
