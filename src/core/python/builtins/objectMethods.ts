import { plainAttribute, setOwnAttribute } from '../attributes';
import { machineOf } from '../callContext';
import { makeUnknown, none } from '../make';
import { makeNative, objectClass } from '../nativeClass';
import type { ClassMethodValue } from '../values';

const initSubclass: ClassMethodValue = {
  kind: 'classmethod',
  function: makeNative('object.__init_subclass__', () => none),
};

/** Methods of `object`. Comparison and text are the evaluator's own where a class defines none. */
export function defineObjectMethods(): void {
  const { namespace } = objectClass;
  namespace.set(
    '__new__',
    makeNative('object.__new__', (args, context) => {
      const [cls] = args.positional;
      if (cls?.kind !== 'class') return makeUnknown('object.__new__ needs a class');
      return { kind: 'instance', class: cls, attributes: new Map(), made: context.trail };
    }),
  );
  namespace.set(
    '__init__',
    makeNative('object.__init__', () => none),
  );
  namespace.set('__init_subclass__', initSubclass);
  namespace.set(
    '__setattr__',
    makeNative('object.__setattr__', (args) => {
      const [self, name, value] = args.positional;
      if (self?.kind === 'instance' && name?.kind === 'str' && value) setOwnAttribute(self, name.value, value);
      return none;
    }),
  );
  namespace.set(
    '__delattr__',
    makeNative('object.__delattr__', (args) => {
      const [self, name] = args.positional;
      if (self?.kind === 'instance' && name?.kind === 'str') self.attributes.delete(name.value);
      return none;
    }),
  );
  namespace.set(
    '__getattribute__',
    makeNative('object.__getattribute__', (args, context) => {
      const [self, name] = args.positional;
      if (!self || name?.kind !== 'str') return makeUnknown('object.__getattribute__ needs a name');
      const machine = machineOf(context);
      if (self.kind !== 'instance' || !machine) return context.getAttribute(self, name.value);
      const [span] = context.trail;
      return (
        plainAttribute(machine, self, name.value, span) ??
        machine.fail('AttributeError', `${self.class.name} has no attribute '${name.value}'`, span)
      );
    }),
  );
}
