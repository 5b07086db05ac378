import type {
  ArgumentNode,
  BinaryOperationNode,
  ComprehensionNode,
  DictionaryNode,
  ExpressionNode,
  IndexNode,
  ParameterNode,
  ParseNode,
} from '@zzzen/pyright-internal/dist/parser/parseNodes';
import type { ConvertContext } from './convertContext';
import { convertStringList } from './convertString';
import { constantKeyword, nodeType } from './pyright/nodeTypes';
import type {
  Argument,
  BinaryOperator,
  CompareOperator,
  ComprehensionClause,
  ComprehensionExpression,
  Expression,
  Identifier,
  Parameter,
} from './syntax';

/** pyright's OperatorType (parser/tokenizerTypes) by number. */
const binaryOperators: Readonly<Record<number, BinaryOperator>> = {
  0: '+',
  1: '+',
  3: '&',
  4: '&',
  6: '|',
  7: '|',
  8: '^',
  9: '^',
  10: '/',
  11: '/',
  13: '//',
  14: '//',
  17: '<<',
  18: '<<',
  22: '@',
  23: '@',
  24: '%',
  25: '%',
  26: '*',
  27: '*',
  29: '**',
  30: '**',
  31: '>>',
  32: '>>',
  33: '-',
  34: '-',
};
const compareOperators: Readonly<Record<number, CompareOperator>> = {
  12: '==',
  15: '>',
  16: '>=',
  19: '!=',
  20: '<',
  21: '<=',
  28: '!=',
  39: 'is',
  40: 'is not',
  41: 'in',
  42: 'not in',
};
const unaryOperators: Readonly<Record<number, '-' | '+' | '~' | 'not'>> = { 0: '+', 5: '~', 33: '-', 38: 'not' };
const andOperator = 36;
const orOperator = 37;

export function convertIdentifier(
  node: { readonly start: number; readonly length: number; readonly d: { readonly value: string } },
  context: ConvertContext,
): Identifier {
  return { ...context.range(node), name: context.nameOf(node.d.value) };
}

/** The operator of an augmented assignment. */
export function augmentedOperator(operator: number): BinaryOperator | undefined {
  return binaryOperators[operator];
}

export function convertExpression(node: ParseNode, context: ConvertContext): Expression {
  return context.descend(
    node,
    () => convertKnown(node as ExpressionNode, context),
    (range) => ({ kind: 'error', ...range, child: undefined }),
  );
}

export function convertOptional(node: ParseNode | undefined, context: ConvertContext): Expression | undefined {
  return node && convertExpression(node, context);
}

function convertAll(nodes: readonly ParseNode[], context: ConvertContext): Expression[] {
  return nodes.map((node) => convertExpression(node, context));
}

function convertKnown(node: ExpressionNode, context: ConvertContext): Expression {
  const range = context.range(node);
  switch (node.nodeType) {
    case nodeType.name:
      return { kind: 'name', ...range, name: context.nameOf(node.d.value) };
    case nodeType.number:
      return {
        kind: 'number',
        ...range,
        value: Number(node.d.value),
        isInteger: node.d.isInteger,
        isImaginary: node.d.isImaginary,
      };
    case nodeType.constant: {
      const value = constantKeyword[node.d.constType];
      return value ? { kind: 'constant', ...range, value } : { kind: 'error', ...range, child: undefined };
    }
    case nodeType.ellipsis:
      return { kind: 'ellipsis', ...range };
    case nodeType.stringList:
      return convertStringList(node.d.strings, range, context);
    case nodeType.string:
    case nodeType.formatString:
      return convertStringList([node], range, context);
    case nodeType.memberAccess:
      return {
        kind: 'attribute',
        ...range,
        object: convertExpression(node.d.leftExpr, context),
        attribute: convertIdentifier(node.d.member, context),
      };
    case nodeType.call:
      return {
        kind: 'call',
        ...range,
        callee: convertExpression(node.d.leftExpr, context),
        arguments: convertArguments(node.d.args, context),
      };
    case nodeType.index:
      return {
        kind: 'index',
        ...range,
        object: convertExpression(node.d.leftExpr, context),
        index: convertIndex(node, context),
      };
    case nodeType.slice:
      return {
        kind: 'slice',
        ...range,
        lower: convertOptional(node.d.startValue, context),
        upper: convertOptional(node.d.endValue, context),
        step: convertOptional(node.d.stepValue, context),
      };
    case nodeType.unaryOperation: {
      const operand = convertExpression(node.d.expr, context);
      const operator = unaryOperators[node.d.operator];
      return operator ? { kind: 'unary', ...range, operator, operand } : { kind: 'error', ...range, child: operand };
    }
    case nodeType.binaryOperation:
      return convertBinary(node, context);
    case nodeType.ternary:
      return {
        kind: 'ternary',
        ...range,
        test: convertExpression(node.d.testExpr, context),
        body: convertExpression(node.d.ifExpr, context),
        otherwise: convertExpression(node.d.elseExpr, context),
      };
    case nodeType.tuple:
      return { kind: 'tuple', ...range, items: convertAll(node.d.items, context), hasParens: node.d.hasParens };
    case nodeType.list: {
      const only = node.d.items[0];
      if (node.d.items.length === 1 && only?.nodeType === nodeType.comprehension && !only.d.hasParens) {
        return convertComprehension(only, 'list', range, context);
      }
      return { kind: 'list', ...range, items: convertAll(node.d.items, context) };
    }
    case nodeType.set: {
      const only = node.d.items[0];
      if (node.d.items.length === 1 && only?.nodeType === nodeType.comprehension && !only.d.hasParens) {
        return convertComprehension(only, 'set', range, context);
      }
      return { kind: 'set', ...range, items: convertAll(node.d.items, context) };
    }
    case nodeType.dictionary:
      return convertDictionary(node, context);
    case nodeType.comprehension:
      return convertComprehension(node, 'generator', range, context);
    case nodeType.lambda: {
      let body: Expression | undefined;
      const parameters = convertParameters(node.d.params, context);
      context.inFunction(() => {
        body = convertExpression(node.d.expr, context);
      });
      return { kind: 'lambda', ...range, parameters, body: body ?? { kind: 'error', ...range, child: undefined } };
    }
    case nodeType.unpack:
      return { kind: 'star', ...range, value: convertExpression(node.d.expr, context) };
    case nodeType.await:
      return { kind: 'await', ...range, value: convertExpression(node.d.expr, context) };
    case nodeType.yield:
      context.noteYield();
      return { kind: 'yield', ...range, value: convertOptional(node.d.expr, context) };
    case nodeType.yieldFrom:
      context.noteYield();
      return { kind: 'yieldFrom', ...range, value: convertExpression(node.d.expr, context) };
    case nodeType.assignmentExpression:
      return {
        kind: 'walrus',
        ...range,
        target: convertIdentifier(node.d.name, context),
        value: convertExpression(node.d.rightExpr, context),
      };
    case nodeType.error:
      return { kind: 'error', ...range, child: convertOptional(node.d.child, context) };
    case nodeType.typeAnnotation:
      return { kind: 'error', ...range, child: convertExpression(node.d.valueExpr, context) };
    default:
      return { kind: 'error', ...range, child: undefined };
  }
}

function convertBinary(node: BinaryOperationNode, context: ConvertContext): Expression {
  const range = context.range(node);
  const { operator } = node.d;
  if (compareOperators[operator]) return convertComparison(node, context);
  const left = convertExpression(node.d.leftExpr, context);
  const right = convertExpression(node.d.rightExpr, context);
  if (operator === andOperator || operator === orOperator) {
    return { kind: 'boolean', ...range, operator: operator === andOperator ? 'and' : 'or', left, right };
  }
  const arithmetic = binaryOperators[operator];
  if (!arithmetic) return { kind: 'error', ...range, child: left };
  return { kind: 'binary', ...range, operator: arithmetic, left, right };
}

/** pyright nests a chain `a < b < c` to one side; here it becomes one comparison. */
function convertComparison(node: BinaryOperationNode, context: ConvertContext): Expression {
  const operators: CompareOperator[] = [];
  const operands: Expression[] = [];
  const collect = (part: ExpressionNode, isTop: boolean): void => {
    const operator = part.nodeType === nodeType.binaryOperation ? compareOperators[part.d.operator] : undefined;
    if (part.nodeType === nodeType.binaryOperation && operator && (isTop || !part.d.hasParens)) {
      collect(part.d.leftExpr, false);
      operators.push(operator);
      collect(part.d.rightExpr, false);
    } else {
      operands.push(convertExpression(part, context));
    }
  };
  collect(node, true);
  const [left, ...rest] = operands;
  const range = context.range(node);
  return left
    ? { kind: 'compare', ...range, left, operators, operands: rest }
    : { kind: 'error', ...range, child: left };
}

function convertIndex(node: IndexNode, context: ConvertContext): Expression {
  const items = node.d.items.map((item): Expression => {
    const value = convertExpression(item.d.valueExpr, context);
    return item.d.argCategory === 1 ? { kind: 'star', ...context.range(item), value } : value;
  });
  const [first] = items;
  if (first && items.length === 1 && !node.d.trailingComma) return first;
  const last = items.at(-1);
  const range = first && last ? { start: first.start, end: last.end } : context.range(node);
  return { kind: 'tuple', ...range, items, hasParens: false };
}

export function convertArguments(nodes: readonly ArgumentNode[], context: ConvertContext): Argument[] {
  return nodes.map((node) => ({
    ...context.range(node),
    star: node.d.argCategory === 1 ? '*' : node.d.argCategory === 2 ? '**' : '',
    // The one name of an expression that CPython does not mangle.
    name: node.d.name && { ...context.range(node.d.name), name: node.d.name.d.value },
    value: convertExpression(node.d.valueExpr, context),
  }));
}

export function convertParameters(nodes: readonly ParameterNode[], context: ConvertContext): Parameter[] {
  return nodes.map((node) => ({
    ...context.range(node),
    form: parameterForm(node),
    name: node.d.name && convertIdentifier(node.d.name, context),
    annotation: convertOptional(node.d.annotation, context),
    default: convertOptional(node.d.defaultValue, context),
  }));
}

function parameterForm(node: ParameterNode): Parameter['form'] {
  if (node.d.category === 2) return '**';
  if (node.d.category === 1) return node.d.name ? '*' : 'bare*';
  return node.d.name ? 'plain' : '/';
}

function convertDictionary(node: DictionaryNode, context: ConvertContext): Expression {
  const range = context.range(node);
  const only = node.d.items[0];
  if (node.d.items.length === 1 && only?.nodeType === nodeType.comprehension) {
    return convertComprehension(only, 'dict', range, context);
  }
  const entries = node.d.items.flatMap((item): { key: Expression | undefined; value: Expression }[] => {
    if (item.nodeType === nodeType.dictionaryKeyEntry) {
      const key = convertExpression(item.d.keyExpr, context);
      return [{ key, value: convertExpression(item.d.valueExpr, context) }];
    }
    if (item.nodeType === nodeType.dictionaryExpandEntry) {
      return [{ key: undefined, value: convertExpression(item.d.expr, context) }];
    }
    return [];
  });
  return { kind: 'dict', ...range, entries };
}

function convertComprehension(
  node: ComprehensionNode,
  form: ComprehensionExpression['form'],
  range: { start: number; end: number },
  context: ConvertContext,
): Expression {
  const element = node.d.expr;
  const clauses = node.d.forIfNodes.map((clause): ComprehensionClause => {
    if (clause.nodeType === nodeType.comprehensionFor) {
      return {
        kind: 'for',
        ...context.range(clause),
        target: convertExpression(clause.d.targetExpr, context),
        iterable: convertExpression(clause.d.iterableExpr, context),
      };
    }
    return { kind: 'if', ...context.range(clause), test: convertExpression(clause.d.testExpr, context) };
  });
  if (element.nodeType === nodeType.dictionaryKeyEntry) {
    const key = convertExpression(element.d.keyExpr, context);
    return {
      kind: 'comprehension',
      ...range,
      form,
      key,
      element: convertExpression(element.d.valueExpr, context),
      clauses,
    };
  }
  return {
    kind: 'comprehension',
    ...range,
    form,
    key: undefined,
    element: convertExpression(element, context),
    clauses,
  };
}
