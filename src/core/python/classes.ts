import type { Span } from '../span';
import { bindAttribute } from './attributes';
import { evaluateArguments } from './callExpression';
import { callValue } from './calls';
import { abstractNamesOf, metaclassOf, slotsOf } from './classTraits';
import { spanOf } from './expressions';
import type { Frame, Machine } from './machine';
import { makeDict, makeStr, makeTuple } from './make';
import { lookupAfter, lookupInClass, makeClass, objectClass } from './nativeClass';
import { moduleNameOf } from './scopes';
import { executeBlock } from './statements';
import type { ClassDefinition } from './syntax';
import type { ClassValue, Scope, Value } from './values';

/** The class that a `class` statement makes, before its decorators. */
export function makeUserClass(machine: Machine, frame: Frame, definition: ClassDefinition): ClassValue {
  const args = evaluateArguments(machine, frame, definition.arguments);
  const span = spanOf(frame, definition.name);
  const bases = args.positional.map((base): Value => {
    if (base.kind === 'class' || base.kind === 'unknown') return base;
    return machine.unknown('base is not a class that is known', span);
  });
  const namespace = new Map<string, Value>();
  const made = makeClass({
    name: definition.name.name,
    bases: bases.length > 0 ? bases : [objectClass],
    namespace,
    definition,
    file: frame.file,
    isNative: false,
  });
  namespace.set('__module__', moduleNameOf(frame.scope));
  namespace.set('__qualname__', makeStr(qualifiedName(frame, definition.name.name)));
  made.metaclass = metaclassOf(args.named.get('metaclass'), bases);
  const scope: Scope = { kind: 'class', names: namespace, parent: frame.scope };
  executeBlock(
    machine,
    { ...frame, scope, outerScope: undefined, classBeingMade: made, returned: undefined },
    definition.body,
  );
  made.slots = slotsOf(made);
  made.abstractNames = abstractNamesOf(made);
  for (const [name, value] of [...namespace]) {
    const named = value.kind === 'instance' ? lookupInClass(value.class, '__set_name__') : undefined;
    if (named) callValue(machine, named, [value, made, makeStr(name)], undefined, span);
  }
  const named = new Map([...args.named].filter(([name]) => name !== 'metaclass'));
  const hook = lookupAfter(made, made, '__init_subclass__');
  if (hook && hook !== objectClass.namespace.get('__init_subclass__')) {
    const bound = hook.kind === 'classmethod' ? bindAttribute(machine, hook, undefined, made) : hook;
    callValue(machine, bound, bound === hook ? [made] : [], named, span);
  }
  initialiseByMetaclass(machine, made, bases, named, span);
  return made;
}

function initialiseByMetaclass(
  machine: Machine,
  made: ClassValue,
  bases: readonly Value[],
  named: ReadonlyMap<string, Value>,
  span: Span,
): void {
  const initialiser = made.metaclass && lookupInClass(made.metaclass, '__init__');
  if (initialiser?.kind !== 'function') return;
  const namespace = makeDict([...made.namespace].map(([name, value]) => [makeStr(name), value]));
  callValue(machine, initialiser, [made, makeStr(made.name), makeTuple(bases), namespace], named, span);
}

/** `__qualname__` of what is defined here. */
function qualifiedName({ classBeingMade, function: inside }: Frame, name: string): string {
  const outer = classBeingMade?.namespace.get('__qualname__');
  if (outer?.kind === 'str') return `${outer.value}.${name}`;
  return inside ? `${inside.name}.<locals>.${name}` : name;
}
