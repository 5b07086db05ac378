import { integerOf } from '../arithmetic';
import { iteratorClass } from '../builtinClasses';
import { callValue } from '../calls';
import { orderOf } from '../comparison';
import { makeIterator } from '../comprehensions';
import { GeneratorPart } from '../generators';
import { iterate, iteratorOf } from '../iteration';
import { makeBool, makeInt, makeList, makeTuple, makeUnknown, none } from '../make';
import { lookupInClass } from '../nativeClass';
import { binary } from '../operators';
import { IteratorPart, iteratorPart } from '../payload';
import { truthOf } from '../truth';
import type { Value } from '../values';
import { argumentAt, type BuiltinFunction, defineMethods, makeBuiltin, type NativeCall, notKnown } from './define';
import { sortValues } from './sorting';

/** An iterator over any value; one of unknown length where the elements are not known. */
export function openIterator(call: NativeCall, value: Value): IteratorPart {
  const known = iteratorOf(call.machine, value);
  if (known) return known;
  const sample = value.kind === 'unknown' ? value : makeUnknown('element of something unknown', call.span);
  return new IteratorPart(() => undefined, sample);
}

/** Elements of `source` changed one by one, lazily. */
function mapIterator(source: IteratorPart, change: (item: Value, index: number) => Value): Value {
  return makeIterator(
    new IteratorPart(
      (index) => {
        const item = source.next();
        return item && change(item, index);
      },
      source.sample && change(source.sample, 0),
      source.isInfinite,
    ),
  );
}

function zipIterators(sources: readonly IteratorPart[], refuse?: () => void): IteratorPart {
  const sample = sources.some((source) => source.sample)
    ? makeTuple(sources.map((source) => source.sample ?? source.next() ?? none))
    : undefined;
  return new IteratorPart(
    () => {
      if (sample || sources.length === 0) return undefined;
      const items: Value[] = [];
      for (const source of sources) {
        const item = source.next();
        if (!item) {
          if (items.length > 0 || sources.slice(1).some((other) => refuse && other.next())) refuse?.();
          return undefined;
        }
        items.push(item);
      }
      return makeTuple(items);
    },
    sample,
    sources.length > 0 && sources.every((source) => source.isInfinite),
  );
}

const enumerate: BuiltinFunction = (args, call) => {
  const [value] = args;
  if (!value) return notKnown(call, 'enumerate needs an argument');
  const start = integerOf(argumentAt(args, call, 1, 'start') ?? makeInt(0));
  if (start === undefined) return notKnown(call, 'start is not known', argumentAt(args, call, 1, 'start'));
  return mapIterator(openIterator(call, value), (item, index) => makeTuple([makeInt(start + index), item]));
};

const map: BuiltinFunction = ([callee, ...values], call) => {
  if (!callee) return notKnown(call, 'map needs a function');
  const apply = (items: readonly Value[]): Value => callValue(call.machine, callee, items, undefined, call.span);
  const [only] = values;
  if (values.length === 1 && only) return mapIterator(openIterator(call, only), (item) => apply([item]));
  const zipped = zipIterators(values.map((value) => openIterator(call, value)));
  return mapIterator(zipped, (item) => apply(item.kind === 'tuple' ? item.items : [item]));
};

const filter: BuiltinFunction = ([callee, value], call) => {
  if (!callee || !value) return notKnown(call, 'filter needs a function and elements');
  const source = openIterator(call, value);
  if (source.sample) return makeIterator(source);
  const kept: Value[] = [];
  for (let item = source.next(); item; item = source.next()) {
    const answer = callee.kind === 'none' ? item : call.context.call(callee, [item]);
    const truth = truthOf(call.machine, answer);
    if (truth === undefined) return notKnown(call, 'which elements are kept is not known', answer);
    if (truth) kept.push(item);
    if (kept.length > call.machine.budget.size || !call.machine.step())
      return call.context.unknown('too many elements');
  }
  return makeIterator(new IteratorPart((index) => kept[index]));
};

function extreme(sign: 1 | -1): BuiltinFunction {
  return (args, call) => {
    const [only] = args;
    const items = args.length === 1 && only ? iterate(call.machine, only) : args;
    if (!items) return notKnown(call, 'elements are not known', only);
    const key = call.named.get('key');
    const [first, ...rest] = items;
    if (!first)
      return call.named.get('default') ?? call.machine.fail('ValueError', 'no elements to compare', call.span);
    let best = first;
    let bestKey = key ? call.context.call(key, [first]) : first;
    for (const item of rest) {
      const itemKey = key ? call.context.call(key, [item]) : item;
      const order = orderOf(call.machine, itemKey, bestKey);
      if (typeof order !== 'number') return notKnown(call, 'order of the elements is not known', itemKey, bestKey);
      if (order * sign > 0) {
        best = item;
        bestKey = itemKey;
      }
    }
    return best;
  };
}

function quantifier(stopsAt: boolean): BuiltinFunction {
  return ([value], call) => {
    const iterator = value && iteratorOf(call.machine, value);
    if (!iterator || iterator.sample) return notKnown(call, 'elements are not known', value);
    let undecided: Value | undefined;
    for (let item = iterator.next(), count = 0; item; item = iterator.next(), count++) {
      const truth = truthOf(call.machine, item);
      if (truth === stopsAt) return makeBool(stopsAt);
      if (truth === undefined) undecided ??= item;
      if (count >= call.machine.budget.size || !call.machine.step()) return notKnown(call, 'too many elements');
    }
    return undecided ? notKnown(call, 'truth of an element is not known', undecided) : makeBool(!stopsAt);
  };
}

const sum: BuiltinFunction = (args, call) => {
  const [value] = args;
  const items = value && iterate(call.machine, value);
  if (!items) return notKnown(call, 'elements are not known', value);
  let total = argumentAt(args, call, 1, 'start') ?? makeInt(0);
  for (const item of items) total = binary(call.machine, '+', total, item, call.span);
  return total;
};

const reversed: BuiltinFunction = ([value], call) => {
  if (value?.kind === 'instance') {
    const method = lookupInClass(value.class, '__reversed__');
    if (method) return call.context.call(method, [value]);
  }
  const items = value && iterate(call.machine, value);
  if (!items) return notKnown(call, 'elements are not known', value);
  return makeIterator(new IteratorPart((index) => items[items.length - 1 - index]));
};

const next: BuiltinFunction = ([value, fallback], call) => {
  if (!value) return notKnown(call, 'next needs an iterator');
  const iterator = iteratorPart(value);
  if (!iterator) {
    const method = value.kind === 'instance' ? lookupInClass(value.class, '__next__') : undefined;
    return method ? call.context.call(method, [value]) : notKnown(call, 'next element is not known', value);
  }
  return (
    iterator.next() ??
    iterator.sample ??
    fallback ??
    call.machine.fail('StopIteration', 'iterator is at its end', call.span)
  );
};

/** What a generator's body does after the last element taken, it should not have done: it has run to its end. */
function closeIterator(value: Value, call: NativeCall): Value {
  const iterator = iteratorPart(value);
  if (iterator instanceof GeneratorPart && !iterator.isFresh && iterator.next()) {
    call.machine.assume('generator that is closed early', 'followed to its end', call.span);
  }
  iterator?.close();
  return none;
}

export function iterationFunctions(): readonly (readonly [string, Value])[] {
  defineMethods(iteratorClass, {
    __iter__: (self) => self,
    __next__: (self, _args, call) => next([self], call),
    send: (self, [value], call) =>
      !value || value.kind === 'none'
        ? next([self], call)
        : notKnown(call, 'what is sent into a generator is not followed', value),
    close: (self, _args, call) => closeIterator(self, call),
  });
  const functions: Readonly<Record<string, BuiltinFunction>> = {
    enumerate,
    zip: (values, call) => {
      const { machine, named, span } = call;
      const strict = named.get('strict');
      const isStrict = strict !== undefined && truthOf(machine, strict) === true;
      const refuse = () => machine.fail('ValueError', 'zip() arguments differ in length', span);
      const sources = values.map((value) => openIterator(call, value));
      return makeIterator(zipIterators(sources, isStrict ? refuse : undefined));
    },
    map,
    filter,
    sorted: ([value], call) => {
      const items = value && iterate(call.machine, value);
      if (!items) return notKnown(call, 'elements are not known', value);
      const sorted = sortValues(items, call);
      return Array.isArray(sorted) ? makeList(sorted) : sorted;
    },
    reversed,
    min: extreme(-1),
    max: extreme(1),
    sum,
    any: quantifier(true),
    all: quantifier(false),
    iter: ([value], call) => {
      const iterator = value && iteratorOf(call.machine, value);
      return iterator ? makeIterator(iterator) : notKnown(call, 'elements are not known', value);
    },
    next,
  };
  return Object.entries(functions).map(([name, body]) => [name, makeBuiltin(name, body)] as const);
}
