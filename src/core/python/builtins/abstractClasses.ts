import {
  boolClass,
  dictClass,
  floatClass,
  functionClass,
  intClass,
  iteratorClass,
  listClass,
  methodClass,
  rangeClass,
  setClass,
  strClass,
  tupleClass,
  typeClass,
} from '../builtinClasses';
import { isSubclass, lookupInClass, makeNativeClass } from '../nativeClass';
import type { ClassValue } from '../values';

function derivesFrom(...of: readonly ClassValue[]): (cls: ClassValue) => boolean {
  return (cls) => of.some((base) => isSubclass(cls, base));
}

function defines(name: string): (cls: ClassValue) => boolean {
  return (cls) => lookupInClass(cls, name) !== undefined;
}

const checks: Readonly<Record<string, (cls: ClassValue) => boolean>> = {
  Iterable: (cls) => defines('__iter__')(cls) || isSubclass(cls, strClass),
  Iterator: (cls) => isSubclass(cls, iteratorClass) || defines('__next__')(cls),
  Generator: derivesFrom(iteratorClass),
  Collection: derivesFrom(listClass, tupleClass, dictClass, setClass, strClass, rangeClass),
  Container: defines('__contains__'),
  Sized: defines('__len__'),
  Hashable: (cls) => !derivesFrom(listClass, dictClass, setClass)(cls),
  Sequence: derivesFrom(listClass, tupleClass, strClass, rangeClass),
  MutableSequence: derivesFrom(listClass),
  Mapping: derivesFrom(dictClass),
  MutableMapping: derivesFrom(dictClass),
  Set: derivesFrom(setClass),
  MutableSet: derivesFrom(setClass),
  Callable: (cls) => derivesFrom(functionClass, methodClass, typeClass)(cls) || defines('__call__')(cls),
  Number: derivesFrom(intClass, floatClass, boolClass),
  Real: derivesFrom(intClass, floatClass, boolClass),
  Integral: derivesFrom(intClass, boolClass),
};

const classes = new Map<string, ClassValue>();
const tests = new Map<ClassValue, (cls: ClassValue) => boolean>();
for (const [name, test] of Object.entries(checks)) {
  const cls = makeNativeClass(name);
  classes.set(name, cls);
  tests.set(cls, test);
}

/** Classes of `collections.abc` and `numbers` by name. */
export function abstractClass(name: string): ClassValue | undefined {
  return classes.get(name);
}

/** Whether a class counts as one of an abstract class by what it offers. */
export function conformsTo(cls: ClassValue, abstract: ClassValue): boolean {
  return tests.get(abstract)?.(cls) ?? false;
}
