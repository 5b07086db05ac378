import type {
  Argument,
  CallExpression,
  ClassDefinition,
  Expression,
  FunctionDefinition,
  Module,
  Statement,
} from '../../python/syntax';
import { isExpression, nodesAt, type SyntaxNode } from '../../python/syntaxSearch';
import type { Span } from '../../span';
import type { TextEdit } from '../finding';

/** One file as the fix makers read it: its text and tree. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  readonly module: Module;
}

/** The files that a fix may edit, by name: the open one and others of the project. */
export type Sources = ReadonlyMap<string, SourceText>;

/** A place in the tree with the nodes around it, innermost first. */
export interface TreePlace {
  readonly source: SourceText;
  readonly expression: Expression;
  readonly around: readonly SyntaxNode[];
}

/** The outermost expression that covers exactly the span. */
export function expressionAt(sources: Sources, span: Span): TreePlace | undefined {
  const source = sources.get(span.file);
  if (!source) return undefined;
  const nodes = nodesAt(source.module, span.start);
  const index = nodes.findIndex((node) => isExpression(node) && node.start === span.start && node.end === span.end);
  const expression = nodes[index];
  if (!expression || !isExpression(expression)) return undefined;
  return { source, expression, around: nodes.slice(0, index).reverse() };
}

export function textOf(source: SourceText, range: { readonly start: number; readonly end: number }): string {
  return source.text.slice(range.start, range.end);
}

export function replace(
  source: SourceText,
  range: { readonly start: number; readonly end: number },
  newText: string,
): TextEdit {
  return { span: { file: source.file, start: range.start, end: range.end }, newText };
}

/** The text with the edits applied; undefined where two overlap or one lies outside. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string | undefined {
  const ordered = [...edits].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  let result = '';
  let at = 0;
  for (const { span, newText } of ordered) {
    if (span.start < at || span.end > text.length || span.end < span.start) return undefined;
    result += text.slice(at, span.start) + newText;
    at = span.end;
  }
  return result + text.slice(at);
}

/** The last component of a callee's name: `Sigmoid` of `nn.Sigmoid`. */
export function calleeName(
  call: CallExpression,
): { readonly name: string; readonly start: number; readonly end: number } | undefined {
  const { callee } = call;
  if (callee.kind === 'attribute') return callee.attribute;
  return callee.kind === 'name' ? { name: callee.name, start: callee.start, end: callee.end } : undefined;
}

export function namedArgument(call: CallExpression, name: string): Argument | undefined {
  return call.arguments.find((argument) => argument.name?.name === name);
}

/** Text before the last component of the callee, with its dot: `nn.` of `nn.Sigmoid(…)`; empty for a bare name. */
export function calleePrefix(source: SourceText, call: CallExpression): string {
  return call.callee.kind === 'attribute' ? `${textOf(source, call.callee.object)}.` : '';
}

/** How the file's own imports name a module, as shortly as they allow: `nn` for `torch.nn`; undefined where no import binds it. */
export function moduleAlias(source: SourceText, dottedName: string): string | undefined {
  let best: { readonly text: string; readonly known: number } | undefined;
  for (const statement of source.module.body) {
    for (const [alias, target] of importedModules(statement)) {
      if (target !== dottedName && !dottedName.startsWith(`${target}.`)) continue;
      if (best && best.known >= target.length) continue;
      best = { text: `${alias}${dottedName.slice(target.length)}`, known: target.length };
    }
  }
  return best?.text;
}

function importedModules(statement: Statement): readonly (readonly [alias: string, dottedName: string])[] {
  const dotted = (path: readonly { readonly name: string }[]) => path.map(({ name }) => name).join('.');
  if (statement.kind === 'import') {
    return statement.modules.flatMap(({ path, alias }) => {
      const first = path[0]?.name;
      if (alias) return [[alias.name, dotted(path)] as const];
      return first === undefined ? [] : [[first, first] as const];
    });
  }
  if (statement.kind === 'importFrom' && statement.level === 0) {
    const module = dotted(statement.path);
    return statement.names.map(({ name, alias }) => [(alias ?? name).name, `${module}.${name.name}`] as const);
  }
  return [];
}

/**
 * An edit that imports `newName` from where `knownName` was imported by a from-import, unless it is imported already. Undefined
 * where no from-import brings `knownName`.
 */
export function importBeside(source: SourceText, knownName: string, newName: string): readonly TextEdit[] | undefined {
  const imports = source.module.body.filter((statement) => statement.kind === 'importFrom');
  if (imports.some((statement) => statement.names.some(({ name, alias }) => (alias ?? name).name === newName)))
    return [];
  for (const statement of imports) {
    const known = statement.names.find(({ name, alias }) => (alias ?? name).name === knownName);
    if (!known) continue;
    const at = (known.alias ?? known.name).end;
    return [replace(source, { start: at, end: at }, `, ${newName}`)];
  }
  return undefined;
}

/** The texts with the edits applied, by file; undefined where two overlap, or one lies in no file that may be edited. */
export function applyToSources(sources: Sources, edits: readonly TextEdit[]): ReadonlyMap<string, string> | undefined {
  const edited = new Map<string, string>();
  for (const file of new Set(edits.map(({ span }) => span.file))) {
    const source = sources.get(file);
    const text =
      source &&
      applyEdits(
        source.text,
        edits.filter(({ span }) => span.file === file),
      );
    if (text === undefined) return undefined;
    edited.set(file, text);
  }
  return edited;
}

/** The class whose definition lies at the span, and its `__init__`. */
export function classAt(source: SourceText, body: Span): ClassDefinition | undefined {
  if (body.file !== source.file) return undefined;
  return source.module.body.find(
    (statement): statement is ClassDefinition =>
      statement.kind === 'class' && statement.start <= body.start && statement.end >= body.end,
  );
}

export function methodOf(definition: ClassDefinition, name: string): FunctionDefinition | undefined {
  return definition.body.find(
    (statement): statement is FunctionDefinition => statement.kind === 'function' && statement.name.name === name,
  );
}

/** White space at the beginning of the line on which the offset lies. */
export function indentationAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))?.[0] ?? '';
}

/** The line ending that the file uses. */
export function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
