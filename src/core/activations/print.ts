import type { Expression, Primitive } from './expression';

const functionNames: Partial<Record<Primitive, string>> = {
  sign: 'sign',
  floor: 'floor',
  exp: 'exp',
  expm1: 'expm1',
  log: 'log',
  log1p: 'log1p',
  sin: 'sin',
  cos: 'cos',
  atan: 'arctan',
  tanh: 'tanh',
  sigmoid: 'σ',
  softplus: 'softplus',
  erf: 'erf',
  maximum: 'max',
  minimum: 'min',
};

const comparisons: Partial<Record<Primitive, string>> = {
  less: '<',
  lessEqual: '≤',
  greater: '>',
  greaterEqual: '≥',
  equal: '=',
};

/** How tightly a printed piece holds together. */
const binding = { choice: 0, comparison: 1, sum: 2, product: 3, sign: 4, power: 5, atom: 6 } as const;

interface Piece {
  readonly text: string;
  readonly binding: number;
}

/** Readable formula text in Unicode: `z·σ(1.702·z)`. Inputs are named z, then as given or a, b, c. */
export function printExpression(expression: Expression, inputNames: readonly string[] = ['z', 'a', 'b', 'c']): string {
  return print(expression, inputNames).text;
}

function print(expression: Expression, names: readonly string[]): Piece {
  switch (expression.kind) {
    case 'input':
      return { text: names[expression.index] ?? `x${expression.index}`, binding: binding.atom };
    case 'number':
      return printNumber(expression.value);
    case 'apply':
      return printApplication(
        expression.primitive,
        expression.operands.map((operand) => print(operand, names)),
      );
  }
}

function printApplication(primitive: Primitive, operands: readonly Piece[]): Piece {
  const [first = { text: '?', binding: binding.atom }, second = first, third = second] = operands;
  const name = functionNames[primitive];
  if (name) return { text: `${name}(${operands.map(({ text }) => text).join(', ')})`, binding: binding.atom };
  const comparison = comparisons[primitive];
  if (comparison) {
    return {
      text: `${wrap(first, binding.sum)} ${comparison} ${wrap(second, binding.sum)}`,
      binding: binding.comparison,
    };
  }
  switch (primitive) {
    case 'add':
      return { text: joinTerms(operands.map((operand) => wrap(operand, binding.sum))), binding: binding.sum };
    case 'subtract':
      return { text: `${wrap(first, binding.sum)} − ${wrap(second, binding.product)}`, binding: binding.sum };
    case 'multiply':
      return printProduct(operands);
    case 'divide':
      return { text: `${wrap(first, binding.product)}/${wrap(second, binding.power)}`, binding: binding.product };
    case 'reciprocal':
      return { text: `1/${wrap(first, binding.power)}`, binding: binding.product };
    case 'negate':
      return { text: `−${wrap(first, binding.product)}`, binding: binding.sign };
    case 'power':
      return { text: `${wrap(first, binding.atom)}^${wrap(second, binding.atom)}`, binding: binding.power };
    case 'square':
      return { text: `${wrap(first, binding.atom)}²`, binding: binding.power };
    case 'abs':
      return { text: `|${first.text}|`, binding: binding.atom };
    case 'sqrt':
      return { text: `√${wrap(first, binding.atom)}`, binding: binding.power };
    case 'where':
      return {
        text: `${wrap(second, binding.comparison)} where ${first.text}, else ${third.text}`,
        binding: binding.choice,
      };
    default:
      return { text: `${primitive}(${operands.map(({ text }) => text).join(', ')})`, binding: binding.atom };
  }
}

function printProduct(operands: readonly Piece[]): Piece {
  const [first, ...others] = operands;
  if (first?.text === '−1' && others.length > 0) {
    return { text: `−${others.map((operand) => wrap(operand, binding.product)).join('·')}`, binding: binding.sign };
  }
  const text = operands.map((operand, index) => wrap(operand, index === 0 ? binding.product : binding.power)).join('·');
  return { text, binding: text.startsWith('−') ? binding.sign : binding.product };
}

function joinTerms(terms: readonly string[]): string {
  return terms.reduce((sum, term) => {
    if (!sum) return term;
    return term.startsWith('−') ? `${sum} − ${term.slice(1)}` : `${sum} + ${term}`;
  }, '');
}

function wrap(piece: Piece, least: number): string {
  return piece.binding >= least ? piece.text : `(${piece.text})`;
}

function printNumber(value: number): Piece {
  if (Number.isNaN(value)) return { text: 'undefined', binding: binding.atom };
  if (!Number.isFinite(value))
    return { text: value > 0 ? '∞' : '−∞', binding: value > 0 ? binding.atom : binding.sign };
  const text = String(Number(value.toPrecision(6)));
  return value < 0
    ? { text: text.replace('-', '−'), binding: binding.sign }
    : { text, binding: text.includes('e') ? binding.product : binding.atom };
}
