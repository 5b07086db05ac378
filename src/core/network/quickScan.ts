import { frameworks } from '../frameworks/registry';

const roots = new Set(frameworks.flatMap(({ importRoots, modelPackages = [] }) => [...importRoots, ...modelPackages]));

/** True for a module that a framework describes by its tables, so that its own source is not read. */
export function isDescribed(dotted: string): boolean {
  const [root = ''] = dotted.split('.', 1);
  const framework = frameworks.find(({ importRoots }) => importRoots.includes(root));
  return framework !== undefined && !framework.sourceModules?.some((module) => isWithin(dotted, module));
}

function isWithin(dotted: string, module: string): boolean {
  return dotted === module || dotted.startsWith(`${module}.`);
}

/** An import of a known framework, or of a package of its models, at the beginning of a line or after a semicolon; in strings it costs a parse, no more. */
const importPattern = new RegExp(
  `(?:^|[\\n\\r;])[ \\t]*(?:from|import)[ \\t][^\\n\\r]*\\b(?:${[...roots].join('|')})\\b`,
);

/** True where the text imports a framework that is read. One scan, no parse. */
export function importsFramework(text: string): boolean {
  return importPattern.test(text);
}
