import { type Folders, namesIn } from './folders';

/** Files that add to the path; more are not looked at. */
const maximumPathFiles = 200;
const maximumPaths = 100;

/** The folder of an environment's installed packages, by the layouts of venv, conda, Debian and Windows. */
export async function packageFolderOf(folders: Folders, environment: string): Promise<string | undefined> {
  const names = await namesIn(folders, environment);
  if (names.has('site-packages')) return folders.resolve(environment, 'site-packages');
  for (const library of ['lib', 'Lib'].filter((name) => names.has(name))) {
    const inside = await namesIn(folders, folders.resolve(environment, library));
    if (inside.has('site-packages')) return folders.resolve(environment, `${library}/site-packages`);
    const versions = [...inside].filter((name) => /^(?:python|pypy)3[\d.]*t?$/.test(name)).sort(byVersion);
    for (const version of versions) {
      const packages = await namesIn(folders, folders.resolve(environment, `${library}/${version}`));
      for (const name of ['site-packages', 'dist-packages']) {
        if (packages.has(name)) return folders.resolve(environment, `${library}/${version}/${name}`);
      }
    }
  }
  return undefined;
}

/** Newest first. */
function byVersion(a: string, b: string): number {
  return Number(/\d+$/.exec(b.replace(/t$/, ''))?.[0] ?? 0) - Number(/\d+$/.exec(a.replace(/t$/, ''))?.[0] ?? 0);
}

/**
 * Folders that `.pth` and `.egg-link` files of a package folder add, which is how packages are installed for editing. Lines of a `.pth`
 * that Python would run are passed over.
 */
export async function pathsOfPthFiles(folders: Folders, packageFolder: string): Promise<readonly string[]> {
  const names = (await folders.list(packageFolder)) ?? [];
  const found: string[] = [];
  for (const name of names.filter((file) => /\.(?:pth|egg-link)$/.test(file)).slice(0, maximumPathFiles)) {
    const text = (await folders.readText(folders.resolve(packageFolder, name))) ?? '';
    const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
    const paths = lines.filter((line) => line !== '' && !/^(?:#|import[ \t])/.test(line));
    // The second line of an egg link leads from there to the folder of its setup script.
    for (const path of name.endsWith('.pth') ? paths : paths.slice(0, 1)) {
      const folder = folders.resolve(packageFolder, path);
      if (found.length < maximumPaths && (await folders.list(folder))) found.push(folder);
    }
  }
  return found;
}
