import type {
  AssignmentNode,
  ExpressionNode,
  IfNode,
  ImportFromNode,
  ParseNode,
  SuiteNode,
} from '@zzzen/pyright-internal/dist/parser/parseNodes';
import type { ConvertContext } from './convertContext';
import {
  augmentedOperator,
  convertArguments,
  convertExpression,
  convertIdentifier,
  convertOptional,
  convertParameters,
} from './convertExpression';
import { convertPattern } from './convertPattern';
import { nodeType } from './pyright/nodeTypes';
import type { Expression, FunctionDefinition, Statement } from './syntax';

export function convertStatements(nodes: readonly ParseNode[], context: ConvertContext): Statement[] {
  const statements: Statement[] = [];
  for (const node of nodes) {
    if (node.nodeType === nodeType.statementList) statements.push(...convertStatements(node.d.statements, context));
    else statements.push(convertStatement(node, context));
  }
  return statements;
}

function convertSuite(suite: SuiteNode | IfNode | undefined, context: ConvertContext): Statement[] {
  if (!suite) return [];
  return convertStatements(suite.nodeType === nodeType.suite ? suite.d.statements : [suite], context);
}

function convertStatement(node: ParseNode, context: ConvertContext): Statement {
  return context.descend(
    node,
    () => convertKnown(node, context),
    (range) => ({ kind: 'error', ...range, child: undefined }),
  );
}

function convertKnown(node: ParseNode, context: ConvertContext): Statement {
  const range = context.range(node);
  switch (node.nodeType) {
    case nodeType.assignment:
      return convertAssignment(node, context);
    case nodeType.typeAnnotation:
      return {
        kind: 'annotated',
        ...range,
        target: convertExpression(node.d.valueExpr, context),
        annotation: convertExpression(node.d.annotation, context),
        value: undefined,
      };
    case nodeType.augmentedAssignment: {
      const target = convertExpression(node.d.leftExpr, context);
      const operator = augmentedOperator(node.d.operator);
      if (!operator) return { kind: 'error', ...range, child: target };
      return { kind: 'augmented', ...range, operator, target, value: convertExpression(node.d.rightExpr, context) };
    }
    case nodeType.if:
      return {
        kind: 'if',
        ...range,
        test: convertExpression(node.d.testExpr, context),
        body: convertSuite(node.d.ifSuite, context),
        otherwise: convertSuite(node.d.elseSuite, context),
      };
    case nodeType.while:
      return {
        kind: 'while',
        ...range,
        test: convertExpression(node.d.testExpr, context),
        body: convertSuite(node.d.whileSuite, context),
        otherwise: convertSuite(node.d.elseSuite, context),
      };
    case nodeType.for:
      return {
        kind: 'for',
        ...range,
        isAsync: node.d.isAsync === true,
        target: convertExpression(node.d.targetExpr, context),
        iterable: convertExpression(node.d.iterableExpr, context),
        body: convertSuite(node.d.forSuite, context),
        otherwise: convertSuite(node.d.elseSuite, context),
      };
    case nodeType.try:
      return {
        kind: 'try',
        ...range,
        body: convertSuite(node.d.trySuite, context),
        handlers: node.d.exceptClauses.map((clause) => ({
          ...context.range(clause),
          type: convertOptional(clause.d.typeExpr, context),
          name: clause.d.name && convertIdentifier(clause.d.name, context),
          body: convertSuite(clause.d.exceptSuite, context),
        })),
        otherwise: convertSuite(node.d.elseSuite, context),
        finally: convertSuite(node.d.finallySuite, context),
      };
    case nodeType.with:
      return {
        kind: 'with',
        ...range,
        isAsync: node.d.isAsync === true,
        items: node.d.withItems.map((item) => ({
          value: convertExpression(item.d.expr, context),
          target: convertOptional(item.d.target, context),
        })),
        body: convertSuite(node.d.suite, context),
      };
    case nodeType.match:
      return {
        kind: 'match',
        ...range,
        subject: convertExpression(node.d.expr, context),
        cases: node.d.cases.map((clause) => ({
          ...context.range(clause),
          pattern: convertPattern(clause.d.pattern, context),
          guard: convertOptional(clause.d.guardExpr, context),
          body: convertSuite(clause.d.suite, context),
        })),
      };
    case nodeType.function: {
      const decorators = node.d.decorators.map((decorator) => convertExpression(decorator.d.expr, context));
      const parameters = convertParameters(node.d.params, context);
      const returns = convertOptional(node.d.returnAnnotation, context);
      let body: Statement[] = [];
      const facts = context.inFunction(() => {
        body = convertSuite(node.d.suite, context);
      });
      const definition: FunctionDefinition = {
        kind: 'function',
        ...range,
        isAsync: node.d.isAsync,
        name: convertIdentifier(node.d.name, context),
        decorators,
        parameters,
        returns,
        body,
        ...facts,
      };
      return definition;
    }
    case nodeType.class:
      return {
        kind: 'class',
        ...range,
        name: convertIdentifier(node.d.name, context),
        decorators: node.d.decorators.map((decorator) => convertExpression(decorator.d.expr, context)),
        arguments: convertArguments(node.d.arguments, context),
        body: context.inClass(node.d.name.d.value, () => convertSuite(node.d.suite, context)),
      };
    case nodeType.return:
      return { kind: 'return', ...range, value: convertOptional(node.d.expr, context) };
    case nodeType.raise:
      return {
        kind: 'raise',
        ...range,
        value: convertOptional(node.d.expr, context),
        cause: convertOptional(node.d.fromExpr, context),
      };
    case nodeType.del:
      return { kind: 'delete', ...range, targets: node.d.targets.map((target) => convertExpression(target, context)) };
    case nodeType.pass:
      return { kind: 'pass', ...range };
    case nodeType.break:
      return { kind: 'break', ...range };
    case nodeType.continue:
      return { kind: 'continue', ...range };
    case nodeType.global:
    case nodeType.nonlocal: {
      const isNonlocal = node.nodeType === nodeType.nonlocal;
      const names = node.d.targets.map((name) => convertIdentifier(name, context));
      for (const { name } of names) context.noteGlobal(name, isNonlocal);
      return { kind: 'global', ...range, names, isNonlocal };
    }
    case nodeType.import:
      return {
        kind: 'import',
        ...range,
        modules: node.d.list.map((item) => ({
          path: item.d.module.d.nameParts.map((part) => convertIdentifier(part, context)),
          alias: item.d.alias && convertIdentifier(item.d.alias, context),
        })),
      };
    case nodeType.importFrom:
      return convertImportFrom(node, context);
    case nodeType.assert:
      return {
        kind: 'assert',
        ...range,
        test: convertExpression(node.d.testExpr, context),
        message: convertOptional(node.d.exceptionExpr, context),
      };
    case nodeType.typeAlias:
      return {
        kind: 'typeAlias',
        ...range,
        name: convertIdentifier(node.d.name, context),
        value: convertExpression(node.d.expr, context),
      };
    case nodeType.error:
      return { kind: 'error', ...range, child: convertOptional(node.d.child, context) };
    default:
      return { kind: 'expression', ...range, value: convertExpression(node, context) };
  }
}

function convertImportFrom(node: ImportFromNode, context: ConvertContext): Statement {
  return {
    kind: 'importFrom',
    ...context.range(node),
    level: node.d.module.d.leadingDots,
    path: node.d.module.d.nameParts.map((part) => convertIdentifier(part, context)),
    names: node.d.imports.map((item) => ({
      name: convertIdentifier(item.d.name, context),
      alias: item.d.alias && convertIdentifier(item.d.alias, context),
    })),
    isStar: node.d.isWildcardImport,
  };
}

/** pyright nests `a = b = value` as an assignment whose right side is an assignment, the first target innermost. */
function convertAssignment(node: AssignmentNode, context: ConvertContext): Statement {
  const range = context.range(node);
  const targetNodes: ExpressionNode[] = [node.d.leftExpr];
  let right: ExpressionNode = node.d.rightExpr;
  while (right.nodeType === nodeType.assignment) {
    targetNodes.unshift(right.d.leftExpr);
    right = right.d.rightExpr;
  }
  const value = convertExpression(right, context);
  const [only] = targetNodes;
  if (targetNodes.length === 1 && only?.nodeType === nodeType.typeAnnotation) {
    return {
      kind: 'annotated',
      ...range,
      target: convertExpression(only.d.valueExpr, context),
      annotation: convertExpression(only.d.annotation, context),
      value,
    };
  }
  const targets = targetNodes.map((target): Expression => convertExpression(target, context));
  return { kind: 'assign', ...range, targets, value };
}
