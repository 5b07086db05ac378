import { tupleClass } from '../../../python/builtinClasses';
import { none } from '../../../python/make';
import { makeNative, makeNativeClass } from '../../../python/nativeClass';
import type { ClassValue, TupleValue, Value } from '../../../python/values';

/** Tuples whose elements have names too: `torch.return_types.max` and the like of PyTorch 2.13. */
function returnType(...names: readonly string[]): ClassValue {
  const elements = names.map((name, at) => [name, element(name, at)] as const);
  return makeNativeClass('torch.return_types', [tupleClass], Object.fromEntries(elements));
}

const pairType = returnType('values', 'indices');
const factorTypes = { qr: returnType('Q', 'R'), svd: returnType('U', 'S', 'Vh') };

function element(name: string, at: number): Value {
  const get = makeNative(`torch.return_types.${name}`, ({ positional: [self] }) => {
    return (self?.kind === 'tuple' ? self.items[at] : undefined) ?? none;
  });
  return { kind: 'property', get };
}

export function valuesAndIndices(values: Value, indices: Value): TupleValue {
  return { kind: 'tuple', items: [values, indices], class: pairType };
}

export function matrixFactors(name: keyof typeof factorTypes, items: Value[]): TupleValue {
  return { kind: 'tuple', items, class: factorTypes[name] };
}
