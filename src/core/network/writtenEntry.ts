import type { Unknown } from '../analysis';
import { parsePython } from '../python/parse';
import type { Expression } from '../python/syntax';
import type { Value } from '../python/values';
import type { Span } from '../span';
import type { FoundEntries } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';
import { noFile } from './givenValues';

/** The model that a person wrote out as an expression, evaluated among the file's names; else why there is none. */
export function writtenEntry(evaluation: FileEvaluation, expression: string): FoundEntries {
  const node = parseExpression(expression);
  const { body, span } = placeOf(evaluation, node);
  const refuse = (text: string, values: Readonly<Record<string, string>>): FoundEntries => {
    const unknown: Unknown = { reason: { text, values }, span };
    return { entries: [], unknowns: [unknown], unbuilt: [] };
  };
  if (!node) return refuse('{expression} is not a Python expression', { expression });
  const value = evaluation.interpreter.evaluateExpression(node, evaluation.scope, noFile);
  const framework = evaluation.frameworkOf(value);
  if (!framework || !evaluation.isModel(value)) {
    if (value.kind === 'unknown') return refuse('{expression}: {reason}', { expression, reason: value.reason });
    return refuse('{expression} gives {kind}, not a model', { expression, kind: describe(value) });
  }
  const entry = { name: expression, span, body, framework: framework.id, open: framework.open, model: value };
  return {
    entries: [{ ...entry, application: undefined, assumptions: [], making: undefined }],
    unknowns: [],
    unbuilt: [],
  };
}

function parseExpression(text: string): Expression | undefined {
  const { module, errors } = parsePython(text);
  const [statement] = module.body;
  if (errors.length > 0 || module.body.length !== 1 || statement?.kind !== 'expression') return undefined;
  return statement.value;
}

/** The definition in the file that the expression calls, else the file's beginning. */
function placeOf({ parsed, file }: FileEvaluation, node: Expression | undefined): { span: Span; body: Span } {
  const name = node?.kind === 'call' && node.callee.kind === 'name' ? node.callee.name : undefined;
  for (const statement of parsed.module.body) {
    if (statement.kind !== 'class' && statement.kind !== 'function') continue;
    if (statement.name.name !== name) continue;
    const { start, end } = statement.name;
    return { span: { file, start, end }, body: { file, start: statement.start, end: statement.end } };
  }
  const start: Span = { file, start: 0, end: 0 };
  return { span: start, body: start };
}

function describe(value: Value): string {
  if (value.kind === 'instance') return `an object of ${value.class.name}`;
  return value.kind === 'class' || value.kind === 'function'
    ? `the ${value.kind} itself`
    : `a value of kind ${value.kind}`;
}
