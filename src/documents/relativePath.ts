/** The way from a folder to a file, both absolute with `/`; undefined between drives. */
export function relativePath(folder: string, file: string): string | undefined {
  const from = partsOf(folder);
  const to = partsOf(file);
  const isDrive = (part: string | undefined) => part?.endsWith(':') === true;
  if ((isDrive(from[0]) || isDrive(to[0])) && from[0] !== to[0]) return undefined;
  let common = 0;
  while (common < from.length && common < to.length - 1 && from[common] === to[common]) common++;
  return [...from.slice(common).map(() => '..'), ...to.slice(common)].join('/');
}

/** A drive's letter is the same in both cases. */
function partsOf(path: string): readonly string[] {
  const [first = '', ...rest] = path.split('/').filter((part) => part !== '');
  return first === '' ? [] : [/^[a-z]:$/i.test(first) ? first.toLowerCase() : first, ...rest];
}
