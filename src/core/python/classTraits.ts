import { hasUnknownBase, lookupInClass, objectClass } from './nativeClass';
import type { ClassValue, Value } from './values';

/** The attribute by which `abc.abstractmethod` marks a function. */
export const abstractMark = '__isabstractmethod__';

/** The metaclass that a `class` statement names, or the first that a base has. */
export function metaclassOf(named: Value | undefined, bases: readonly Value[]): ClassValue | undefined {
  if (named?.kind === 'class') return named;
  for (const base of bases) if (base.kind === 'class' && base.metaclass) return base.metaclass;
  return undefined;
}

/** `__slots__` of the whole resolution order; undefined where some class of it gives its objects a `__dict__`. */
export function slotsOf(cls: ClassValue): ReadonlySet<string> | undefined {
  if (!cls.namespace.has('__slots__') || hasUnknownBase(cls)) return undefined;
  const names = new Set<string>();
  for (const { namespace } of cls.mro.filter((base) => base !== objectClass)) {
    const slots = namespace.get('__slots__');
    const items = slots?.kind === 'tuple' || slots?.kind === 'list' ? slots.items : slots && [slots];
    for (const item of items ?? [undefined]) {
      if (item?.kind !== 'str' || item.value === '__dict__') return undefined;
      names.add(item.value);
    }
  }
  return names;
}

/**
 * Abstract methods that nothing overrides (library reference, `abc`): looked for where the metaclass is `ABCMeta`. A framework's class
 * that comes first in the resolution order may define more than its table says.
 */
export function abstractNamesOf(cls: ClassValue): readonly string[] | undefined {
  if (!cls.metaclass?.mro.some(({ name }) => name === 'ABCMeta') || hasUnknownBase(cls)) return undefined;
  const candidates = new Set<string>();
  for (const base of cls.mro) {
    if (base.isNative && base.name.includes('.')) break;
    for (const [name, value] of base.namespace) if (isAbstract(value)) candidates.add(name);
  }
  const left = [...candidates].filter((name) => isAbstract(lookupInClass(cls, name)));
  return left.length > 0 ? left : undefined;
}

function isAbstract(value: Value | undefined): boolean {
  switch (value?.kind) {
    case 'function':
      return value.attributes.has(abstractMark);
    case 'property':
      return isAbstract(value.get);
    case 'staticmethod':
    case 'classmethod':
      return isAbstract(value.function);
    default:
      return false;
  }
}
