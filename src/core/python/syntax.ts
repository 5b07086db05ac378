/**
 * Our own syntax tree of Python 3.12: plain data, offsets into the original text (UTF-16, `end` exclusive). What did not parse is an
 * `error` node that keeps the parts that did.
 */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A name token. */
export interface Identifier extends TextRange {
  readonly name: string;
}

export interface Comment extends TextRange {
  /** Without the leading `#`. */
  readonly text: string;
}

export interface Module extends TextRange {
  readonly kind: 'module';
  readonly body: readonly Statement[];
}

export type Expression =
  | NameExpression
  | NumberExpression
  | StringExpression
  | BytesExpression
  | FormatStringExpression
  | ConstantExpression
  | EllipsisExpression
  | TupleExpression
  | ListExpression
  | SetExpression
  | DictExpression
  | UnaryExpression
  | BinaryExpression
  | BooleanExpression
  | CompareExpression
  | CallExpression
  | AttributeExpression
  | IndexExpression
  | SliceExpression
  | TernaryExpression
  | LambdaExpression
  | ComprehensionExpression
  | StarExpression
  | AwaitExpression
  | YieldExpression
  | YieldFromExpression
  | WalrusExpression
  | ErrorExpression;

export interface NameExpression extends TextRange {
  readonly kind: 'name';
  readonly name: string;
}
export interface NumberExpression extends TextRange {
  readonly kind: 'number';
  readonly value: number;
  readonly isInteger: boolean;
  readonly isImaginary: boolean;
}
/** Adjacent literals are joined. */
export interface StringExpression extends TextRange {
  readonly kind: 'string';
  readonly value: string;
}
export interface BytesExpression extends TextRange {
  readonly kind: 'bytes';
  readonly length: number;
}
export interface FormatStringExpression extends TextRange {
  readonly kind: 'formatString';
  readonly parts: readonly FormatPart[];
}
export type FormatPart =
  | { readonly kind: 'text'; readonly value: string }
  | {
      readonly kind: 'field';
      readonly expression: Expression;
      /** `!r`, `!s`, `!a`. */
      readonly conversion: string;
      /** The format specification, itself with fields. */
      readonly format: readonly FormatPart[];
      /** Text of `{expression=}` up to and with the equals sign. */
      readonly debugText: string;
    };
export interface ConstantExpression extends TextRange {
  readonly kind: 'constant';
  readonly value: 'None' | 'True' | 'False' | '__debug__';
}
export interface EllipsisExpression extends TextRange {
  readonly kind: 'ellipsis';
}
export interface TupleExpression extends TextRange {
  readonly kind: 'tuple';
  readonly items: readonly Expression[];
  readonly hasParens: boolean;
}
export interface ListExpression extends TextRange {
  readonly kind: 'list';
  readonly items: readonly Expression[];
}
export interface SetExpression extends TextRange {
  readonly kind: 'set';
  readonly items: readonly Expression[];
}
export interface DictExpression extends TextRange {
  readonly kind: 'dict';
  /** An entry without a key is `**value`. */
  readonly entries: readonly { readonly key: Expression | undefined; readonly value: Expression }[];
}
export interface UnaryExpression extends TextRange {
  readonly kind: 'unary';
  readonly operator: '-' | '+' | '~' | 'not';
  readonly operand: Expression;
}
export interface BinaryExpression extends TextRange {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}
export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '@' | '&' | '|' | '^' | '<<' | '>>';
export interface BooleanExpression extends TextRange {
  readonly kind: 'boolean';
  readonly operator: 'and' | 'or';
  readonly left: Expression;
  readonly right: Expression;
}
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'is' | 'is not' | 'in' | 'not in';
/** `left operators[0] operands[0] operators[1] operands[1] …`. */
export interface CompareExpression extends TextRange {
  readonly kind: 'compare';
  readonly left: Expression;
  readonly operators: readonly CompareOperator[];
  readonly operands: readonly Expression[];
}
export interface CallExpression extends TextRange {
  readonly kind: 'call';
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
}
/** Covers `name=value` or `*value` with its star. */
export interface Argument extends TextRange {
  readonly star: '' | '*' | '**';
  readonly name: Identifier | undefined;
  readonly value: Expression;
}
export interface AttributeExpression extends TextRange {
  readonly kind: 'attribute';
  readonly object: Expression;
  readonly attribute: Identifier;
}
export interface IndexExpression extends TextRange {
  readonly kind: 'index';
  readonly object: Expression;
  /** A tuple where several are written. */
  readonly index: Expression;
}
export interface SliceExpression extends TextRange {
  readonly kind: 'slice';
  readonly lower: Expression | undefined;
  readonly upper: Expression | undefined;
  readonly step: Expression | undefined;
}
export interface TernaryExpression extends TextRange {
  readonly kind: 'ternary';
  readonly test: Expression;
  readonly body: Expression;
  readonly otherwise: Expression;
}
export interface LambdaExpression extends TextRange {
  readonly kind: 'lambda';
  readonly parameters: readonly Parameter[];
  readonly body: Expression;
}
export interface ComprehensionExpression extends TextRange {
  readonly kind: 'comprehension';
  readonly form: 'list' | 'set' | 'dict' | 'generator';
  /** The key, where the form is `dict`. */
  readonly key: Expression | undefined;
  readonly element: Expression;
  readonly clauses: readonly ComprehensionClause[];
}
export type ComprehensionClause =
  | (TextRange & { readonly kind: 'for'; readonly target: Expression; readonly iterable: Expression })
  | (TextRange & { readonly kind: 'if'; readonly test: Expression });
export interface StarExpression extends TextRange {
  readonly kind: 'star';
  readonly value: Expression;
}
export interface AwaitExpression extends TextRange {
  readonly kind: 'await';
  readonly value: Expression;
}
export interface YieldExpression extends TextRange {
  readonly kind: 'yield';
  readonly value: Expression | undefined;
}
export interface YieldFromExpression extends TextRange {
  readonly kind: 'yieldFrom';
  readonly value: Expression;
}
export interface WalrusExpression extends TextRange {
  readonly kind: 'walrus';
  readonly target: Identifier;
  readonly value: Expression;
}
export interface ErrorExpression extends TextRange {
  readonly kind: 'error';
  /** The part that did parse. */
  readonly child: Expression | undefined;
}

/** Positional-only parameters stand before the parameter of form `/`, keyword-only ones after `*` or `*args`. */
export interface Parameter extends TextRange {
  readonly form: 'plain' | '*' | '**' | '/' | 'bare*';
  readonly name: Identifier | undefined;
  readonly annotation: Expression | undefined;
  readonly default: Expression | undefined;
}

export type Statement =
  | ExpressionStatement
  | AssignStatement
  | AnnotatedStatement
  | AugmentedStatement
  | IfStatement
  | WhileStatement
  | ForStatement
  | TryStatement
  | WithStatement
  | MatchStatement
  | FunctionDefinition
  | ClassDefinition
  | ReturnStatement
  | RaiseStatement
  | DeleteStatement
  | PassStatement
  | BreakStatement
  | ContinueStatement
  | GlobalStatement
  | ImportStatement
  | ImportFromStatement
  | AssertStatement
  | TypeAliasStatement
  | ErrorStatement;

export interface ExpressionStatement extends TextRange {
  readonly kind: 'expression';
  readonly value: Expression;
}
/** `targets[0] = targets[1] = … = value`. */
export interface AssignStatement extends TextRange {
  readonly kind: 'assign';
  readonly targets: readonly Expression[];
  readonly value: Expression;
}
export interface AnnotatedStatement extends TextRange {
  readonly kind: 'annotated';
  readonly target: Expression;
  readonly annotation: Expression;
  readonly value: Expression | undefined;
}
export interface AugmentedStatement extends TextRange {
  readonly kind: 'augmented';
  readonly operator: BinaryOperator;
  readonly target: Expression;
  readonly value: Expression;
}
export interface IfStatement extends TextRange {
  readonly kind: 'if';
  readonly test: Expression;
  readonly body: readonly Statement[];
  /** `elif` is an `if` alone in here. */
  readonly otherwise: readonly Statement[];
}
export interface WhileStatement extends TextRange {
  readonly kind: 'while';
  readonly test: Expression;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}
export interface ForStatement extends TextRange {
  readonly kind: 'for';
  readonly isAsync: boolean;
  readonly target: Expression;
  readonly iterable: Expression;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}
export interface TryStatement extends TextRange {
  readonly kind: 'try';
  readonly body: readonly Statement[];
  readonly handlers: readonly ExceptHandler[];
  readonly otherwise: readonly Statement[];
  readonly finally: readonly Statement[];
}
export interface ExceptHandler extends TextRange {
  readonly type: Expression | undefined;
  readonly name: Identifier | undefined;
  readonly body: readonly Statement[];
}
export interface WithStatement extends TextRange {
  readonly kind: 'with';
  readonly isAsync: boolean;
  readonly items: readonly { readonly value: Expression; readonly target: Expression | undefined }[];
  readonly body: readonly Statement[];
}
export interface MatchStatement extends TextRange {
  readonly kind: 'match';
  readonly subject: Expression;
  readonly cases: readonly MatchCase[];
}
export interface MatchCase extends TextRange {
  readonly pattern: Pattern;
  readonly guard: Expression | undefined;
  readonly body: readonly Statement[];
}
export type Pattern =
  | (TextRange & { readonly kind: 'value'; readonly value: Expression })
  /** Without a name: `_`. */
  | (TextRange & { readonly kind: 'capture'; readonly name: Identifier | undefined; readonly isStar: boolean })
  | (TextRange & { readonly kind: 'sequence'; readonly items: readonly Pattern[] })
  | (TextRange & {
      readonly kind: 'mapping';
      readonly entries: readonly { readonly key: Expression; readonly value: Pattern }[];
      readonly rest: Identifier | undefined;
    })
  | (TextRange & {
      readonly kind: 'class';
      readonly class: Expression;
      readonly arguments: readonly { readonly name: Identifier | undefined; readonly pattern: Pattern }[];
    })
  | (TextRange & { readonly kind: 'or'; readonly alternatives: readonly Pattern[] })
  | (TextRange & { readonly kind: 'as'; readonly pattern: Pattern; readonly name: Identifier })
  | (TextRange & { readonly kind: 'error' });

export interface FunctionDefinition extends TextRange {
  readonly kind: 'function';
  readonly isAsync: boolean;
  readonly name: Identifier;
  readonly decorators: readonly Expression[];
  readonly parameters: readonly Parameter[];
  readonly returns: Expression | undefined;
  readonly body: readonly Statement[];
  /** Has a `yield` of its own. */
  readonly isGenerator: boolean;
  readonly globalNames: readonly string[];
  readonly nonlocalNames: readonly string[];
}
export interface ClassDefinition extends TextRange {
  readonly kind: 'class';
  readonly name: Identifier;
  readonly decorators: readonly Expression[];
  /** Bases, and keywords such as `metaclass=`. */
  readonly arguments: readonly Argument[];
  readonly body: readonly Statement[];
}
/** What a call can run: a `def` or a `lambda`. */
export type FunctionLike = FunctionDefinition | LambdaExpression;

export interface ReturnStatement extends TextRange {
  readonly kind: 'return';
  readonly value: Expression | undefined;
}
export interface RaiseStatement extends TextRange {
  readonly kind: 'raise';
  readonly value: Expression | undefined;
  /** After `from`. */
  readonly cause: Expression | undefined;
}
export interface DeleteStatement extends TextRange {
  readonly kind: 'delete';
  readonly targets: readonly Expression[];
}
export interface PassStatement extends TextRange {
  readonly kind: 'pass';
}
export interface BreakStatement extends TextRange {
  readonly kind: 'break';
}
export interface ContinueStatement extends TextRange {
  readonly kind: 'continue';
}
/** `global` and `nonlocal`. */
export interface GlobalStatement extends TextRange {
  readonly kind: 'global';
  readonly names: readonly Identifier[];
  readonly isNonlocal: boolean;
}
export interface ImportStatement extends TextRange {
  readonly kind: 'import';
  readonly modules: readonly { readonly path: readonly Identifier[]; readonly alias: Identifier | undefined }[];
}
export interface ImportFromStatement extends TextRange {
  readonly kind: 'importFrom';
  /** Leading dots. */
  readonly level: number;
  readonly path: readonly Identifier[];
  readonly names: readonly { readonly name: Identifier; readonly alias: Identifier | undefined }[];
  readonly isStar: boolean;
}
export interface AssertStatement extends TextRange {
  readonly kind: 'assert';
  readonly test: Expression;
  readonly message: Expression | undefined;
}
export interface TypeAliasStatement extends TextRange {
  readonly kind: 'typeAlias';
  readonly name: Identifier;
  readonly value: Expression;
}
export interface ErrorStatement extends TextRange {
  readonly kind: 'error';
  readonly child: Expression | undefined;
}
