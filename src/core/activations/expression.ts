/** Elementwise functions of real numbers that expressions are made of. Arity in the comment where it is not one. */
export type Primitive =
  | 'add' // n
  | 'multiply' // n
  | 'subtract' // 2
  | 'divide' // 2
  | 'power' // 2
  | 'negate'
  | 'reciprocal'
  | 'abs'
  | 'sign'
  | 'floor'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'square'
  | 'sin'
  | 'cos'
  | 'atan'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf'
  | 'maximum' // 2
  | 'minimum' // 2
  | 'where' // 3: condition, value if it holds, value if not
  | 'less' // 2, as are the other comparisons; 1 where it holds, 0 where not
  | 'lessEqual'
  | 'greater'
  | 'greaterEqual'
  | 'equal';

/**
 * An elementwise expression of one or more inputs: plain data, so that the page, the engine and the fixes share it.
 * `input` refers to the operation's inputs in order; an activation has only input 0, its pre-activation z.
 */
export type Expression =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'apply'; readonly primitive: Primitive; readonly operands: readonly Expression[] };
