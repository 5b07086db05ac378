/** What finding a search path needs of a file system. Hosts implement it; tests use a map. */
export interface Folders {
  readText(file: string): Promise<string | undefined>;
  /** Names of what lies in a folder; undefined where it is none or cannot be read. */
  list(folder: string): Promise<readonly string[] | undefined>;
  /** A path as it is written in a setting or a file, from a folder on: relative, absolute, or `..`. */
  resolve(folder: string, path: string): string;
}

/** Empty where there is no such folder. */
export async function namesIn(folders: Folders, folder: string): Promise<ReadonlySet<string>> {
  return new Set(await folders.list(folder));
}
