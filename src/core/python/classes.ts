import { bindAttribute } from './attributes';
import { evaluateArguments } from './callExpression';
import { callValue } from './calls';
import { spanOf } from './expressions';
import type { Frame, Machine } from './machine';
import { makeStr } from './make';
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
  namespace.set('__qualname__', makeStr(definition.name.name));
  const scope: Scope = { kind: 'class', names: namespace, parent: frame.scope };
  executeBlock(
    machine,
    { ...frame, scope, outerScope: undefined, classBeingMade: made, returned: undefined },
    definition.body,
  );
  for (const [name, value] of [...namespace]) {
    const named = value.kind === 'instance' ? lookupInClass(value.class, '__set_name__') : undefined;
    if (named) callValue(machine, named, [value, made, makeStr(name)], undefined, span);
  }
  const hook = lookupAfter(made, made, '__init_subclass__');
  if (hook && hook !== objectClass.namespace.get('__init_subclass__')) {
    const bound = hook.kind === 'classmethod' ? bindAttribute(machine, hook, undefined, made) : hook;
    const named = new Map([...args.named].filter(([name]) => name !== 'metaclass'));
    callValue(machine, bound, bound === hook ? [made] : [], named, span);
  }
  return made;
}
