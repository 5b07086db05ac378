import assert from 'node:assert/strict';
import {
  Disposable,
  EventEmitter,
  extensions,
  type FileChangeEvent,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  Uri,
  window,
  workspace,
} from 'vscode';
import { closeEverything, diagnosticsWhere, hasRule } from './documents';

/** Files that stand on no disk. */
class MemoryFiles implements FileSystemProvider {
  readonly #changes = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changes.event;

  constructor(private readonly files: ReadonlyMap<string, string>) {}

  watch(): Disposable {
    return new Disposable(() => {});
  }

  stat(uri: Uri) {
    return { type: FileType.File, ctime: 0, mtime: 0, size: this.#read(uri).length };
  }

  readFile(uri: Uri): Uint8Array {
    return new TextEncoder().encode(this.#read(uri));
  }

  readDirectory(): [string, FileType][] {
    return [];
  }

  createDirectory(uri: Uri): void {
    throw FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: Uri): void {
    throw FileSystemError.NoPermissions(uri);
  }

  delete(uri: Uri): void {
    throw FileSystemError.NoPermissions(uri);
  }

  rename(uri: Uri): void {
    throw FileSystemError.NoPermissions(uri);
  }

  #read(uri: Uri): string {
    const text = this.files.get(uri.path);
    if (text === undefined) throw FileSystemError.FileNotFound(uri);
    return text;
  }
}

suite('virtual and untrusted workspaces', () => {
  let registration: Disposable;

  suiteSetup(async () => {
    const disk = (name: string) => workspace.openTextDocument(Uri.joinPath(folderUri(), name));
    const model = (await disk('deep_sigmoid.py')).getText();
    const at = model.indexOf('\n\nmodel = ');
    const files = new Map([
      ['/models/network.py', model.slice(0, at)],
      ['/models/train.py', 'from network import DeepSigmoid\n\nmodel = DeepSigmoid(depth=3)\n'],
    ]);
    registration = workspace.registerFileSystemProvider('gradlens-memory', new MemoryFiles(files), {
      isReadonly: true,
    });
  });

  suiteTeardown(() => registration.dispose());
  teardown(closeEverything);

  test('a file that is on no disk is analysed like any other', async () => {
    const uri = Uri.from({ scheme: 'gradlens-memory', path: '/models/network.py' });
    await window.showTextDocument(uri);
    await diagnosticsWhere(uri, hasRule('vanishing-gradient'));
  });

  test('the manifest says that both are supported', () => {
    const { packageJSON } = extensions.getExtension('gradlens.gradlens') ?? {};
    assert.equal(packageJSON?.capabilities.untrustedWorkspaces.supported, true);
    assert.equal(packageJSON?.capabilities.virtualWorkspaces.supported, true);
  });
});

function folderUri(): Uri {
  const [folder] = workspace.workspaceFolders ?? [];
  assert.ok(folder);
  return folder.uri;
}
