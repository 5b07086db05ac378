import { parsePython } from '../python/parse';
import type { Expression } from '../python/syntax';
import type { Value } from '../python/values';
import type { FileEvaluation } from './fileEvaluation';

/** File of expressions that stand in no file. */
export const noFile = '<given>';

/** Values that a person gave for arguments, by name; texts that are no Python literals are passed over. */
export function givenValues(
  { interpreter, scope }: FileEvaluation,
  texts: Readonly<Record<string, string>> | undefined,
): ReadonlyMap<string, Value> {
  return new Map(
    Object.entries(texts ?? {}).flatMap(([name, text]) => {
      const node = parseLiteral(text);
      return node ? [[name, interpreter.evaluateExpression(node, scope, noFile)] as const] : [];
    }),
  );
}

function parseLiteral(text: string): Expression | undefined {
  const { module, errors } = parsePython(text);
  const [statement] = module.body;
  if (errors.length > 0 || module.body.length !== 1 || statement?.kind !== 'expression') return undefined;
  return isLiteral(statement.value) ? statement.value : undefined;
}

function isLiteral(node: Expression): boolean {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'constant':
      return true;
    case 'unary':
      return isLiteral(node.operand);
    case 'list':
    case 'tuple':
    case 'set':
      return node.items.every(isLiteral);
    case 'dict':
      return node.entries.every(({ key, value }) => key !== undefined && isLiteral(key) && isLiteral(value));
    default:
      return false;
  }
}
