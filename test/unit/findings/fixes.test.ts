import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analyze } from '../../../src/core/analyze';
import type { Finding } from '../../../src/core/findings/finding';
import { applyEdits, applyToSources } from '../../../src/core/findings/fixes/sourceText';
import { parsePython } from '../../../src/core/python/parse';
import { alarmsOf, analyzeText } from '../analyzeText';

const root = path.resolve(__dirname, '../../..');

async function findingsOf(text: string): Promise<readonly Finding[]> {
  const analysis = await analyzeText(text, { withFixes: true });
  return analysis.models.flatMap((model) => model.findings);
}

function bestFix(findings: readonly Finding[], rule: string) {
  const fix = findings.find((finding) => finding.rule === rule)?.fixes[0];
  assert.ok(fix, `${rule} offers no fix`);
  return fix;
}

async function fixed(text: string, rule: string): Promise<string> {
  const result = applyEdits(text, bestFix(await findingsOf(text), rule).edits);
  assert.ok(result !== undefined);
  return result;
}

/** Every faulty text that the repository ships: the bad examples of the rule pages, and the examples. */
function faultyTexts(): readonly { readonly name: string; readonly text: string }[] {
  const pages = path.join(root, 'docs/rules');
  const fromPages = readdirSync(pages).flatMap((name) => {
    const section = readFileSync(path.join(pages, name), 'utf8').split('\n## Bad\n')[1] ?? '';
    const text = /```python\n([\s\S]*?)```/.exec(section)?.[1];
    return text === undefined ? [] : [{ name, text }];
  });
  const examples = path.join(root, 'examples');
  const fromExamples = readdirSync(examples)
    .filter((name) => name.endsWith('.py'))
    .map((name) => ({ name, text: readFileSync(path.join(examples, name), 'utf8') }));
  return [...fromPages, ...fromExamples];
}

suite('quick fixes', () => {
  for (const { name, text } of faultyTexts()) {
    test(`${name}: the best fix of every alarm does what its title says`, async () => {
      for (const finding of await findingsOf(text)) {
        if (finding.severity !== 'error' && finding.severity !== 'warning') continue;
        const [fix] = finding.fixes;
        assert.ok(fix?.effect?.resolves, `${finding.rule} has no fix that resolves it`);
        assert.ok(fix.isPreferred);
        const edited = applyEdits(text, fix.edits);
        assert.ok(edited !== undefined);
        const after = await analyzeText(edited);
        assert.deepEqual(after.syntaxErrors, []);
        assert.ok(!alarmsOf(after).includes(finding.rule), `${finding.rule} is still there`);
      }
    });
  }

  test('the last one silences the finding with a comment, and leaves the rest as it was', async () => {
    const text = readFileSync(path.join(root, 'examples/deep_sigmoid.py'), 'utf8');
    const [finding] = await findingsOf(text);
    const ignoring = finding?.fixes.at(-1);
    assert.ok(ignoring);
    const edited = applyEdits(text, ignoring.edits) ?? '';
    assert.ok(edited.includes('nn.Sigmoid()  # gradlens: ignore[vanishing-gradient] reason\n'));
    assert.deepEqual(alarmsOf(await analyzeText(edited)), []);
  });

  test('replace an activation object and initialise behind it, in the file’s own words', async () => {
    const text = readFileSync(path.join(root, 'examples/deep_sigmoid.py'), 'utf8');
    const edited = await fixed(text, 'vanishing-gradient');
    assert.ok(edited.includes('        self.activation = nn.ReLU()\n'));
    assert.ok(
      edited.includes(
        [
          '        self.head = nn.Linear(width, 10)',
          '        for module in self.modules():',
          '            if isinstance(module, nn.Linear):',
          '                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")',
          '                if module.bias is not None:',
          '                    nn.init.zeros_(module.bias)',
          '',
        ].join('\n'),
      ),
      edited,
    );
  });

  test('replace strings and bare names in Keras, importing what is missing', async () => {
    const layers = Array.from({ length: 12 }, () => "    Dense(64, activation='sigmoid'),\n").join('');
    const text = `from keras import Sequential, Input\nfrom keras.layers import Dense\n\nmodel = Sequential([\n    Input((64,)),\n${layers}    Dense(1),\n])\n`;
    const edited = await fixed(text, 'vanishing-gradient');
    assert.ok(edited.includes('    Dense(64, activation=\'relu\', kernel_initializer="he_normal"),\n'), edited);
    const normalising = (await findingsOf(text))
      .flatMap((finding) => finding.fixes)
      .find((fix) => fix.title.text.startsWith('Normalise'));
    const normalised = applyEdits(text, normalising?.edits ?? []) ?? '';
    assert.ok(normalised.includes('from keras.layers import Dense, BatchNormalization, Activation\n'), normalised);
    assert.ok(normalised.includes("    Dense(64), BatchNormalization(), Activation('sigmoid'),\n"), normalised);
  });

  test('scale pixels that reach the model as they were loaded', async () => {
    const text = [
      'import keras',
      '(x, y), (u, v) = keras.datasets.mnist.load_data()',
      'model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(),',
      '    keras.layers.Dense(64, activation="tanh"), keras.layers.Dense(10)])',
      'model.fit(x, y)',
      '',
    ].join('\n');
    const edited = await fixed(text, 'saturating-stack');
    assert.ok(edited.includes('load_data()\nx, u = x / 255.0, u / 255.0\n'), edited);
    assert.deepEqual(alarmsOf(await analyzeText(edited)), []);
  });

  test('keep line endings, tabs and byte-order mark', async () => {
    const text = readFileSync(path.join(root, 'examples/deep_sigmoid.py'), 'utf8');
    const windows = `\uFEFF${text.replaceAll('\n', '\r\n').replaceAll('    ', '\t')}`;
    const edited = await fixed(windows, 'vanishing-gradient');
    assert.ok(edited.startsWith('\uFEFF"""'));
    assert.ok(!/[^\r]\n/.test(edited), 'a bare newline came in');
    assert.ok(edited.includes('\r\n\t\tfor module in self.modules():\r\n\t\t\tif isinstance'), edited);
    assert.deepEqual(alarmsOf(await analyzeText(edited)), []);
  });

  test('are not offered where the source has no safe place for them', async () => {
    const text = [
      'import torch',
      'from torch import nn',
      '',
      'make = [nn.Sigmoid][0]',
      'class Net(nn.Module):',
      '    def __init__(self):',
      '        super().__init__()',
      '        self.layers = nn.Sequential(*[m for _ in range(12) for m in (nn.Linear(64, 64), make())], nn.Linear(64, 10))',
      '    def forward(self, x):',
      '        return self.layers(x)',
      '',
    ].join('\n');
    const findings = await findingsOf(text);
    assert.deepEqual(
      findings.map((finding) => finding.rule),
      ['vanishing-gradient'],
    );
    for (const fix of findings[0]?.fixes ?? []) {
      const edited = applyEdits(text, fix.edits) ?? '';
      assert.ok(!edited.includes('ReLU'), `the alias must not be rewritten: ${edited}`);
    }
  });
});

suite('fixes of models that lie in several files', () => {
  const files: Readonly<Record<string, string>> = {
    '/work/train.py':
      'import torch\nfrom net import Net\nmodel = Net(12)\nmodel(torch.randn(8, 64)).sum().backward()\n',
    '/work/net.py': `from torch import nn
from parts.block import Block

class Net(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.body = nn.Sequential(*[Block(64) for _ in range(depth)])
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.body(x))
`,
    '/work/parts/block.py': `from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.activation = nn.Sigmoid()

    def forward(self, x):
        return self.activation(self.linear(x))
`,
  };

  const read = (texts: Readonly<Record<string, string>>, isEditable: (file: string) => boolean) =>
    analyze({ readText: async (file) => texts[file], searchPaths: ['/work'], isEditable }, '/work/train.py', {
      clock: () => performance.now(),
      withFixes: true,
    });

  test('the finding stands in the open file and names the place in the other one', async () => {
    const [finding] = (await read(files, () => true)).models.flatMap((model) => model.findings);
    assert.equal(finding?.rule, 'vanishing-gradient');
    assert.equal(finding.span.file, '/work/train.py');
    const text = files['/work/parts/block.py'] ?? '';
    const elsewhere = finding.related.filter(({ span }) => span.file === '/work/parts/block.py');
    assert.deepEqual(
      elsewhere.map(({ span }) => text.slice(span.start, span.end)),
      ['nn.Linear(width, width)'],
    );
  });

  test('the edits of the best fix, made in each file, mend the model', async () => {
    const [finding] = (await read(files, () => true)).models.flatMap((model) => model.findings);
    const [fix] = finding?.fixes ?? [];
    assert.ok(fix?.effect?.resolves);
    assert.equal(fix.isPreferred, false, 'other files are not changed unasked');
    const sources = new Map(
      Object.entries(files).map(([file, text]) => [file, { file, text, module: parsePython(text).module }]),
    );
    const edited = applyToSources(sources, fix.edits);
    assert.ok(edited && !edited.has('/work/train.py'));
    const after = await read({ ...files, ...Object.fromEntries(edited) }, () => true);
    assert.deepEqual(alarmsOf(after), []);
  });

  test('nothing is offered that would edit an installed package', async () => {
    const findings = (await read(files, (file) => file !== '/work/parts/block.py')).models.flatMap(
      (model) => model.findings,
    );
    const edits = findings.flatMap(({ fixes }) => fixes.flatMap((fix) => fix.edits));
    assert.ok(edits.every(({ span }) => span.file !== '/work/parts/block.py'));
    assert.ok(edits.length > 0, 'ignoring it is always offered');
  });
});
