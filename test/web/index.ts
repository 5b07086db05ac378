import 'mocha/mocha.js';
import { extensions, FileType, Uri, workspace } from 'vscode';
import loadTests from 'web-tests';
import { registerNotebooks } from './notebooks';

/** Begins each line, so that the runner can tell it from VS Code's own. */
const mark = 'gradlens-test│';

/** Runs the suites that the bundler found; VS Code's web extension host calls it and takes a rejection as failure. */
export async function run(): Promise<void> {
  mocha.setup({ ui: 'tdd', reporter: 'spec', color: false, timeout: 30_000, slow: 2_000 });
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => {
    for (const line of filled(args).split('\n')) console.log(mark + line);
  };
  registerNotebooks();
  await copyWorkspace();
  loadTests();
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (failures > 0) throw new Error(`${failures} of the web tests failed.`);
}

/** The editor tests' workspace, copied from the repository's address into the window's own folder in memory. */
async function copyWorkspace(): Promise<void> {
  const root = extensions.getExtension('gradlens.gradlens')?.extensionUri;
  const [folder] = workspace.workspaceFolders ?? [];
  if (!root || !folder) throw new Error('The tests run beside the extension, in a folder.');
  for (const name of ['deep_sigmoid.py', 'healthy.py', 'net.ipynb', 'notes.py']) {
    const response = await fetch(Uri.joinPath(root, 'test/editor/workspace', name).toString());
    const uri = Uri.joinPath(folder.uri, name);
    await workspace.fs.writeFile(uri, new Uint8Array(await response.arrayBuffer()));
    if ((await workspace.fs.stat(uri)).type !== FileType.File) throw new Error(`${name} was not copied.`);
  }
}

/** `%s` and `%d` filled, as Node's console does. */
function filled([first, ...rest]: readonly unknown[]): string {
  return String(first ?? '').replace(/%[sd]/g, () => String(rest.shift()));
}
