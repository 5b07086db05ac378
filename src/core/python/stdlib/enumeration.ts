import { intClass, strClass } from '../builtinClasses';
import type { NativeCall } from '../builtins/define';
import { makeBuiltin, notKnown } from '../builtins/define';
import { callWith, makeArguments } from '../calls';
import { equals } from '../comparison';
import { strOf, tryRepr } from '../formatting';
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
    const known = [...members.entries.values()].some(({ value: member }) => member === value);
    const found = known ? value : memberOf(members, value, call);
    if (found) return found;
    return call.machine.fail('ValueError', 'value belongs to no member', call.span);
  }),
});

/** `<Mode.TRAIN: 'train'>` and `Mode.TRAIN`; members that are numbers or StrEnum's print as their value (CPython 3.11, enum.py). */
enumClass.namespace.set(
  '__repr__',
  makeBuiltin('Enum.__repr__', ([self], call) => {
    const text = self?.kind === 'instance' ? tryRepr(call.machine, self.attributes.get('value') ?? none, 0) : undefined;
    return text === undefined || self?.kind !== 'instance'
      ? notKnown(call, 'text of a value that is not known', self)
      : makeStr(`<${memberName(self)}: ${text}>`);
  }),
);
enumClass.namespace.set(
  '__str__',
  makeBuiltin('Enum.__str__', ([self], call) => {
    if (self?.kind !== 'instance') return notKnown(call, 'member is not known', self);
    const isValue = self.class.mro.some(({ isNative, name }) => isNative && printedAsValue.has(name));
    const text = isValue ? strOf(call.machine, unwrap(self)) : memberName(self);
    return text === undefined ? notKnown(call, 'text of a value that is not known', self) : makeStr(text);
  }),
);

const printedAsValue: ReadonlySet<string> = new Set(['IntEnum', 'StrEnum', 'IntFlag']);

function memberName(member: InstanceValue): string {
  const name = member.attributes.get('name');
  return `${member.class.name}.${name?.kind === 'str' ? name.value : '?'}`;
}

function isMemberName(name: string, value: Value): boolean {
  if (name.startsWith('_')) return false;
  return !['function', 'native', 'property', 'classmethod', 'staticmethod', 'class'].includes(value.kind);
}

/** The member that has this value already: another name for it makes no new one. */
function memberOf(members: DictValue, value: Value, call: NativeCall): Value | undefined {
  for (const { value: member } of members.entries.values()) {
    const own = member.kind === 'instance' ? member.attributes.get('value') : undefined;
    if (own && equals(call.machine, own, value)) return member;
  }
  return undefined;
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
    const alias = isAuto ? undefined : memberOf(members, value, call);
    if (alias) {
      cls.namespace.set(name, alias);
      continue;
    }
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
