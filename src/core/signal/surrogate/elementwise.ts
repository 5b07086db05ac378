import { isWithinSize } from '../../activations/construct';
import { differentiate } from '../../activations/differentiate';
import { compileExpression } from '../../activations/evaluate';
import type { Expression, Primitive } from '../../activations/expression';
import { erf, softplus } from '../../activations/specialFunctions';

/** Numbers worked on at once: all blocks of an ordinary expression fit the processor's first cache. */
const blockSize = 512;

/** Computes one block of an expression from blocks of its inputs; the answer may be one of the inputs' own blocks. */
type BlockCode = (inputs: readonly Float64Array[], count: number) => Float64Array;

/** An expression applied to whole arrays, one primitive at a time over blocks; no generated code. */
export type ArrayFunction = (inputs: readonly ArrayInput[], target: Float32Array, factor?: number) => void;

/** `data` times `scale`. */
export interface ArrayInput {
  readonly data: Float32Array;
  readonly scale: number;
}

const compiled = new WeakMap<Expression, ArrayFunction>();

/** Total: NaN where the expression is not defined. */
export function arrayFunction(expression: Expression): ArrayFunction {
  const known = compiled.get(expression);
  if (known) return known;
  const made = isWithinSize(expression, 2_000, 200) ? overBlocks(blockCode(expression)) : oneByOne(expression);
  compiled.set(expression, made);
  return made;
}

const derivatives = new WeakMap<Expression, Expression[]>();

export function derivativeOf(expression: Expression, input = 0): Expression {
  const list = derivatives.get(expression) ?? [];
  derivatives.set(expression, list);
  const derivative = list[input] ?? differentiate(expression, input);
  list[input] = derivative;
  return derivative;
}

function overBlocks(code: BlockCode): ArrayFunction {
  return (inputs, target, factor = 1) => {
    const blocks = inputs.map(() => new Float64Array(blockSize));
    for (let start = 0; start < target.length; start += blockSize) {
      const count = Math.min(blockSize, target.length - start);
      inputs.forEach(({ data, scale }, which) => {
        const block = blocks[which] as Float64Array;
        for (let index = 0; index < count; index++) block[index] = (data[start + index] as number) * scale;
      });
      const result = code(blocks, count);
      for (let index = 0; index < count; index++) target[start + index] = (result[index] as number) * factor;
    }
  };
}

function oneByOne(expression: Expression): ArrayFunction {
  const evaluate = compileExpression(expression);
  return (inputs, target, factor = 1) => {
    const others = new Float64Array(Math.max(0, inputs.length - 1));
    const first = inputs[0];
    for (let index = 0; index < target.length; index++) {
      for (let which = 1; which < inputs.length; which++) {
        const { data, scale } = inputs[which] as ArrayInput;
        others[which - 1] = (data[index] as number) * scale;
      }
      const z = first ? (first.data[index] as number) * first.scale : Number.NaN;
      target[index] = evaluate(z, others) * factor;
    }
  };
}

function blockCode(expression: Expression): BlockCode {
  switch (expression.kind) {
    case 'input': {
      const { index } = expression;
      const missing = new Float64Array(blockSize).fill(Number.NaN);
      return (inputs) => inputs[index] ?? missing;
    }
    case 'number': {
      const block = new Float64Array(blockSize).fill(expression.value);
      return () => block;
    }
    case 'apply':
      return applyBlock(expression.primitive, expression.operands);
  }
}

function applyBlock(primitive: Primitive, operandExpressions: readonly Expression[]): BlockCode {
  const operands = operandExpressions.map(blockCode);
  const result = new Float64Array(blockSize);
  const [first, second, third] = operands;
  if (!first) return () => result.fill(Number.NaN);
  if (primitive === 'where') return second && third ? whereBlock(first, second, third) : () => result.fill(Number.NaN);
  const one = unaryLoops[primitive];
  if (one) {
    return (inputs, count) => {
      one(first(inputs, count), result, count);
      return result;
    };
  }
  const two = binaryLoops[primitive];
  if (!two) return () => result.fill(Number.NaN);
  if (!second) return first;
  return (inputs, count) => {
    two(first(inputs, count), second(inputs, count), result, count);
    for (let which = 2; which < operands.length; which++) {
      two(result, (operands[which] as BlockCode)(inputs, count), result, count);
    }
    return result;
  };
}

function whereBlock(condition: BlockCode, yes: BlockCode, no: BlockCode): BlockCode {
  const result = new Float64Array(blockSize);
  return (inputs, count) => {
    const test = condition(inputs, count);
    const left = yes(inputs, count);
    const right = no(inputs, count);
    for (let index = 0; index < count; index++) {
      result[index] = (test[index] !== 0 ? left[index] : right[index]) as number;
    }
    return result;
  };
}

type UnaryLoop = (from: Float64Array, to: Float64Array, count: number) => void;
type BinaryLoop = (left: Float64Array, right: Float64Array, to: Float64Array, count: number) => void;

/** Each closure is compiled apart, so that the call within its loop is known and inlined. */
function unaryLoop(apply: (x: number) => number): UnaryLoop {
  return (from, to, count) => {
    for (let index = 0; index < count; index++) to[index] = apply(from[index] as number);
  };
}

const unaryLoops: Partial<Record<Primitive, UnaryLoop>> = {
  negate: (from, to, count) => {
    for (let index = 0; index < count; index++) to[index] = -(from[index] as number);
  },
  square: (from, to, count) => {
    for (let index = 0; index < count; index++) to[index] = (from[index] as number) * (from[index] as number);
  },
  reciprocal: (from, to, count) => {
    for (let index = 0; index < count; index++) to[index] = 1 / (from[index] as number);
  },
  exp: (from, to, count) => {
    for (let index = 0; index < count; index++) to[index] = Math.exp(from[index] as number);
  },
  tanh: (from, to, count) => {
    for (let index = 0; index < count; index++) to[index] = Math.tanh(from[index] as number);
  },
  sigmoid: (from, to, count) => {
    for (let index = 0; index < count; index++) to[index] = 1 / (1 + Math.exp(-(from[index] as number)));
  },
  abs: unaryLoop(Math.abs),
  sign: unaryLoop(Math.sign),
  floor: unaryLoop(Math.floor),
  expm1: unaryLoop(Math.expm1),
  log: unaryLoop(Math.log),
  log1p: unaryLoop(Math.log1p),
  sqrt: unaryLoop(Math.sqrt),
  sin: unaryLoop(Math.sin),
  cos: unaryLoop(Math.cos),
  atan: unaryLoop(Math.atan),
  softplus: unaryLoop(softplus),
  erf: unaryLoop(erf),
};

function binaryLoop(apply: (left: number, right: number) => number): BinaryLoop {
  return (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = apply(left[index] as number, right[index] as number);
  };
}

const binaryLoops: Partial<Record<Primitive, BinaryLoop>> = {
  add: (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = (left[index] as number) + (right[index] as number);
  },
  multiply: (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = (left[index] as number) * (right[index] as number);
  },
  subtract: (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = (left[index] as number) - (right[index] as number);
  },
  divide: (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = (left[index] as number) / (right[index] as number);
  },
  maximum: (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = Math.max(left[index] as number, right[index] as number);
  },
  minimum: (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = Math.min(left[index] as number, right[index] as number);
  },
  greater: (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = (left[index] as number) > (right[index] as number) ? 1 : 0;
  },
  less: (left, right, to, count) => {
    for (let index = 0; index < count; index++) to[index] = (left[index] as number) < (right[index] as number) ? 1 : 0;
  },
  power: binaryLoop((left, right) => left ** right),
  lessEqual: binaryLoop((left, right) => (left <= right ? 1 : 0)),
  greaterEqual: binaryLoop((left, right) => (left >= right ? 1 : 0)),
  equal: binaryLoop((left, right) => (left === right ? 1 : 0)),
};
