import { integerOf } from './arithmetic';
import type { Expression, SliceExpression } from './syntax';
import type { Value } from './values';

/** What the names that are not known stand for, one trial after the other: differences that no trial tells apart hold for all of them. */
const trials = [3, 101, 1009];

/**
 * How many elements `x[i : i + n]` takes whatever `i` is: the difference of the bounds, where they are made of whole numbers and names by
 * `+`, `-`, `*` and `//` and it does not depend on the names that are unknown. `evaluateLeaf` evaluates names, attributes and elements.
 */
export function lengthBetween(
  { lower, upper, step }: SliceExpression,
  evaluateLeaf: (leaf: Expression) => Value,
): number | undefined {
  if (!lower || !upper || step) return undefined;
  const known = new Map<string, number | undefined>();
  const lengths = trials.map((trial) => {
    const leaf = (node: Expression): number | undefined => {
      const key = keyOf(node);
      if (key === undefined) return undefined;
      if (!known.has(key)) known.set(key, integerOf(evaluateLeaf(node)));
      return known.get(key) ?? trial * (1 + [...known.keys()].indexOf(key));
    };
    const [from, to] = [integerIn(lower, leaf), integerIn(upper, leaf)];
    return from === undefined || to === undefined ? undefined : to - from;
  });
  const [length] = lengths;
  return length !== undefined && length >= 0 && lengths.every((other) => other === length) ? length : undefined;
}

type Leaf = (node: Expression) => number | undefined;

function integerIn(node: Expression, leaf: Leaf): number | undefined {
  if (node.kind === 'number') return Number.isInteger(node.value) ? node.value : undefined;
  if (node.kind !== 'binary') return leaf(node);
  const [left, right] = [integerIn(node.left, leaf), integerIn(node.right, leaf)];
  if (left === undefined || right === undefined) return undefined;
  switch (node.operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '//':
      return right === 0 ? undefined : Math.floor(left / right);
    default:
      return undefined;
  }
}

/** The same for the same name, attribute or element; undefined of what may differ from one time to the next. */
function keyOf(node: Expression): string | undefined {
  switch (node.kind) {
    case 'name':
      return node.name;
    case 'number':
      return String(node.value);
    case 'attribute': {
      const object = keyOf(node.object);
      return object === undefined ? undefined : `${object}.${node.attribute.name}`;
    }
    case 'index': {
      const [object, index] = [keyOf(node.object), keyOf(node.index)];
      return object === undefined || index === undefined ? undefined : `${object}[${index}]`;
    }
    default:
      return undefined;
  }
}
