import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EventEmitter, type Extension, type LogOutputChannel, Uri, window, workspace } from 'vscode';
import { PythonEnvironments } from '../../src/documents/pythonEnvironments';
import { WorkspaceProject } from '../../src/documents/workspaceProject';
import { closeEverything, diagnosticsWhere, fileUri, freshFile, hasRule } from './documents';
import { until } from './wait';

const hasVanishing = hasRule('vanishing-gradient');

/** A deep network of a block that an installed package holds. */
const usesPackage = (name: string) => `from torch import nn
from ${name} import Block
net = nn.Sequential(*[Block(64) for _ in range(12)], nn.Linear(64, 10))
`;
const block = `from torch import nn
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.activation = nn.Sigmoid()
    def forward(self, x):
        return self.activation(self.linear(x))
`;

async function writePackage(folder: string, name: string): Promise<void> {
  const file = path.join(fileUri(folder).fsPath, name, '__init__.py');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, block);
}

suite('the search path', () => {
  let log: LogOutputChannel;

  setup(() => {
    log = window.createOutputChannel('Gradlens test', { log: true });
  });

  teardown(async () => {
    log.dispose();
    await closeEverything();
  });

  test('follows the setting, relative to the workspace folder', async () => {
    await writePackage('elsewhere', 'by_setting');
    const uri = await freshFile(usesPackage('by_setting'));
    await window.showTextDocument(uri);
    const configuration = workspace.getConfiguration('gradlens', uri);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of VS Code's settings
    await configuration.update('searchPath', ['${workspaceFolder}/elsewhere']);
    try {
      await diagnosticsWhere(uri, hasVanishing);
    } finally {
      await configuration.update('searchPath', undefined);
    }
    await diagnosticsWhere(uri, (diagnostics) => !hasVanishing(diagnostics));
  });

  test('finds an environment that is made in the workspace while it is open', async () => {
    const uri = await freshFile(usesPackage('by_venv'));
    await window.showTextDocument(uri);
    await writePackage('.venv/lib/python3.12/site-packages', 'by_venv');
    await diagnosticsWhere(uri, hasVanishing);
  });

  test('names a folder that is not there and does without it', async () => {
    const project = new WorkspaceProject(log);
    const configuration = workspace.getConfiguration('gradlens', fileUri('healthy.py'));
    await configuration.update('searchPath', ['/nowhere']);
    try {
      const { problems, searchPaths } = await project.around(fileUri('healthy.py'));
      assert.equal(problems.length, 1);
      assert.ok(
        searchPaths?.includes(
          fileUri('.')
            .toString()
            .replace(/\/\.?$/, ''),
        ),
        searchPaths?.join(' '),
      );
    } finally {
      await configuration.update('searchPath', undefined);
      project.dispose();
    }
  });

  test('keeps no more than its bounds over 2,500 files', async function () {
    this.timeout(60_000);
    const project = new WorkspaceProject(log);
    const around = await project.around(fileUri('healthy.py'));
    for (let index = 0; index < 2_500; index++) await around.readText(fileUri(`gone/module_${index}.py`).toString());
    assert.ok(project.size <= 3_200, `${project.size} entries`);
    project.dispose();
  });

  test('asks the Python extension for its environment, and again when that changes', async () => {
    const changes = new EventEmitter<void>();
    let active = '/opt/first/bin/python';
    const environments = {
      getActiveEnvironmentPath: () => ({ path: active }),
      resolveEnvironment: async ({ path: executable }: { readonly path: string }) => ({
        executable: { sysPrefix: path.dirname(path.dirname(executable)) },
      }),
      onDidChangeActiveEnvironmentPath: changes.event,
    };
    const extension = { isActive: true, exports: { environments } } as unknown as Extension<unknown>;
    const python = new PythonEnvironments(log, () => extension);
    const folder = () => python.folderFor(fileUri('healthy.py'));
    assert.equal(folder(), undefined, 'nobody waits for the answer');
    assert.equal(await until(python.onDidChange, folder), Uri.file('/opt/first').toString());
    active = '/opt/second/bin/python';
    changes.fire();
    assert.equal(await until(python.onDidChange, folder), Uri.file('/opt/second').toString());
    python.dispose();
    changes.dispose();
  });

  test('does without a Python extension, and with one that fails', async () => {
    const missing = new PythonEnvironments(log, () => undefined);
    const failing = new PythonEnvironments(log, () => {
      throw new Error('broken');
    });
    for (const python of [missing, failing]) {
      assert.equal(python.folderFor(fileUri('healthy.py')), undefined);
      await Promise.resolve();
      assert.equal(python.folderFor(fileUri('healthy.py')), undefined);
      python.dispose();
    }
  });
});
