import { makeNativeClass, objectClass } from './nativeClass';
import type { ClassValue, Value } from './values';

/** The classes of built-in values. Their methods are filled in by the files of `builtins/`. */
export const noneClass = makeNativeClass('NoneType');
export const intClass = makeNativeClass('int');
export const boolClass = makeNativeClass('bool', [intClass]);
export const floatClass = makeNativeClass('float');
export const strClass = makeNativeClass('str');
export const bytesClass = makeNativeClass('bytes');
export const tupleClass = makeNativeClass('tuple');
export const listClass = makeNativeClass('list');
export const dictClass = makeNativeClass('dict');
export const setClass = makeNativeClass('set');
export const frozensetClass = makeNativeClass('frozenset', [setClass]);
export const rangeClass = makeNativeClass('range');
export const sliceClass = makeNativeClass('slice');
export const ellipsisClass = makeNativeClass('ellipsis');
export const functionClass = makeNativeClass('function');
export const methodClass = makeNativeClass('method');
export const moduleClass = makeNativeClass('module');
export const typeClass = makeNativeClass('type');
export const propertyClass = makeNativeClass('property');
export const staticmethodClass = makeNativeClass('staticmethod');
export const classmethodClass = makeNativeClass('classmethod');
export const superClass = makeNativeClass('super');
export const iteratorClass = makeNativeClass('iterator');

const classes: Readonly<Record<Exclude<Value['kind'], 'instance' | 'unknown'>, ClassValue>> = {
  none: noneClass,
  bool: boolClass,
  int: intClass,
  float: floatClass,
  str: strClass,
  bytes: bytesClass,
  ellipsis: ellipsisClass,
  tuple: tupleClass,
  list: listClass,
  dict: dictClass,
  set: setClass,
  range: rangeClass,
  slice: sliceClass,
  function: functionClass,
  method: methodClass,
  native: functionClass,
  property: propertyClass,
  staticmethod: staticmethodClass,
  classmethod: classmethodClass,
  class: typeClass,
  super: superClass,
  module: moduleClass,
};

/** `type(value)`; undefined for unknown values. */
export function classOf(value: Value): ClassValue | undefined {
  if (value.kind === 'instance') return value.class;
  if (value.kind === 'tuple' && value.class) return value.class;
  return value.kind === 'unknown' ? undefined : (classes[value.kind] ?? objectClass);
}
