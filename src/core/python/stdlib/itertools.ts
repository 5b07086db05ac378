import { integerOf, isNumber, numberOf } from '../arithmetic';
import { iteratorOver } from '../builtins/containerMethods';
import { argumentAt, type BuiltinFunction, makeBuiltin, type NativeCall, notKnown } from '../builtins/define';
import { openIterator } from '../builtins/iterationFunctions';
import { equals } from '../comparison';
import { makeIterator } from '../comprehensions';
import { iterate } from '../iteration';
import { makeFloat, makeInt, makeTuple, none } from '../make';
import { makeNativeClass } from '../nativeClass';
import { binary } from '../operators';
import { IteratorPart } from '../payload';
import type { ModuleValue, Value } from '../values';
import { functionsOf, makePartialModule } from './tables';

/** The elements of every argument; undefined where some are not known or the product of their numbers is too large. */
function allElements(values: readonly Value[], call: NativeCall): (readonly Value[])[] | undefined {
  const lists: (readonly Value[])[] = [];
  for (const value of values) {
    const items = iterate(call.machine, value);
    if (!items) return undefined;
    lists.push(items);
  }
  return lists;
}

const product: BuiltinFunction = (values, call) => {
  const lists = allElements(values, call);
  if (!lists) return notKnown(call, 'elements are not known', ...values);
  const repeat = integerOf(call.named.get('repeat') ?? makeInt(1)) ?? 1;
  let rows: Value[][] = [[]];
  for (let round = 0; round < repeat; round++) {
    for (const items of lists) {
      if (rows.length * items.length > call.machine.budget.size) return call.context.unknown('too many combinations');
      rows = rows.flatMap((row) => items.map((item) => [...row, item]));
    }
  }
  return iteratorOver(rows.map(makeTuple));
};

function choose(isOrdered: boolean, withRepetition: boolean): BuiltinFunction {
  return (args, call) => {
    const [value] = args;
    const items = value && iterate(call.machine, value);
    const size = integerOf(argumentAt(args, call, 1, 'r') ?? makeInt(items?.length ?? 0));
    if (!items || size === undefined) return notKnown(call, 'elements are not known', value);
    const rows: Value[] = [];
    const pick = (chosen: readonly number[]): void => {
      if (rows.length > call.machine.budget.size || !call.machine.step()) return;
      if (chosen.length === size) {
        rows.push(makeTuple(chosen.flatMap((index) => items[index] ?? [])));
        return;
      }
      const last = chosen.at(-1) ?? 0;
      const start = isOrdered ? 0 : chosen.length === 0 ? 0 : withRepetition ? last : last + 1;
      for (let index = start; index < items.length; index++) {
        if (isOrdered && chosen.includes(index)) continue;
        pick([...chosen, index]);
      }
    };
    pick([]);
    return rows.length > call.machine.budget.size ? call.context.unknown('too many combinations') : iteratorOver(rows);
  };
}

const accumulate: BuiltinFunction = (args, call) => {
  const [value] = args;
  const items = value && iterate(call.machine, value);
  if (!items) return notKnown(call, 'elements are not known', value);
  const callee = argumentAt(args, call, 1, 'func');
  const totals: Value[] = [];
  let total = call.named.get('initial');
  if (total) totals.push(total);
  for (const item of items) {
    const sum: Value = total
      ? callee && callee.kind !== 'none'
        ? call.context.call(callee, [total, item])
        : binary(call.machine, '+', total, item, call.span)
      : item;
    total = sum;
    totals.push(sum);
  }
  return iteratorOver(totals);
};

const islice: BuiltinFunction = ([value, ...bounds], call) => {
  if (!value) return notKnown(call, 'elements are not known');
  const numbers = bounds.map((bound) => (bound.kind === 'none' ? Infinity : integerOf(bound)));
  const [first, second, step = 1] = numbers;
  const start = bounds.length > 1 ? (first === Infinity ? 0 : first) : 0;
  const stop = bounds.length > 1 ? second : first;
  if (start === undefined || stop === undefined || step === undefined)
    return notKnown(call, 'bounds are not known', ...bounds);
  const source = openIterator(call, value);
  if (source.sample) return makeIterator(source);
  const items: Value[] = [];
  for (let index = 0; index < stop && items.length < call.machine.budget.size; index++) {
    const item = source.next();
    if (!item) break;
    if (index >= start && (index - start) % step === 0) items.push(item);
  }
  return iteratorOver(items);
};

const chainElements: BuiltinFunction = (values, call) => {
  const lists = allElements(values, call);
  return lists ? iteratorOver(lists.flat()) : notKnown(call, 'elements are not known', ...values);
};

const groupby: BuiltinFunction = (args, call) => {
  const [value] = args;
  const items = value && iterate(call.machine, value);
  if (!items) return notKnown(call, 'elements are not known', value);
  const key = argumentAt(args, call, 1, 'key');
  const groups: { readonly key: Value; readonly items: Value[] }[] = [];
  for (const item of items) {
    const itemKey = key ? call.context.call(key, [item]) : item;
    const last = groups.at(-1);
    if (last && equals(call.machine, last.key, itemKey)) last.items.push(item);
    else groups.push({ key: itemKey, items: [item] });
  }
  return iteratorOver(groups.map((group) => makeTuple([group.key, iteratorOver(group.items)])));
};

const chainClass = makeNativeClass('itertools.chain', [], {
  __new__: makeBuiltin('itertools.chain', ([, ...values], call) => chainElements(values, call)),
  from_iterable: {
    kind: 'staticmethod',
    function: makeBuiltin('itertools.chain.from_iterable', ([value], call) => {
      const items = value && iterate(call.machine, value);
      return items ? chainElements(items, call) : notKnown(call, 'elements are not known', value);
    }),
  },
});

export function itertoolsModule(): ModuleValue {
  const names = new Map<string, Value>([
    ['chain', chainClass],
    ...functionsOf('itertools', {
      product,
      permutations: choose(true, false),
      combinations: choose(false, false),
      combinations_with_replacement: choose(false, true),
      accumulate,
      islice,
      groupby,
      count: ([start = makeInt(0), step = makeInt(1)], call) => {
        if (!isNumber(start) || !isNumber(step)) return notKnown(call, 'start is not known', start, step);
        const make = start.kind === 'float' || step.kind === 'float' ? makeFloat : makeInt;
        return makeIterator(
          new IteratorPart((index) => make(numberOf(start) + index * numberOf(step)), undefined, true),
        );
      },
      cycle: ([value], call) => {
        const items = value && iterate(call.machine, value);
        if (!items) return notKnown(call, 'elements are not known', value);
        return makeIterator(new IteratorPart((index) => items[index % items.length], undefined, items.length > 0));
      },
      repeat: ([value = none, times], call) => {
        const count = times && integerOf(times);
        if (times && count === undefined) return notKnown(call, 'number of times is not known', times);
        return makeIterator(
          new IteratorPart(
            (index) => (count === undefined || index < count ? value : undefined),
            undefined,
            count === undefined,
          ),
        );
      },
      starmap: ([callee, values], call) => {
        const rows = values && iterate(call.machine, values);
        if (!rows || !callee) return notKnown(call, 'elements are not known', values);
        return iteratorOver(rows.map((row) => call.context.call(callee, iterate(call.machine, row) ?? [row])));
      },
      pairwise: ([value], call) => {
        const items = value && iterate(call.machine, value);
        if (!items) return notKnown(call, 'elements are not known', value);
        return iteratorOver(items.slice(1).flatMap((item, index) => makeTuple([items[index] ?? none, item])));
      },
      zip_longest: (values, call) => {
        const lists = allElements(values, call);
        if (!lists) return notKnown(call, 'elements are not known', ...values);
        const fill = call.named.get('fillvalue') ?? none;
        const length = Math.max(0, ...lists.map((items) => items.length));
        return iteratorOver(
          Array.from({ length }, (_, index) => makeTuple(lists.map((items) => items[index] ?? fill))),
        );
      },
    }),
  ]);
  return makePartialModule('itertools', names);
}
