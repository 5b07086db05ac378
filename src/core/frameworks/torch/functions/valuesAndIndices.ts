import { tupleClass } from '../../../python/builtinClasses';
import { none } from '../../../python/make';
import { makeNative, makeNativeClass } from '../../../python/nativeClass';
import type { ClassValue, TupleValue, Value } from '../../../python/values';

/** A tuple whose elements have names too: `torch.return_types.max` and the like of PyTorch 2.13. */
const returnType: ClassValue = makeNativeClass('torch.return_types', [tupleClass], {
  values: element('values', 0),
  indices: element('indices', 1),
});

function element(name: string, at: number): Value {
  const get = makeNative(`torch.return_types.${name}`, ({ positional: [self] }) => {
    return (self?.kind === 'tuple' ? self.items[at] : undefined) ?? none;
  });
  return { kind: 'property', get };
}

export function valuesAndIndices(values: Value, indices: Value): TupleValue {
  return { kind: 'tuple', items: [values, indices], class: returnType };
}
