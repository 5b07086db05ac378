import { callSafely } from './calls';
import { rangeLength } from './indexing';
import type { Machine } from './machine';
import { makeInt, makeStr } from './make';
import { lookupInClass } from './nativeClass';
import { builtinPart, IteratorPart, iteratorPart } from './payload';
import type { InstanceValue, Value } from './values';

const noNames: ReadonlyMap<string, Value> = new Map();
/** Elements taken from an object with only `__getitem__`, or from a user's `__next__`. */
const maximumProtocolRounds = 1_000;

/** All elements where they are known and few enough; an iterator is used up by it. */
export function iterate(machine: Machine, value: Value): readonly Value[] | undefined {
  const known = knownElements(machine, value);
  if (known) return known;
  const iterator = iteratorOf(machine, value);
  if (!iterator || iterator.isInfinite || iterator.sample) return undefined;
  const items: Value[] = [];
  for (;;) {
    const item = iterator.next();
    if (!item) return items;
    if (items.length >= machine.budget.size || !machine.step()) return undefined;
    items.push(item);
  }
}

/** Elements of the built-in containers, without using anything up. */
function knownElements(machine: Machine, value: Value): readonly Value[] | undefined {
  switch (value.kind) {
    case 'tuple':
      return value.items;
    case 'list':
      return [...value.items];
    case 'dict':
      return [...value.entries.values()].map(({ key }) => key);
    case 'set':
      return [...value.entries.values()];
    case 'str':
      return value.value.length <= machine.budget.size ? [...value.value].map(makeStr) : undefined;
    case 'range': {
      const length = rangeLength(value);
      if (length > machine.budget.size) return undefined;
      return Array.from({ length }, (_, index) => makeInt(value.start + index * value.step));
    }
    case 'class': {
      const members = lookupInClass(value, '__members__');
      return members?.kind === 'dict' ? [...members.entries.values()].map((entry) => entry.value) : undefined;
    }
    default:
      return undefined;
  }
}

/** What `iter(value)` gives, as our own iterator; undefined where the value's elements are not known at all. */
export function iteratorOf(machine: Machine, value: Value): IteratorPart | undefined {
  const own = iteratorPart(value);
  if (own) return own;
  if (value.kind === 'range') {
    const length = rangeLength(value);
    return new IteratorPart((index) => (index < length ? makeInt(value.start + index * value.step) : undefined));
  }
  if (value.kind === 'list') return new IteratorPart((index) => value.items[index]);
  const known = knownElements(machine, value);
  if (known) return new IteratorPart((index) => known[index]);
  return value.kind === 'instance' ? protocolIterator(machine, value) : undefined;
}

function protocolIterator(machine: Machine, value: InstanceValue): IteratorPart | undefined {
  const call = (name: string, self: Value, ...rest: Value[]): Value | undefined => {
    const method = self.kind === 'instance' ? lookupInClass(self.class, name) : undefined;
    return method && callSafely(machine, method, [self, ...rest], noNames, machine.site);
  };
  const iterator = call('__iter__', value);
  if (iterator && iterator.kind !== 'unknown') {
    if (iterator.kind !== 'instance') return iteratorOf(machine, iterator);
    if (iteratorPart(iterator)) return iteratorPart(iterator);
    if (iterator !== value && lookupInClass(iterator.class, '__iter__') && !lookupInClass(iterator.class, '__next__')) {
      return undefined;
    }
    if (!lookupInClass(iterator.class, '__next__')) return undefined;
    return new IteratorPart((index) => {
      if (index >= maximumProtocolRounds) return undefined;
      const item = call('__next__', iterator);
      return item?.kind === 'unknown' ? undefined : item;
    });
  }
  const part = builtinPart(value);
  if (part) return iteratorOf(machine, part);
  if (iterator) return undefined;
  const length = call('__len__', value);
  if (length?.kind !== 'int' || !lookupInClass(value.class, '__getitem__')) return undefined;
  const count = Math.min(length.value, machine.budget.size);
  return new IteratorPart((index) => (index < count ? call('__getitem__', value, makeInt(index)) : undefined));
}
