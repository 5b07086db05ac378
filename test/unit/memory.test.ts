import assert from 'node:assert/strict';
import v8 from 'node:v8';
import vm from 'node:vm';
import { analyze } from '../../src/core/analyze';

/** Bytes in use after everything that can be collected is. */
function usedBytes(): number {
  v8.setFlagsFromString('--expose-gc');
  vm.runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

suite('memory', () => {
  test('does not grow with files that were opened and closed', async () => {
    const textOf = (index: number) =>
      `import torch\nfrom torch import nn\nfrom blocks${index} import width, Block\nnet = nn.Sequential(nn.Linear(4, width), Block(width), nn.Other${index}())\n`;
    // As long as a file of a package, so that what is kept of each would show.
    const blockOf = (index: number) =>
      `from torch import nn\nwidth = ${index + 1}\nclass Block(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n        self.fc = nn.Linear(width, width)\n    def forward(self, x):\n        return self.fc(x)\n${`notes = ['${index}', 'kept', 'with', 'the', 'tree']\n`.repeat(60)}`;
    let index = 0;
    const open = async (count: number) => {
      for (const end = index + count; index < end; index++) {
        const files = new Map([
          [`/work/net${index}.py`, textOf(index)],
          [`/work/blocks${index}.py`, blockOf(index)],
        ]);
        const project = { searchPaths: ['/work'], readText: async (file: string) => files.get(file) };
        const { models } = await analyze(project, `/work/net${index}.py`, { clock: () => performance.now() });
        assert.equal(models.length, 1);
      }
    };
    // The caches fill up first: 80 MB of trees, of which these files take some 200 kB each.
    await open(600);
    const before = usedBytes();
    await open(1_400);
    const grown = (usedBytes() - before) / 1e6;
    assert.ok(grown < 8, `${grown.toFixed(1)} MB more after 1,400 files`);
  }).timeout(300_000);
});
