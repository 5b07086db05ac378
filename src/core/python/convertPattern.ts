import type { ParseNode, PatternAtomNode } from '@zzzen/pyright-internal/dist/parser/parseNodes';
import type { ConvertContext } from './convertContext';
import { convertExpression, convertIdentifier } from './convertExpression';
import { nodeType } from './pyright/nodeTypes';
import type { Identifier, Pattern } from './syntax';

export function convertPattern(node: PatternAtomNode, context: ConvertContext): Pattern {
  return context.descend(
    node,
    () => convertKnown(node, context),
    (range) => ({ kind: 'error', ...range }),
  );
}

function convertKnown(node: PatternAtomNode, context: ConvertContext): Pattern {
  const range = context.range(node);
  switch (node.nodeType) {
    case nodeType.patternAs: {
      const alternatives = node.d.orPatterns.map((pattern) => convertPattern(pattern, context));
      const [first] = alternatives;
      const pattern: Pattern = first && alternatives.length === 1 ? first : { kind: 'or', ...range, alternatives };
      return node.d.target
        ? { kind: 'as', ...range, pattern, name: convertIdentifier(node.d.target, context) }
        : pattern;
    }
    case nodeType.patternCapture:
      return {
        kind: 'capture',
        ...range,
        name: node.d.isWildcard ? undefined : convertIdentifier(node.d.target, context),
        isStar: node.d.isStar,
      };
    case nodeType.patternLiteral:
    case nodeType.patternValue:
      return { kind: 'value', ...range, value: convertExpression(node.d.expr, context) };
    case nodeType.patternSequence:
      return { kind: 'sequence', ...range, items: node.d.entries.map((entry) => convertPattern(entry, context)) };
    case nodeType.patternClass:
      return {
        kind: 'class',
        ...range,
        class: convertExpression(node.d.className, context),
        arguments: node.d.args.map((argument) => ({
          name: argument.d.name && convertIdentifier(argument.d.name, context),
          pattern: convertPattern(argument.d.pattern, context),
        })),
      };
    case nodeType.patternMapping: {
      const entries: { key: ReturnType<typeof convertExpression>; value: Pattern }[] = [];
      let rest: Identifier | undefined;
      for (const entry of node.d.entries) {
        if (entry.nodeType === nodeType.patternMappingKeyEntry) {
          const keyNode: ParseNode =
            entry.d.keyPattern.nodeType === nodeType.error ? entry.d.keyPattern : entry.d.keyPattern.d.expr;
          entries.push({
            key: convertExpression(keyNode, context),
            value: convertPattern(entry.d.valuePattern, context),
          });
        } else {
          rest = convertIdentifier(entry.d.target, context);
        }
      }
      return { kind: 'mapping', ...range, entries, rest };
    }
    default:
      return { kind: 'error', ...range };
  }
}
