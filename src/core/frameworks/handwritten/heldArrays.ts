import type { Dim } from '../../network/network';
import type { InstanceValue, Value } from '../../python/values';
import { shapeOf } from '../numpy/arrays';

export interface HeldArray {
  readonly value: InstanceValue;
  readonly shape: readonly Dim[];
}

const deepest = 6;
const mostArrays = 500;

/** Every array in the values, by the name a person would write for it: `W1`, `weights[0]`, `params['W1']`, `layers[0].w`. */
export function collectArrays(kept: ReadonlyMap<string, Value>): ReadonlyMap<string, HeldArray> {
  const found = new Map<string, HeldArray>();
  const seen = new Set<Value>();
  const visit = (value: Value, name: string, depth: number): void => {
    if (depth > deepest || seen.has(value) || found.size >= mostArrays) return;
    if (value.kind === 'list' || value.kind === 'tuple') {
      seen.add(value);
      for (const [index, item] of value.items.entries()) visit(item, `${name}[${index}]`, depth + 1);
    } else if (value.kind === 'dict') {
      seen.add(value);
      for (const { key, value: item } of value.entries.values()) {
        if (key.kind === 'str') visit(item, `${name}['${key.value}']`, depth + 1);
        else if (key.kind === 'int') visit(item, `${name}[${key.value}]`, depth + 1);
      }
    } else if (value.kind === 'instance') {
      seen.add(value);
      const shape = shapeOf(value);
      if (shape) found.set(name, { value, shape });
      else if (!value.class.isNative) {
        for (const [attribute, item] of value.attributes) visit(item, `${name}.${attribute}`, depth + 1);
      }
    }
  };
  for (const [name, value] of kept) visit(value, name, 0);
  return found;
}

/** True where at least two matrices are kept: fewer make no network. */
export function holdsMatrices(object: InstanceValue): boolean {
  const matrices = [...collectArrays(object.attributes).values()].filter(({ shape }) => shape.length === 2);
  return matrices.length >= 2;
}
