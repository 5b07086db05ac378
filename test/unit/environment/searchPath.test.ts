import assert from 'node:assert/strict';
import { findSearchPath, type SearchPathRequest } from '../../../src/core/environment/searchPath';
import { folderTree } from './folderTree';

async function pathOf(files: Readonly<Record<string, string>>, request: Partial<SearchPathRequest> = {}) {
  return findSearchPath(folderTree(files), { folders: ['/work'], configured: [], environments: [], ...request });
}

const venv = (folder: string, version = 'python3.12') => `${folder}/lib/${version}/site-packages/timm/__init__.py`;

suite('findSearchPath', () => {
  test('the workspace and its src, unless that is a package itself', async () => {
    assert.deepEqual((await pathOf({ '/work/src/pkg/__init__.py': '' })).folders, ['/work', '/work/src']);
    assert.deepEqual((await pathOf({ '/work/src/__init__.py': '' })).folders, ['/work']);
  });

  test('an environment in the workspace, by any of its usual names and layouts', async () => {
    for (const [file, folder] of [
      [venv('/work/.venv'), '/work/.venv/lib/python3.12/site-packages'],
      [venv('/work/venv', 'python3.13t'), '/work/venv/lib/python3.13t/site-packages'],
      ['/work/env/Lib/site-packages/timm.py', '/work/env/Lib/site-packages'],
      [venv('/work/.conda', 'pypy3.10'), '/work/.conda/lib/pypy3.10/site-packages'],
    ] as const) {
      const { folders, packageFolders } = await pathOf({ [file]: '' });
      assert.deepEqual(folders, ['/work', folder]);
      assert.deepEqual(packageFolders, [folder]);
    }
  });

  test('of several Pythons in an environment the newest', async () => {
    const files = { [venv('/work/.venv', 'python3.9')]: '', [venv('/work/.venv', 'python3.12')]: '' };
    assert.deepEqual((await pathOf(files)).packageFolders, ['/work/.venv/lib/python3.12/site-packages']);
  });

  test('an active environment goes before one that lies in the workspace', async () => {
    const files = { [venv('/work/.venv')]: '', [venv('/opt/conda/envs/torch', 'python3.11')]: '' };
    const { packageFolders, problems } = await pathOf(files, { environments: ['/opt/conda/envs/torch'] });
    assert.deepEqual(packageFolders, ['/opt/conda/envs/torch/lib/python3.11/site-packages']);
    assert.deepEqual(problems, []);
  });

  test('an active environment that is gone is said, and the next best is taken', async () => {
    const { packageFolders, problems } = await pathOf({ [venv('/work/.venv')]: '' }, { environments: ['/gone'] });
    assert.deepEqual(packageFolders, ['/work/.venv/lib/python3.12/site-packages']);
    assert.deepEqual(
      problems.map(({ values }) => values),
      [{ environment: '/gone' }],
    );
  });

  test('folders of the user come first; one that is not there is said', async () => {
    const { folders, problems } = await pathOf({ '/work/lib/a.py': '' }, { configured: ['lib', '/nowhere'] });
    assert.deepEqual(folders, ['/work/lib', '/work']);
    assert.deepEqual(
      problems.map(({ values }) => values),
      [{ folder: '/nowhere' }],
    );
  });

  test('the project around the file, up to the workspace and not beyond a repository', async () => {
    const files = {
      '/work/libs/vision/pyproject.toml': '',
      '/work/libs/vision/src/vision/__init__.py': '',
      '/work/libs/vision/tests/test_vision.py': '',
    };
    const file = '/work/libs/vision/tests/test_vision.py';
    assert.deepEqual((await pathOf(files, { file })).folders, ['/work/libs/vision', '/work/libs/vision/src', '/work']);
    const outside = { '/other/.git/config': '', '/other/setup.py': '', '/setup.py': '', '/other/a/b.py': '' };
    assert.deepEqual((await pathOf(outside, { file: '/other/a/b.py' })).folders, ['/other', '/work']);
  });

  test('packages installed for editing: plain lines of .pth files and egg links', async () => {
    const packages = '/work/.venv/lib/python3.12/site-packages';
    const { folders } = await pathOf({
      [`${packages}/__editable__.vision.pth`]: '/home/me/vision/src\n',
      [`${packages}/run.pth`]: 'import os; os.system("x")\nimport\tsys\n# /home/me/no\n\n../extra\n/gone\n',
      [`${packages}/old.egg-link`]: '/home/me/old\n../\n',
      '/home/me/vision/src/vision/__init__.py': '',
      '/home/me/old/old.py': '',
      '/work/.venv/lib/python3.12/extra/x.py': '',
    });
    assert.deepEqual(folders.slice(2), ['/home/me/vision/src', '/work/.venv/lib/python3.12/extra', '/home/me/old']);
  });

  test('a folder that leads back to itself ends the search', async () => {
    const tree = folderTree({ '/work/a.py': '' });
    const loop = { ...tree, list: async () => ['lib', 'src', 'pyproject.toml', 'site-packages', 'loop.pth'] };
    const { folders } = await findSearchPath(loop, {
      folders: ['/work'],
      file: '/x'.repeat(500),
      configured: [],
      environments: ['/work/.venv'],
    });
    assert.ok(folders.length < 50, `${folders.length} folders`);
  });
});
