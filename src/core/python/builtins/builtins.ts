import * as classes from '../builtinClasses';
import { ellipsis, falseValue, none, trueValue } from '../make';
import { objectClass } from '../nativeClass';
import { notImplemented } from '../operators';
import { dunderImport } from '../stdlib/importing';
import type { Value } from '../values';
import { attributeFunctions } from './attributeFunctions';
import { defineConstructors } from './constructors';
import { defineContainerMethods } from './containerMethods';
import { exceptionNames } from './exceptions';
import { iterationFunctions } from './iterationFunctions';
import { numberFunctions } from './numberFunctions';
import { defineObjectMethods } from './objectMethods';
import { defineStringMethods } from './stringMethods';

let table: ReadonlyMap<string, Value> | undefined;

function makeTable(): ReadonlyMap<string, Value> {
  defineObjectMethods();
  defineConstructors();
  defineStringMethods();
  defineContainerMethods();
  const named = [
    classes.intClass,
    classes.boolClass,
    classes.floatClass,
    classes.strClass,
    classes.bytesClass,
    classes.tupleClass,
    classes.listClass,
    classes.dictClass,
    classes.setClass,
    classes.frozensetClass,
    classes.rangeClass,
    classes.sliceClass,
    classes.propertyClass,
    classes.staticmethodClass,
    classes.classmethodClass,
    objectClass,
  ];
  return new Map<string, Value>([
    ...named.map((cls) => [cls.name, cls] as const),
    ...exceptionNames,
    ...attributeFunctions(),
    ...iterationFunctions(),
    ...numberFunctions(),
    ['True', trueValue],
    ['False', falseValue],
    ['None', none],
    ['Ellipsis', ellipsis],
    ['NotImplemented', notImplemented],
    ['__debug__', trueValue],
    ['__import__', dunderImport],
  ]);
}

/** The names that every module sees, and the methods of the built-in types: made when the first module is evaluated. */
export const builtins = {
  prepare(): void {
    table ??= makeTable();
  },
  get(name: string): Value | undefined {
    return table?.get(name);
  },
};
