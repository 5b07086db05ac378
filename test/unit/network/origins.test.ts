import assert from 'node:assert/strict';
import type { AnalyzeOptions, Origin } from '../../../src/core/analysis';
import { applyEdits } from '../../../src/core/findings/fixes/sourceText';
import { writeDirective } from '../../../src/core/network/writeDirective';
import { analyzeText } from '../analyzeText';

const model = (parameters: string) => `import argparse
from dataclasses import dataclass
import torch
from torch import nn

@dataclass
class Config:
    width: int = 8

class Net(nn.Module):
    def __init__(self, ${parameters}):
        super().__init__()
        self.fc = nn.Linear(16, 16)

    def forward(self, x):
        return self.fc(x).relu()
`;

async function read(text: string, options: Partial<AnalyzeOptions> = {}) {
  const analysis = await analyzeText(text, options);
  const [first] = analysis.models;
  const textOf = ({ span }: Origin) => span && text.slice(span.start, span.end);
  const of = (name: string) => {
    const found = first?.origins.find(
      ({ subject }) => (subject.kind === 'argument' ? subject.name : subject.kind) === name,
    );
    return found && [found.value, found.from, textOf(found)];
  };
  return { analysis, first, of };
}

suite('where a model’s values come from', () => {
  test('a call in the file, by place and by name, and the default of what it leaves out', async () => {
    const { of } = await read(
      `${model('depth, width, act="relu"')}\nsize = 4\nnet = Net(12, width=size)\nnet(torch.randn(4, 16))\n`,
    );
    assert.deepEqual(of('depth'), ['12', 'call', '12']);
    assert.deepEqual(of('width'), ['4', 'call', 'size']);
    assert.deepEqual(of('act'), ['"relu"', 'default', '"relu"']);
    assert.deepEqual(of('inputShape'), ['16', 'call', 'net(torch.randn(4, 16))']);
  });

  test('an option of the command line, directly or through a function', async () => {
    const parser = 'parser = argparse.ArgumentParser()\nparser.add_argument("--depth", type=int, default=3)\n';
    const direct = await read(`${model('depth')}\n${parser}args = parser.parse_args()\nnet = Net(args.depth)\n`);
    assert.deepEqual(direct.of('depth'), ['3', 'commandLine', 'args.depth']);
    const through = `def options():\n    ${parser.replace('\n', '\n    ')}    return parser.parse_args()\n`;
    const { of } = await read(`${model('depth')}\n${through}opt = options()\nnet = Net(depth=opt.depth)\n`);
    assert.deepEqual(of('depth'), ['3', 'commandLine', 'opt.depth']);
  });

  test('a directive, which goes before what the user gave', async () => {
    const directive = '# gradlens: model Net(depth=5) input=16 batch=7 data=table';
    const { of, first } = await read(`${directive}\n${model('depth')}`, {
      models: { Net: { arguments: { depth: '6' } } },
    });
    assert.deepEqual(of('depth'), ['5', 'directive', directive]);
    assert.deepEqual(of('inputShape'), ['16', 'directive', directive]);
    assert.deepEqual(of('batchSize'), ['7', 'directive', directive]);
    assert.deepEqual(of('inputData'), ['table', 'directive', directive]);
    assert.equal(first?.input.statistics, 'table');
  });

  test('an assumption by name, and a configuration by its class', async () => {
    const { of } = await read(model('depth, config: Config'));
    assert.deepEqual(of('depth'), ['4', 'assumption', 'Net']);
    assert.deepEqual(of('config'), ['Config()', 'assumption', 'Net']);
    assert.deepEqual(of('inputData'), ['standard-normal', 'assumption', undefined]);
    assert.deepEqual(of('batchSize'), ['32', 'assumption', undefined]);
  });

  test('what nobody gives is named, and read once the user gives it', async () => {
    const text = model('mystery');
    const { analysis } = await read(text);
    assert.deepEqual(analysis.models, []);
    assert.deepEqual(
      analysis.unbuilt.map(({ name, missing }) => [name, missing]),
      [['Net', ['mystery']]],
    );
    const { analysis: given, of } = await read(text, { models: { Net: { arguments: { mystery: '(1, 2)' } } } });
    assert.deepEqual(given.unbuilt, []);
    assert.deepEqual(of('mystery'), ['(1, 2)', 'user', undefined]);
  });

  test('what is no literal is not taken', async () => {
    for (const text of ['__import__("os")', 'open', '1 +', '[x for x in y]', '']) {
      const { analysis } = await read(model('mystery'), { models: { Net: { arguments: { mystery: text } } } });
      assert.deepEqual(analysis.models, []);
    }
  });

  test('shape and data that the user gives, of one model only', async () => {
    const text = `${model('depth')}\nclass Other(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(16, 2)\n    def forward(self, x):\n        return self.fc(x)\n`;
    const { of, analysis } = await read(text, { models: { Net: { inputShape: [3, 16], data: 'table' } } });
    assert.deepEqual(of('inputShape'), ['3x16', 'user', undefined]);
    assert.deepEqual(of('inputData'), ['table', 'user', undefined]);
    assert.equal(analysis.models[1]?.input.statistics, 'standard-normal');
  });
});

suite('a directive that is written', () => {
  async function written(text: string, options: Partial<AnalyzeOptions> = {}): Promise<string | undefined> {
    const { first } = await read(text, options);
    const edit = first && writeDirective(first.span.file, text, first);
    return edit && applyEdits(text, [edit]);
  }

  test('says what was assumed and given, and reads the same again', async () => {
    const text = model('depth, config: Config');
    const options = { models: { Net: { inputShape: [3, 16], data: 'table', arguments: { depth: '7' } } } } as const;
    const result = await written(text, options);
    assert.equal(
      result,
      text.replace('class Net', '# gradlens: model Net(depth=7, config=Config()) input=3x16 data=table\nclass Net'),
    );
    const { of } = await read(result ?? '');
    assert.equal(of('depth')?.[0], '7');
    assert.equal(of('config')?.[0], 'Config()');
    assert.equal(of('inputShape')?.[0], '3x16');
  });

  test('takes the place of the one that is there', async () => {
    const text = `# gradlens: model Net(depth=5)\n${model('depth')}`;
    const result = await written(text, { models: { Net: { data: 'mnist' } } });
    assert.match(result ?? '', /^# gradlens: model Net\(depth=5\) input=16 data=mnist\nimport argparse/);
  });
});

suite('blocks', () => {
  const text = `from torch import nn
class Block(nn.Module):
    def __init__(self, width, size):
        super().__init__()
        self.fc = nn.Linear(width, size)
    def forward(self, x):
        return self.fc(x).relu()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(Block(16, 32), Block(32, 8))
    def forward(self, x):
        return self.body(x)
`;

  test('are named, and read as the model holds them where somebody asks', async () => {
    const { analysis } = await read(text);
    assert.deepEqual([analysis.models.map(({ name }) => name), analysis.blocks], [['Net'], ['Block']]);
    const { first, of } = await read(text, { block: 'Block' });
    assert.equal(first?.name, 'Block');
    assert.deepEqual(
      first?.network.parameters.map(({ shape }) => shape),
      [[32, 16], [32]],
    );
    assert.deepEqual(of('size'), ['32', 'call', '32']);
  });

  test('of a name that is none give nothing', async () => {
    assert.deepEqual((await read(text, { block: 'Nothing' })).analysis.models, []);
  });
});
