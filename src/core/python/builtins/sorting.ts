import { orderOf } from '../comparison';
import { truthOf } from '../truth';
import type { Value } from '../values';
import { type NativeCall, notKnown } from './define';

/** Elements in order by `key=`, `reverse=` of the call; stable. An unknown where the order is not known. */
export function sortValues(items: readonly Value[], call: NativeCall): Value[] | Value {
  const key = call.named.get('key');
  const reverse = call.named.get('reverse');
  const isReversed = reverse ? truthOf(call.machine, reverse) === true : false;
  const keyed = items.map((item) => ({
    item,
    key: key && key.kind !== 'none' ? call.context.call(key, [item]) : item,
  }));
  let isUnordered = false;
  keyed.sort((a, b) => {
    const order = isReversed ? orderOf(call.machine, b.key, a.key) : orderOf(call.machine, a.key, b.key);
    if (typeof order === 'number' && !Number.isNaN(order)) return order;
    isUnordered = true;
    return 0;
  });
  if (isUnordered) return notKnown(call, 'order of the elements is not known', ...keyed.map((entry) => entry.key));
  return keyed.map(({ item }) => item);
}
