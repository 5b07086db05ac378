import { makeDict } from '../../python/make';
import type { Value } from '../../python/values';
import type { GivenArguments } from '../framework';
import { tensorsIn } from './applyModule';
import type { TorchState } from './state';

/**
 * The arguments of a call with these tensors in place of its own, in order, through tuples, lists and mappings; undefined where others are
 * hidden in objects, or are more or fewer.
 */
export function withTensors(
  state: TorchState,
  { positional, named }: GivenArguments,
  tensors: readonly Value[],
): GivenArguments | undefined {
  const left = [...tensors];
  let isComplete = true;
  const replaced = (value: Value, depth: number): Value => {
    if (value.kind === 'instance') {
      const own = tensorsIn(state, value);
      if (own.length === 0) return value;
      const next = state.tensorOf(value) ? left.shift() : undefined;
      isComplete &&= next !== undefined;
      return next ?? value;
    }
    if (depth > deepest) return value;
    switch (value.kind) {
      case 'tuple':
      case 'list':
        return { ...value, items: value.items.map((item) => replaced(item, depth + 1)) };
      case 'dict':
        return makeDict([...value.entries.values()].map((entry) => [entry.key, replaced(entry.value, depth + 1)]));
      default:
        return value;
    }
  };
  const result: GivenArguments = {
    positional: positional.map((value) => replaced(value, 0)),
    named: new Map([...named].map(([name, value]) => [name, replaced(value, 0)])),
  };
  return isComplete && left.length === 0 ? result : undefined;
}

/** As deep as tensors are looked for. */
const deepest = 8;
