import { intClass, strClass } from '../builtinClasses';
import type { NativeCall } from '../builtins/define';
import { makeBuiltin, notKnown } from '../builtins/define';
import { callWith, makeArguments } from '../calls';
import { equals } from '../comparison';
import { getEntry, makeDict, makeInt, makeStr, none, setEntry } from '../make';
import { lookupInClass, makeNativeClass } from '../nativeClass';
import { BuiltinPart, unwrap } from '../payload';
import type { ClassValue, DictValue, InstanceValue, ModuleValue, Value } from '../values';
import { makePartialModule, transparentDecorator } from './tables';

const autoClass = makeNativeClass('auto');

/** Members of an enumeration class: every plain name of its body (library reference, enum). */
const enumClass: ClassValue = makeNativeClass('Enum', [], {
  __init_subclass__: makeBuiltin('Enum.__init_subclass__', ([cls], call) => {
    if (cls?.kind === 'class') makeMembers(cls, call);
    return none;
  }),
  __new__: makeBuiltin('Enum.__new__', ([cls, value], call) => {
    const members = cls?.kind === 'class' ? lookupInClass(cls, '__members__') : undefined;
    if (members?.kind !== 'dict' || !value || value.kind === 'unknown')
      return notKnown(call, 'member is not known', value, cls);
    for (const { value: member } of members.entries.values()) {
      const own = member.kind === 'instance' ? member.attributes.get('value') : undefined;
      if (member === value || (own && equals(call.machine, own, value))) return member;
    }
    return call.machine.fail('ValueError', 'value belongs to no member', call.span);
  }),
});

function isMemberName(name: string, value: Value): boolean {
  if (name.startsWith('_')) return false;
  return !['function', 'native', 'property', 'classmethod', 'staticmethod', 'class'].includes(value.kind);
}

function makeMembers(cls: ClassValue, call: NativeCall): void {
  const members: DictValue = makeDict();
  const isDerived = cls.mro.includes(intClass) || cls.mro.includes(strClass);
  let last = 0;
  for (const [name, given] of [...cls.namespace]) {
    if (!isMemberName(name, given)) continue;
    const isAuto = given.kind === 'instance' && given.class === autoClass;
    const value = isAuto ? (cls.mro.includes(strClass) ? makeStr(name.toLowerCase()) : makeInt(last + 1)) : given;
    if (value.kind === 'int') last = value.value;
    const member: InstanceValue = {
      kind: 'instance',
      class: cls,
      attributes: new Map([
        ['name', makeStr(name)],
        ['value', value],
        ['_name_', makeStr(name)],
        ['_value_', value],
      ]),
      made: call.context.trail,
    };
    if (isDerived) member.payload = new BuiltinPart(unwrap(value));
    const initialiser = cls.namespace.get('__init__');
    if (initialiser) {
      const parts = value.kind === 'tuple' ? value.items : [value];
      callWith(call.machine, initialiser, makeArguments([member, ...parts]), call.machine.site);
    }
    cls.namespace.set(name, member);
    if (!getEntry(members, makeStr(name))) setEntry(members, makeStr(name), member);
  }
  cls.namespace.set('__members__', members);
  // The metaclass's call looks a member up, whatever the other bases construct: `class Format(str, Enum)`.
  const lookUp = enumClass.namespace.get('__new__');
  if (lookUp) cls.namespace.set('__new__', lookUp);
}

export function enumModule(): ModuleValue {
  return makePartialModule(
    'enum',
    new Map<string, Value>([
      ['Enum', enumClass],
      ['IntEnum', makeNativeClass('IntEnum', [enumClass, intClass])],
      ['StrEnum', makeNativeClass('StrEnum', [enumClass, strClass])],
      ['Flag', makeNativeClass('Flag', [enumClass, intClass])],
      ['IntFlag', makeNativeClass('IntFlag', [enumClass, intClass])],
      ['auto', autoClass],
      ['unique', transparentDecorator('enum.unique')],
    ]),
  );
}
