import assert from 'node:assert/strict';
import type { Analysis, AnalyzeOptions } from '../../../src/core/analysis';
import { analyze } from '../../../src/core/analyze';

const block = `import torch.nn as nn
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)
    def forward(self, x):
        return self.fc(x).relu()
`;

async function analyzeFiles(
  files: Readonly<Record<string, string>>,
  file: string,
  options: Partial<AnalyzeOptions> = {},
): Promise<Analysis> {
  const project = { readText: async (name: string) => files[name], searchPaths: ['/work'] };
  return analyze(project, file, { clock: () => performance.now(), ...options });
}

/** Parameter counts of all models, in the order of the source. */
async function countsOf(files: Readonly<Record<string, string>>, file = '/work/train.py'): Promise<readonly number[]> {
  const { models } = await analyzeFiles(files, file);
  return models.map(({ network }) =>
    network.parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0),
  );
}

suite('imports across files', () => {
  const use = (imported: string, name = 'Block') =>
    `import torch\nfrom torch import nn\n${imported}\nnet = nn.Sequential(${name}(8), nn.Linear(8, 2))\n`;

  for (const [name, files] of [
    ['a file beside it', { '/work/train.py': use('from blocks import Block'), '/work/blocks.py': block }],
    ['a namespace folder', { '/work/train.py': use('from lib.blocks import Block'), '/work/lib/blocks.py': block }],
    [
      'a re-export of a package',
      {
        '/work/train.py': use('from lib import Block'),
        '/work/lib/__init__.py': 'from .blocks import *\n__all__ = ["Block"]\n',
        '/work/lib/blocks.py': block,
      },
    ],
    [
      'a submodule reached through its package',
      {
        '/work/train.py': use('import lib.blocks', 'lib.blocks.Block'),
        '/work/lib/__init__.py': '',
        '/work/lib/blocks.py': block,
      },
    ],
    [
      'a list of names in brackets over several lines',
      { '/work/train.py': use('from blocks import (  # the block\n    Block,\n)'), '/work/blocks.py': block },
    ],
    [
      'an optional import that is missing',
      {
        '/work/train.py': use(
          'try:\n    from fastblocks import Block\nexcept ImportError:\n    from blocks import Block',
        ),
        '/work/blocks.py': block,
      },
    ],
    [
      'files that import each other',
      {
        '/work/train.py': use('from blocks import Block'),
        '/work/blocks.py': `from helpers import half\n${block}`,
        '/work/helpers.py': 'import blocks\ndef half(n):\n    return n // 2\n',
      },
    ],
  ] as const) {
    test(name, async () => assert.deepEqual(await countsOf(files), [8 * 8 + 8 + 8 * 2 + 2]));
  }

  test('a relative import from the folder above, in a package', async () => {
    const files = {
      '/work/pkg/__init__.py': '',
      '/work/pkg/blocks.py': block,
      '/work/pkg/models/__init__.py': '',
      '/work/pkg/models/net.py': use('from ..blocks import Block'),
    };
    assert.deepEqual(await countsOf(files, '/work/pkg/models/net.py'), [8 * 8 + 8 + 8 * 2 + 2]);
    const absolute = { ...files, '/work/pkg/models/net.py': use('from pkg.blocks import Block') };
    assert.deepEqual(await countsOf(absolute, '/work/pkg/models/net.py'), [8 * 8 + 8 + 8 * 2 + 2]);
  });

  test('every place lies in the open file', async () => {
    const text = use('from blocks import Block');
    const { models, unknowns } = await analyzeFiles(
      {
        '/work/train.py': text,
        '/work/blocks.py': `# a long comment, so that offsets differ\n${'\n'.repeat(500)}${block}`,
      },
      '/work/train.py',
    );
    assert.deepEqual(unknowns, []);
    const nodes = models.flatMap(({ network }) => network.nodes);
    const linear = nodes.find(({ path }) => path === '0.fc');
    assert.ok(linear?.provenance.elsewhere?.file === '/work/blocks.py');
    assert.equal(text.slice(linear.provenance.made.start, linear.provenance.made.end), 'Block(8)');
    for (const { provenance } of nodes) {
      for (const { file, end } of [provenance.made, provenance.applied]) {
        assert.equal(file, '/work/train.py');
        assert.ok(end <= text.length);
      }
    }
  });

  test('a module that is not there is an unknown with the reason', async () => {
    const { models } = await analyzeFiles(
      {
        '/work/train.py':
          'import torch.nn as nn\nfrom gone import Block\nnet = nn.Sequential(nn.Linear(4, 4), Block(4))\n',
      },
      '/work/train.py',
    );
    assert.match(JSON.stringify(models.map(({ unknowns }) => unknowns)), /module gone is not read/);
  });

  test('no search path, no import followed', async () => {
    const files: Readonly<Record<string, string>> = { 'train.py': use('from blocks import Block'), 'blocks.py': block };
    const asked: string[] = [];
    const readText = async (name: string) => {
      asked.push(name);
      return files[name];
    };
    await analyze({ readText }, 'train.py', { clock: () => performance.now() });
    assert.deepEqual(asked, ['train.py']);
  });
});

suite('files that imports lead to', () => {
  const manyModules = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`/site/big/part${index}.py`, `from .part${index + 1} import thing\n`]),
  );
  const reading = (files: Readonly<Record<string, string>>, searchPaths: readonly string[]) => {
    const asked: string[] = [];
    const readText = async (name: string) => {
      asked.push(name);
      return files[name];
    };
    return { asked, project: { readText, searchPaths } };
  };
  const clock = () => performance.now();

  test('are read where something of them is used, however large the package', async () => {
    const { asked, project } = reading(
      {
        '/work/train.py': 'from torch import nn\nfrom big.used import Block\nnet = nn.Sequential(Block(8))\n',
        '/site/big/__init__.py': Array.from({ length: 300 }, (_, index) => `from .part${index} import thing\n`).join(
          '',
        ),
        '/site/big/used.py': block,
        ...manyModules,
      },
      ['/site'],
    );
    const { models } = await analyze(project, '/work/train.py', { clock });
    assert.equal(models.length, 1);
    assert.ok(asked.length < 20, `${asked.length} files asked for`);
  });

  test('are asked for once when a file is read again', async () => {
    const files = {
      '/again/train.py': `from torch import nn\nfrom first import Block\nnet = nn.Sequential(Block(8))\n`,
      '/again/first.py': 'from second import Block\n',
      '/again/second.py': 'from third import Block\n',
      '/again/third.py': 'from fourth import Block\n',
      '/again/fourth.py': block,
    };
    const { asked, project } = reading(files, []);
    await analyze(project, '/again/train.py', { clock });
    asked.length = 0;
    const { models } = await analyze(project, '/again/train.py', { clock });
    assert.equal(models.length, 1);
    assert.deepEqual(
      asked.filter((file, index) => asked.indexOf(file) !== index),
      [],
    );
  });

  test('are those of one version of a package where there are two', async () => {
    const two = (width: number) => block.replaceAll('(width, width)', `(width, ${width})`);
    const { project } = reading(
      {
        '/work/train.py': 'from torch import nn\nfrom lib.blocks import Block\nnet = Block(8)\n',
        '/first/lib/__init__.py': '',
        '/second/lib/__init__.py': '',
        '/second/lib/blocks.py': two(9),
      },
      ['/first', '/second'],
    );
    const { models, unknowns } = await analyze(project, '/work/train.py', { clock });
    assert.deepEqual([models, unknowns], [[], []]);
  });
});

suite('imports of packages that are hard to read', () => {
  const text = 'from torch import nn\nfrom pack import Block\nnet = nn.Sequential(nn.Linear(4, 4), Block(4))\n';
  const reasonsOf = ({ models, unknowns }: Analysis) =>
    [...unknowns, ...models.flatMap((model) => model.unknowns)].map(({ reason }) => reason.text).join('\n');

  test('of two versions of a package the first on the path is read, and that is said', async () => {
    const files: Readonly<Record<string, string>> = {
      '/work/train.py': text,
      '/first/pack/__init__.py': 'from .block import Block\n',
      '/first/pack/block.py': block,
      '/second/pack/__init__.py': 'from .block import Block, More\n',
      '/second/pack/block.py': 'Block = None\n',
    };
    const asked: string[] = [];
    const readText = async (name: string) => {
      asked.push(name);
      return files[name];
    };
    const project = { readText, searchPaths: ['/work', '/first', '/second'] };
    const { models } = await analyze(project, '/work/train.py', { clock: () => performance.now() });
    assert.deepEqual(
      models[0]?.assumptions.filter(({ what }) => what.text.startsWith('package')).map(({ value }) => value),
      ['/first (/second)'],
    );
    assert.equal(models[0]?.network.parameters.length, 4);
    assert.ok(!asked.includes('/second/pack/block.py'), 'nothing more of the second is read');
  });

  test('of a package of 10,000 files a part is read, the reason named and the time kept', async () => {
    const count = 10_000;
    const modules = Array.from({ length: count }, (_, index) => `m${index}`);
    const files = new Map([
      ['/work/train.py', text],
      ['/work/pack/__init__.py', modules.map((name) => `from .${name} import *`).join('\n')],
      ...modules.map((name) => [`/work/pack/${name}.py`, `# ${name}\n${'x = 1\n'.repeat(20)}`] as const),
    ]);
    let read = 0;
    const readText = async (name: string) => {
      read++;
      return files.get(name);
    };
    const started = performance.now();
    const analysis = await analyze({ readText, searchPaths: ['/work'] }, '/work/train.py', {
      clock: () => performance.now(),
      budget: { timeMs: 2_000 },
    });
    assert.ok(performance.now() - started < 2 * 2_000, 'within twice its budget, on a busy machine too');
    assert.ok(read < 4_000, `${read} files asked for`);
    assert.match(
      reasonsOf(analysis),
      /more than 1500 files|time for reading files|evaluation stopped after|has no 'Block'/,
    );
  });

  test('where reading is slow it stops in time and says so', async () => {
    let now = 0;
    const readText = async (name: string) => {
      now += 100;
      return name === '/work/train.py' ? text : undefined;
    };
    const analysis = await analyze({ readText, searchPaths: ['/work'] }, '/work/train.py', {
      clock: () => now,
      budget: { timeMs: 400 },
    });
    assert.match(reasonsOf(analysis), /module pack is not read: the time for reading files was used up/);
  });

  test('a folder that leads back to itself is read to a bounded depth', async () => {
    const init = 'from .loop import *\nfrom . import loop\n';
    let read = 0;
    const readText = async (name: string) => {
      read++;
      if (name === '/work/train.py') return text;
      return /^\/work\/pack(?:\/loop)*\/__init__\.py$/.test(name) ? init : undefined;
    };
    const analysis = await analyze({ readText, searchPaths: ['/work'] }, '/work/train.py', {
      clock: () => performance.now(),
    });
    assert.ok(read < 1_000, `${read} files asked for`);
    assert.notEqual(reasonsOf(analysis), '');
  });

  test('a file that another answer comes for while it is read does no harm', async () => {
    let turn = 0;
    const readText = async (name: string) => {
      if (name === '/work/train.py') return text;
      if (!name.endsWith('pack/__init__.py')) return undefined;
      turn += 40;
      return block.slice(0, turn);
    };
    for (let index = 0; index < 10; index++) {
      const { models } = await analyze({ readText, searchPaths: ['/work'] }, '/work/train.py', {
        clock: () => performance.now(),
      });
      assert.equal(models.length, 1);
    }
  });
});

suite('projects without end', () => {
  const start = (imported: string) =>
    `from torch import nn\nfrom a import ${imported}\nnet = nn.Sequential(nn.Linear(2, 2))\n`;
  for (const [name, imported, text] of [
    ['a folder that holds itself', 'x', 'from .a import x\nfrom .a import *\n'],
    ['a star that leads to itself', '*', 'from .a import *\n'],
    [
      'an object that endless modules may enter themselves in',
      'entries',
      'from . import a\nfrom .a import b\nclass Entries:\n    pass\nentries = Entries()\nread = entries\n',
    ],
  ] as const) {
    test(`${name}: an answer within the budget`, async () => {
      const readText = async (file: string) => {
        if (file === '/endless/train.py') return `${start(imported)}y = ${imported === '*' ? 'x' : imported}\n`;
        return file.endsWith('/a/__init__.py') ? text : undefined;
      };
      const before = process.cpuUsage();
      const { models } = await analyze({ searchPaths: ['/endless'], readText }, '/endless/train.py', {
        clock: () => performance.now(),
        budget: { timeMs: 300 },
      });
      const { user, system } = process.cpuUsage(before);
      assert.ok(models.length <= 1);
      assert.ok((user + system) / 1000 < 2_000, `${((user + system) / 1000).toFixed(0)} ms of processor time`);
    });
  }
});

suite('modules that enter themselves somewhere when they run', () => {
  const linear = (width: number) => `(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(${width}, ${width})
    def forward(self, x):
        return self.fc(x)
`;
  const nets = (entered: (name: string) => string, imports: string) => ({
    '/work/zoo/nets/__init__.py': 'from .small import Small\nfrom . import large\n',
    '/work/zoo/nets/small.py': `from torch import nn\n${imports}\n${entered('small')}class Small${linear(4)}`,
    '/work/zoo/nets/large.py': `from torch import nn\n${imports}\n${entered('large')}class Large${linear(8)}`,
  });
  const train = (imported: string, made: string) =>
    `import torch\n${imported}\nnet = ${made}\nnet(torch.randn(2, 8))\n`;

  for (const [name, files] of [
    [
      'through a function, into a mapping',
      {
        '/work/train.py': train('from zoo import build', "build('large')"),
        '/work/zoo/__init__.py': 'from .registry import build, register\nfrom .nets import *\n',
        '/work/zoo/registry.py':
          'ENTRIES = {}\ndef register(name):\n    def enter(cls):\n        ENTRIES[name] = cls\n        return cls\n    return enter\ndef build(name):\n    return ENTRIES[name]()\n',
        ...nets((key) => `@register('${key}')\n`, 'from zoo.registry import register'),
      },
    ],
    [
      'through a method, into an object, imported again by a package',
      {
        '/work/train.py': train('from zoo import NETS', "NETS.build('large')"),
        '/work/zoo/__init__.py': 'from .core import NETS\nfrom . import nets\n',
        '/work/zoo/core/__init__.py': 'from .registry import Registry, NETS\n',
        '/work/zoo/core/registry.py':
          'class Registry:\n    def __init__(self):\n        self.entries = {}\n    def register(self, cls):\n        self.entries[cls.__name__.lower()] = cls\n        return cls\n    def build(self, name):\n        return self.entries[name]()\nNETS = Registry()\n',
        ...nets(() => '@NETS.register\n', 'from ..core import NETS'),
      },
    ],
    [
      'by being subclasses',
      {
        '/work/train.py': train('from zoo.base import Base\nimport zoo', "Base.known['Large']()"),
        '/work/zoo/__init__.py': 'from . import nets\nready = True\n',
        '/work/zoo/base.py':
          'from torch import nn\nclass Base(nn.Module):\n    known = {}\n    def __init_subclass__(cls, **kwargs):\n        cls.known[cls.__name__] = cls\n',
        ...Object.fromEntries(
          Object.entries(nets(() => '', 'from zoo.base import Base')).map(([file, text]) => [
            file,
            text.replace('(nn.Module)', '(Base)'),
          ]),
        ),
      },
    ],
    [
      'in their own list of exports',
      {
        '/work/train.py': train('from zoo import large', 'large()'),
        '/work/zoo/__init__.py': 'from .nets import *\n',
        '/work/zoo/registry.py':
          'import sys\ndef register(names):\n    def enter(function):\n        names.append(function.__name__)\n        return function\n    return enter\n',
        '/work/zoo/nets.py':
          `from torch import nn\nfrom .registry import register\n__all__ = ['Large']\nclass Large${linear(8)}@register(__all__)\ndef large():\n    return Large()\n`.replace(
            '@register(__all__)',
            'names = globals()["__all__"]\n@register(names)',
          ),
      },
    ],
  ] as const) {
    test(name, async () => assert.deepEqual(await countsOf(files), [8 * 8 + 8]));
  }

  test('under the name of their module, in what it exports, from the file that is read', async () => {
    const files = {
      '/work/zoo/train.py': `import sys
import torch
from torch import nn
from .entry import entries, register
__all__ = ['made']
@register
class Large${linear(8)}
net = getattr(sys.modules['zoo.train'], __all__[1])()
net = entries['zoo.train.Large']() if net.__class__ is Large else None
net(torch.randn(2, 8))
`,
      '/work/zoo/__init__.py': '',
      '/work/zoo/entry.py': `import sys
entries = {}
def register(cls):
    module = sys.modules[cls.__module__]
    module.__all__.append(cls.__name__)
    entries[f"{cls.__module__}.{cls.__name__}"] = cls
    setattr(module, cls.__name__, cls)
    return cls
`,
    };
    assert.deepEqual(await countsOf(files, '/work/zoo/train.py'), [8 * 8 + 8]);
  });
});

suite('a model written as an expression', () => {
  const text = `from torch import nn
def build(width=4, classes=2):
    return nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, classes))
`;

  test('is evaluated among the names of the file', async () => {
    const { models } = await analyzeFiles({ '/m.py': text }, '/m.py', { modelExpression: 'build(width=16)' });
    const [model] = models;
    assert.equal(models.length, 1);
    assert.equal(model?.name, 'build(width=16)');
    assert.deepEqual(
      model?.network.parameters.map(({ shape }) => shape),
      [[16, 8], [16], [2, 16], [2]],
    );
    assert.equal(text.slice(model?.span.start, model?.span.end), 'build');
  });

  for (const [expression, reason] of [
    ['build(', '{expression} is not a Python expression'],
    ['build', '{expression} gives {kind}, not a model'],
    ['nothing(3)', '{expression}: {reason}'],
  ] as const) {
    test(`says why there is none: ${expression}`, async () => {
      const { models, unknowns } = await analyzeFiles({ '/m.py': text }, '/m.py', { modelExpression: expression });
      assert.deepEqual(models, []);
      assert.equal(unknowns[0]?.reason.text, reason);
    });
  }
});
