import { frameworks } from '../frameworks/registry';

const roots = [...new Set(frameworks.flatMap((framework) => framework.importRoots))];

/** True for the first component of an import name that a framework describes. */
export function isFrameworkRoot(root: string): boolean {
  return roots.includes(root);
}

/** An import of a known framework at the beginning of a line or after a semicolon; in strings it costs a parse, no more. */
const importPattern = new RegExp(`(?:^|[\\n\\r;])[ \\t]*(?:from|import)[ \\t][^\\n\\r]*\\b(?:${roots.join('|')})\\b`);

/** True where the text imports a framework that is read. One scan, no parse. */
export function importsFramework(text: string): boolean {
  return importPattern.test(text);
}
