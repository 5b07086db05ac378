import { dictClass, frozensetClass, listClass, setClass, strClass, tupleClass, typeClass } from '../builtinClasses';
import { abstractClass } from '../builtins/abstractClasses';
import { type BuiltinFunction, makeBuiltin, notKnown } from '../builtins/define';
import { abstractMark } from '../classTraits';
import { falseValue, trueValue } from '../make';
import { makeNativeClass } from '../nativeClass';
import type { ModuleValue, Value } from '../values';
import { collectionsModule, namedTupleClass } from './collections';
import { functionsOf, passThrough, transparentDecorator } from './tables';

/** `typing` and `typing_extensions`: annotations are not evaluated, so that most names only have to exist. */
export function typingModule(): ModuleValue {
  const collections = collectionsModule();
  const names = new Map<string, Value>([
    ['TYPE_CHECKING', falseValue],
    ['List', listClass],
    ['Dict', dictClass],
    ['Tuple', tupleClass],
    ['Set', setClass],
    ['FrozenSet', frozensetClass],
    ['Text', strClass],
    ['Type', typeClass],
    ['NamedTuple', namedTupleClass],
    ['TypedDict', makeNativeClass('TypedDict', [dictClass])],
    ['Generic', makeNativeClass('Generic')],
    ['Protocol', makeNativeClass('Protocol')],
    ...['final', 'overload', 'override', 'runtime_checkable', 'no_type_check', 'dataclass_transform'].map(
      (name) => [name, transparentDecorator(`typing.${name}`)] as const,
    ),
    ...functionsOf('typing', {
      cast: ([, value], call) => value ?? notKnown(call, 'nothing is given'),
      assert_type: passThrough,
      TypeVar: () => makeNativeClass('TypeVar'),
      ParamSpec: () => makeNativeClass('ParamSpec'),
      TypeVarTuple: () => makeNativeClass('TypeVarTuple'),
      NewType: ([, cls], call) => cls ?? notKnown(call, 'nothing is given'),
    }),
  ]);
  return {
    kind: 'module',
    name: 'typing',
    lookup: (name) => {
      const known = names.get(name) ?? abstractClass(name);
      if (known) return known;
      if (name === 'OrderedDict' || name === 'DefaultDict' || name === 'Counter' || name === 'Deque') {
        return collections.lookup(name === 'OrderedDict' || name === 'Counter' ? name : name.toLowerCase());
      }
      const made = makeNativeClass(name);
      names.set(name, made);
      return made;
    },
  };
}

const markAbstract: BuiltinFunction = ([method], call) => {
  if (method?.kind === 'function') method.attributes.set(abstractMark, trueValue);
  return method ?? notKnown(call, 'nothing is given');
};

/** `abc`. */
export function abcModule(): ModuleValue {
  const metaclass = makeNativeClass('ABCMeta', [typeClass]);
  const base = makeNativeClass('ABC');
  base.metaclass = metaclass;
  const names = new Map<string, Value>([
    ['ABC', base],
    ['ABCMeta', metaclass],
    ['abstractmethod', makeBuiltin('abc.abstractmethod', markAbstract)],
    [
      'abstractproperty',
      makeBuiltin('abc.abstractproperty', ([get], call) =>
        get?.kind === 'function' || get?.kind === 'native'
          ? { kind: 'property', get }
          : notKnown(call, 'getter is not known', get),
      ),
    ],
  ]);
  return { kind: 'module', name: 'abc', lookup: (name) => names.get(name) };
}
