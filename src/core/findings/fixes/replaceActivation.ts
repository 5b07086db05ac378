import { findActivation } from '../../activations/catalogue';
import type { FrameworkAlias } from '../../activations/entry';
import type { NetworkNode } from '../../network/network';
import type { Expression } from '../../python/syntax';
import type { TextEdit } from '../finding';
import type { FixRequest } from './fixCandidate';
import {
  calleeName,
  calleePrefix,
  expressionAt,
  importBeside,
  moduleAlias,
  replace,
  type Sources,
  type SourceText,
  textOf,
} from './sourceText';

/**
 * Edits that turn the activations into the catalogue's `target`, wherever the source names them: layer objects, functions,
 * tensor methods, strings. Undefined where one of them cannot be rewritten.
 */
export function replaceActivations(
  { sources, model }: FixRequest,
  nodes: readonly NetworkNode[],
  target: string,
): readonly TextEdit[] | undefined {
  const edits = new Map<string, TextEdit>();
  for (const node of nodes) {
    const rewritten = rewrite(sources, model.framework, node, target);
    if (!rewritten) return undefined;
    for (const edit of rewritten)
      edits.set(`${edit.span.file}:${edit.span.start}:${edit.span.end}:${edit.newText}`, edit);
  }
  return edits.size > 0 ? [...edits.values()] : undefined;
}

function rewrite(
  sources: Sources,
  framework: string,
  node: NetworkNode,
  target: string,
): readonly TextEdit[] | undefined {
  const place = expressionAt(sources, node.provenance.made) ?? expressionAt(sources, node.provenance.applied);
  const entry = findActivation(target);
  if (!place || !entry) return undefined;
  const names = entry.names.filter((alias) => alias.framework === framework);
  const { expression, source } = place;
  if (expression.kind === 'string') return rewriteString(source, expression, names);
  if (expression.kind === 'name' || expression.kind === 'attribute') return rewriteReference(source, expression, names);
  if (expression.kind !== 'call') return undefined;
  const argument = expression.arguments[0];
  if (calleeName(expression)?.name === 'Activation' && argument) {
    return argument.value.kind === 'string' ? rewriteString(source, argument.value, names) : undefined;
  }
  const isLayer = isConstructor(calleeName(expression)?.name);
  const candidates = names.filter((alias) => (alias.kind === 'layer') === isLayer && alias.kind !== 'string');
  const prefix = calleePrefix(source, expression);
  const operand = isLayer || !argument ? '' : textOf(source, argument.value);
  if (!isLayer && !argument) {
    const method = candidates.find((alias) => alias.kind === 'method');
    return method && [replace(source, expression, `${prefix}${method.name}()`)];
  }
  const named = spell(source, prefix, candidates, calleeName(expression)?.name);
  return named && [replace(source, expression, `${named.text}(${operand})`), ...named.imports];
}

function rewriteString(
  source: SourceText,
  literal: Expression,
  names: readonly FrameworkAlias[],
): readonly TextEdit[] | undefined {
  const name = names.find((alias) => alias.kind === 'string')?.name;
  const quote = textOf(source, literal).endsWith("'") ? "'" : '"';
  return name === undefined ? undefined : [replace(source, literal, `${quote}${name}${quote}`)];
}

/** A function handed over by name: `activation=tf.nn.sigmoid`, `act_layer=nn.Sigmoid`. */
function rewriteReference(
  source: SourceText,
  expression: Expression,
  names: readonly FrameworkAlias[],
): readonly TextEdit[] | undefined {
  if (expression.kind !== 'attribute') return undefined;
  const isLayer = isConstructor(expression.attribute.name);
  const candidates = names.filter((alias) => (alias.kind === 'layer') === isLayer && alias.kind !== 'string');
  const named = spell(source, `${textOf(source, expression.object)}.`, candidates, expression.attribute.name);
  return named && [replace(source, expression, named.text), ...named.imports];
}

/** How the file can name one of the aliases: with the prefix it uses already, else in full, else through a new import. */
function spell(
  source: SourceText,
  prefix: string,
  aliases: readonly FrameworkAlias[],
  oldName: string | undefined,
): { readonly text: string; readonly imports: readonly TextEdit[] } | undefined {
  const qualified = aliases.filter((alias) => alias.kind !== 'method');
  for (const alias of qualified) {
    const dot = alias.name.lastIndexOf('.');
    const module = alias.name.slice(0, dot);
    const spelled = moduleAlias(source, module);
    if (prefix !== '' && spelled !== undefined && `${spelled}.` === prefix) {
      return { text: `${prefix}${alias.name.slice(dot + 1)}`, imports: [] };
    }
  }
  const first = qualified[0];
  if (!first) return undefined;
  const dot = first.name.lastIndexOf('.');
  const last = first.name.slice(dot + 1);
  if (prefix === '' && oldName !== undefined) {
    const imports = importBeside(source, oldName, last);
    if (imports) return { text: last, imports };
  }
  for (const alias of qualified) {
    const at = alias.name.lastIndexOf('.');
    const module = moduleAlias(source, alias.name.slice(0, at));
    if (module !== undefined) return { text: `${module}.${alias.name.slice(at + 1)}`, imports: [] };
  }
  return prefix === '' ? undefined : { text: `${prefix}${last}`, imports: [] };
}

/** Classes begin with a capital in every framework; functions do not. */
function isConstructor(name: string | undefined): boolean {
  return name !== undefined && /^[A-Z]/.test(name);
}
