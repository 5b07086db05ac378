import type { Expression, Module, Statement } from './syntax';

export type SyntaxNode = Expression | Statement;

/** The nodes that contain `offset`, outermost first, statements and expressions mixed; an end touching `offset` counts. */
export function nodesAt(module: Module, offset: number): readonly SyntaxNode[] {
  const path: SyntaxNode[] = [];
  let candidates: readonly unknown[] = module.body;
  for (;;) {
    const next = innermostOf(candidates, offset);
    if (!next) return path;
    path.push(next);
    candidates = childrenOf(next);
  }
}

export function expressionAt(module: Module, offset: number): Expression | undefined {
  return nodesAt(module, offset).findLast(isExpression);
}

export function statementAt(module: Module, offset: number): Statement | undefined {
  return nodesAt(module, offset).findLast((node): node is Statement => !isExpression(node));
}

/** The innermost call whose span is exactly this. */
export function callAt(module: Module, start: number, end: number): Extract<Expression, { kind: 'call' }> | undefined {
  for (const node of nodesAt(module, start)) {
    if (node.kind === 'call' && node.start === start && node.end === end) return node;
  }
  return undefined;
}

/** A file is walked for several questions. */
const nodesOfModules = new WeakMap<Module, readonly SyntaxNode[]>();

/** Calls `visit` for every statement and expression, outermost first. */
export function walk(root: Module | SyntaxNode, visit: (node: SyntaxNode) => void): void {
  for (const node of nodesBelow(root)) visit(node);
}

function nodesBelow(root: Module | SyntaxNode): readonly SyntaxNode[] {
  if (root.kind !== 'module') return inOrder([root]);
  let nodes = nodesOfModules.get(root);
  if (!nodes) {
    nodes = inOrder(root.body);
    nodesOfModules.set(root, nodes);
  }
  return nodes;
}

function inOrder(roots: readonly SyntaxNode[]): readonly SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  const pending = [...roots].reverse();
  for (let node = pending.pop(); node; node = pending.pop()) {
    nodes.push(node);
    const children = childrenOf(node);
    for (let index = children.length - 1; index >= 0; index--) pending.push(children[index] as SyntaxNode);
  }
  return nodes;
}

const expressionKinds = new Set<string>([
  'name',
  'number',
  'string',
  'bytes',
  'formatString',
  'constant',
  'ellipsis',
  'tuple',
  'list',
  'set',
  'dict',
  'unary',
  'binary',
  'boolean',
  'compare',
  'call',
  'attribute',
  'index',
  'slice',
  'ternary',
  'lambda',
  'comprehension',
  'star',
  'await',
  'yield',
  'yieldFrom',
  'walrus',
]);

/** Error nodes count as expressions. */
export function isExpression(node: SyntaxNode): node is Expression {
  return expressionKinds.has(node.kind) || node.kind === 'error';
}

const statementKinds = new Set<string>([
  'expression',
  'assign',
  'annotated',
  'augmented',
  'if',
  'while',
  'for',
  'try',
  'with',
  'match',
  'function',
  'class',
  'return',
  'raise',
  'delete',
  'pass',
  'break',
  'continue',
  'global',
  'import',
  'importFrom',
  'assert',
  'typeAlias',
]);

const nodeKinds: ReadonlySet<string> = new Set([...expressionKinds, ...statementKinds]);

function innermostOf(candidates: readonly unknown[], offset: number): SyntaxNode | undefined {
  let best: SyntaxNode | undefined;
  for (const candidate of candidates) {
    const node = candidate as SyntaxNode;
    if (node.start > offset || node.end < offset) continue;
    // Of two that touch at the offset, the one that begins there.
    if (!best || node.start >= best.start) best = node;
  }
  return best;
}

/** Statements and expressions directly below, through the plain records between (arguments, parameters, handlers, clauses). */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  collect(node, children, true);
  return children;
}

function collect(value: object, into: SyntaxNode[], isRoot: boolean): void {
  const { kind } = value as { kind?: unknown };
  if (!isRoot && typeof kind === 'string' && isNode(kind, value)) {
    into.push(value as SyntaxNode);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) collect(item, into, false);
    return;
  }
  // Without a list of values made for each of many small records.
  for (const key in value) {
    const part = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof part === 'object' && part !== null) collect(part, into, false);
  }
}

/** Patterns and clauses have kinds of their own, some of the same name (`for`, `class`, `if`): told apart by what they lack. */
function isNode(kind: string, value: object): boolean {
  if (!('start' in value)) return false;
  if (kind === 'for' || kind === 'if') return 'body' in value;
  if (kind === 'class') return 'body' in value;
  if (kind === 'error') return 'child' in value;
  return nodeKinds.has(kind);
}
