/** One import as its text says it. */
export interface ScannedImport {
  /** Leading dots. */
  readonly level: number;
  readonly dotted: string;
  /** Of `from … import a, b`: each may be a submodule. Empty for `import …` and for a star. */
  readonly names: readonly string[];
}

const pattern =
  /(?:^|[\n\r;])[ \t]*(?:from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n\r;]*)|import[ \t]+([^\n\r;]*))/g;
const maximumImports = 2_000;

/** The imports of a text without parsing it: wherever they stand, also in functions and branches; text in strings may add some. */
export function scanImports(text: string): readonly ScannedImport[] {
  const joined = text.includes('\\') ? text.replace(/\\\r?\n/g, ' ') : text;
  const found: ScannedImport[] = [];
  for (const [, dots = '', dotted, names, modules] of joined.matchAll(pattern)) {
    if (found.length >= maximumImports) break;
    if (modules !== undefined) {
      for (const module of plainNames(modules)) found.push({ level: 0, dotted: module, names: [] });
    } else if (dotted !== undefined && (dots || dotted)) {
      found.push({ level: dots.length, dotted, names: plainNames(names ?? '') });
    }
  }
  return found;
}

/** `(a as b, # why` → `a`. */
function plainNames(list: string): readonly string[] {
  return list
    .replace(/#[^\n\r]*/g, '')
    .replace(/[()]/g, '')
    .split(',')
    .flatMap((part) => /^\s*([A-Za-z_][\w.]*)/.exec(part)?.[1] ?? []);
}

const exportPattern = /^__all__(?:[ \t]*:[^=\n]+)?[ \t]*=[ \t]*[[(]([^\])]*)[\])][ \t]*(?:#.*)?$/m;

/** What `__all__` lists, where the text mentions it once, as a literal of strings. */
export function scanExports(text: string): readonly string[] | undefined {
  const first = text.indexOf('__all__');
  if (first < 0 || text.includes('__all__', first + 1)) return undefined;
  const items =
    exportPattern
      .exec(text)?.[1]
      ?.replace(/#[^\n]*/g, '')
      .split(',') ?? [];
  const names = items.map((item) => /^\s*(?:"(\w+)"|'(\w+)'|)\s*$/.exec(item));
  if (items.length === 0 || names.includes(null)) return undefined;
  return names.flatMap((match) => match?.[1] ?? match?.[2] ?? []);
}
