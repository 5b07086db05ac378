import { callSafely } from './calls';
import type { Machine } from './machine';
import { lookupInClass } from './nativeClass';
import { builtinPart } from './payload';
import type { Value } from './values';

const noNames: ReadonlyMap<string, Value> = new Map();

/** Python's truth value; undefined where unknown. */
export function truthOf(machine: Machine, value: Value): boolean | undefined {
  switch (value.kind) {
    case 'none':
      return false;
    case 'bool':
      return value.value;
    case 'int':
    case 'float':
      return value.value !== 0;
    case 'str':
      return value.value !== '';
    case 'bytes':
      return value.length > 0;
    case 'tuple':
    case 'list':
      return value.items.length > 0;
    case 'dict':
    case 'set':
      return value.entries.size > 0;
    case 'range':
      return value.step > 0 ? value.start < value.stop : value.start > value.stop;
    case 'unknown':
      return undefined;
    case 'instance': {
      const part = builtinPart(value);
      const own = lookupInClass(value.class, '__bool__');
      if (own) return truthOfAnswer(machine, callSafely(machine, own, [value], noNames, machine.site));
      if (part) return truthOf(machine, part);
      const length = lookupInClass(value.class, '__len__');
      if (length) return truthOfAnswer(machine, callSafely(machine, length, [value], noNames, machine.site));
      return true;
    }
    default:
      return true;
  }
}

function truthOfAnswer(machine: Machine, answer: Value): boolean | undefined {
  return answer.kind === 'instance' ? undefined : truthOf(machine, answer);
}
