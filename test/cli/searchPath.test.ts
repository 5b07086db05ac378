import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCliIn } from './runCli';

const block = `from torch import nn
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)
    def forward(self, x):
        return self.fc(x).relu()
`;
const train = `from torch import nn
from vision.blocks import Block
net = nn.Sequential(Block(8), nn.Linear(8, 2))
`;

suite('the search path of the command line', () => {
  let folder: string;

  setup(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gradlens-path-'));
    write('train.py', train);
  });

  teardown(() => rmSync(folder, { recursive: true }));

  function write(name: string, text: string): void {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  function parametersOf(environment: Readonly<Record<string, string>> = {}, ...more: readonly string[]): number {
    const run = runCliIn(folder, environment, 'profile', 'train.py', '--format', 'json', ...more);
    return JSON.parse(run.stdout).models[0].unknowns.length > 0 ? 0 : JSON.parse(run.stdout).models[0].parameters;
  }

  const whole = 8 * 8 + 8 + 8 * 2 + 2;

  for (const [name, file] of [
    ['src', 'src/vision/blocks.py'],
    ['.venv', '.venv/lib/python3.12/site-packages/vision/blocks.py'],
    ['an environment on Windows', 'venv/Lib/site-packages/vision/blocks.py'],
  ] as const) {
    test(`finds a package in ${name}`, () => {
      assert.equal(parametersOf(), 0);
      write(file, block);
      assert.equal(parametersOf(), whole);
    });
  }

  test('finds the packages of the active environment', () => {
    write('elsewhere/torch-env/lib/python3.11/site-packages/vision/blocks.py', block);
    assert.equal(parametersOf({ VIRTUAL_ENV: path.join(folder, 'elsewhere/torch-env') }), whole);
    assert.equal(parametersOf({ CONDA_PREFIX: path.join(folder, 'elsewhere/torch-env') }), whole);
  });

  test('finds what is installed for editing', () => {
    write('elsewhere/repository/vision/blocks.py', block);
    write('.venv/lib/python3.12/site-packages/vision.pth', path.join(folder, 'elsewhere/repository'));
    assert.equal(parametersOf(), whole);
  });

  test('takes --search-path, and says which of them is no folder', () => {
    write('elsewhere/vision/blocks.py', block);
    assert.equal(parametersOf({}, '--search-path', 'elsewhere'), whole);
    const wrong = runCliIn(folder, {}, 'profile', 'train.py', '--search-path', 'nowhere');
    assert.equal(wrong.code, 0);
    assert.match(wrong.stderr, /^gradlens: .*nowhere on the search path is no folder that can be read\n$/);
  });

  test('survives links that lead back to themselves', () => {
    write('vision/__init__.py', 'from .again import *\n');
    write('vision/blocks.py', block);
    symlinkSync('.', path.join(folder, 'vision/again'));
    symlinkSync('src', path.join(folder, 'src'));
    symlinkSync('.', path.join(folder, '.venv'));
    assert.equal(parametersOf(), whole);
    assert.equal(runCliIn(folder, {}, 'check', '.').code, 0);
  });
});
