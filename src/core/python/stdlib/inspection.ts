import type { SignatureParameter } from '../arguments';
import { getAttribute } from '../attributes';
import { signatureOf } from '../binding';
import { functionClass, methodClass } from '../builtinClasses';
import { type BuiltinFunction, makeBuiltin, type NativeCall, notKnown } from '../builtins/define';
import type { Frame } from '../machine';
import { makeBool, makeDict, makeInt, makeList, makeStr, makeTuple, makeUnknown, namesOfScope, none } from '../make';
import { lookupInClass, makeNativeClass, objectClass } from '../nativeClass';
import type { FunctionValue, InstanceValue, ModuleValue, Value } from '../values';
import { makeNamedTuple } from './collections';
import { functionsOf, makePartialModule } from './tables';

/** A running call as `inspect.currentframe` shows it. */
class FramePart {
  constructor(readonly frame: Frame) {}
}

const frameClass = makeNativeClass('frame', [], {
  f_back: frameProperty((frame) => makeFrame(frame.caller)),
  f_locals: frameProperty((frame) => namesOfScope(frame.scope)),
  f_globals: frameProperty((frame) => namesOfScope(frame.moduleScope)),
  f_code: frameProperty((frame) =>
    makeInstance(codeClass, {
      co_name: makeStr(frame.function?.name ?? '<module>'),
      co_filename: makeStr(frame.file),
    }),
  ),
});
const codeClass = makeNativeClass('code');

function frameProperty(read: (frame: Frame) => Value): Value {
  return {
    kind: 'property',
    get: makeBuiltin('frame', ([self], call) => {
      const part = self?.kind === 'instance' ? self.payload : undefined;
      return part instanceof FramePart ? read(part.frame) : notKnown(call, 'frame is not known', self);
    }),
  };
}

function makeInstance(cls: InstanceValue['class'], attributes: Readonly<Record<string, Value>>): InstanceValue {
  return { kind: 'instance', class: cls, attributes: new Map(Object.entries(attributes)), made: [] };
}

/** A frame `depth` calls further out; None outside the outermost. */
export function makeFrame(frame: Frame | undefined, depth = 0): Value {
  let wanted = frame;
  for (let step = 0; step < depth; step++) wanted = wanted?.caller;
  if (!wanted) return none;
  return { kind: 'instance', class: frameClass, attributes: new Map(), payload: new FramePart(wanted), made: [] };
}

const emptyClass = makeNativeClass('inspect._empty');

/** `inspect._ParameterKind`, in its order. */
const kinds = {
  positional: ['POSITIONAL_ONLY', 0],
  plain: ['POSITIONAL_OR_KEYWORD', 1],
  '*': ['VAR_POSITIONAL', 2],
  keyword: ['KEYWORD_ONLY', 3],
  '**': ['VAR_KEYWORD', 4],
} as const satisfies Record<SignatureParameter['form'], readonly [string, number]>;

const parameterClass = makeNativeClass('inspect.Parameter', [], {
  empty: emptyClass,
  ...Object.fromEntries(Object.values(kinds).map(([name, value]) => [name, makeInt(value)])),
});
const signatureClass = makeNativeClass('inspect.Signature', [], { empty: emptyClass });

interface KnownSignature {
  readonly definition: FunctionValue;
  readonly parameters: readonly SignatureParameter[];
}

/** A bound method's and a class's first parameter is not part of it. */
function signatureFor(value: Value | undefined): KnownSignature | undefined {
  switch (value?.kind) {
    case 'function': {
      const wrapped = value.attributes.get('__wrapped__');
      return wrapped ? signatureFor(wrapped) : { definition: value, parameters: signatureOf(value) };
    }
    case 'method': {
      const known = signatureFor(value.function);
      return known && { ...known, parameters: known.parameters.slice(1) };
    }
    case 'staticmethod':
    case 'classmethod':
      return signatureFor(value.function);
    case 'class': {
      const initialiser = lookupInClass(value, '__init__');
      const isPlain = initialiser === objectClass.namespace.get('__init__');
      const known = signatureFor(isPlain ? lookupInClass(value, '__new__') : initialiser);
      return known && { ...known, parameters: known.parameters.slice(1) };
    }
    case 'instance': {
      const known = signatureFor(lookupInClass(value.class, '__call__'));
      return known && { ...known, parameters: known.parameters.slice(1) };
    }
    default:
      return undefined;
  }
}

const signature: BuiltinFunction = ([callee], call) => {
  const known = signatureFor(callee);
  if (!known) return notKnown(call, 'signature is not known', callee);
  const annotated = new Map(known.definition.definition.parameters.map((node) => [node.name?.name, node.annotation]));
  const parameters = known.parameters.map((parameter): readonly [Value, Value] => [
    makeStr(parameter.name),
    makeInstance(parameterClass, {
      name: makeStr(parameter.name),
      kind: makeInt(kinds[parameter.form][1]),
      default: parameter.default ?? emptyClass,
      annotation: annotated.get(parameter.name) ? makeUnknown('annotations are not evaluated') : emptyClass,
    }),
  ]);
  return makeInstance(signatureClass, {
    parameters: makeDict(parameters),
    return_annotation: makeUnknown('annotations are not evaluated'),
  });
};

type Form = SignatureParameter['form'];

function namesOf(parameters: readonly SignatureParameter[], ...forms: readonly Form[]): Value[] {
  return parameters.filter(({ form }) => forms.includes(form)).map(({ name }) => makeStr(name));
}

function defaultsOf(parameters: readonly SignatureParameter[], ...forms: readonly Form[]): [Value, Value][] {
  return parameters.flatMap(({ name, form, default: value }): [Value, Value][] =>
    value && forms.includes(form) ? [[makeStr(name), value]] : [],
  );
}

const fullArgSpec = makeNamedTuple('FullArgSpec', [
  'args',
  'varargs',
  'varkw',
  'defaults',
  'kwonlyargs',
  'kwonlydefaults',
  'annotations',
]);
const argInfo = makeNamedTuple('ArgInfo', ['args', 'varargs', 'keywords', 'locals']);

/** As `inspect.getfullargspec`: a bound method's first parameter belongs to it, a class's too. */
const getFullArgSpec: BuiltinFunction = ([callee], call) => {
  const plain = callee?.kind === 'method' ? callee.function : callee;
  const known = signatureFor(plain);
  if (!known) return notKnown(call, 'signature is not known', callee);
  const { parameters } = known;
  const defaults = defaultsOf(parameters, 'plain', 'positional');
  const named = defaultsOf(parameters, 'keyword');
  return call.context.call(fullArgSpec, [
    makeList(namesOf(parameters, 'positional', 'plain')),
    namesOf(parameters, '*')[0] ?? none,
    namesOf(parameters, '**')[0] ?? none,
    defaults.length > 0 ? makeTuple(defaults.map(([, value]) => value)) : none,
    makeList(namesOf(parameters, 'keyword')),
    named.length > 0 ? makeDict(named) : none,
    makeUnknown('annotations are not evaluated'),
  ]);
};

const getArgValues: BuiltinFunction = ([value], call) => {
  const part = value?.kind === 'instance' ? value.payload : undefined;
  if (!(part instanceof FramePart)) return notKnown(call, 'frame is not known', value);
  const { frame } = part;
  const parameters = frame.function ? signatureOf(frame.function) : [];
  return call.context.call(argInfo, [
    makeList(namesOf(parameters, 'positional', 'plain', 'keyword')),
    namesOf(parameters, '*')[0] ?? none,
    namesOf(parameters, '**')[0] ?? none,
    namesOfScope(frame.scope),
  ]);
};

function isKind(...wanted: readonly Value['kind'][]): BuiltinFunction {
  return ([value], call) =>
    !value || value.kind === 'unknown'
      ? notKnown(call, 'value is not known', value)
      : makeBool(wanted.includes(value.kind));
}

/** `(name, value)` of every attribute that the predicate takes, by name. */
const getMembers: BuiltinFunction = ([object, predicate], call) => {
  if (object?.kind !== 'class' && object?.kind !== 'instance') return notKnown(call, 'members are not known', object);
  const cls = object.kind === 'class' ? object : object.class;
  const own = object.kind === 'instance' ? [...object.attributes.keys()] : [];
  const names = new Set([...own, ...cls.mro.flatMap(({ namespace }) => [...namespace.keys()])]);
  const members: Value[] = [];
  for (const name of [...names].sort()) {
    const value = getAttribute(call.machine, object, name, call.span);
    const isWanted = !predicate || predicate.kind === 'none' || isTaken(predicate, value, call);
    if (isWanted) members.push(makeTuple([makeStr(name), value]));
  }
  return makeList(members);
};

function isTaken(predicate: Value, value: Value, call: NativeCall): boolean {
  return call.context.truth(call.context.call(predicate, [value])) === true;
}

export function inspectModule(): ModuleValue {
  return makePartialModule(
    'inspect',
    new Map<string, Value>([
      ['Parameter', parameterClass],
      ['Signature', signatureClass],
      ['_empty', emptyClass],
      ['FunctionType', functionClass],
      ['MethodType', methodClass],
      ...functionsOf('inspect', {
        currentframe: (_args, call) => makeFrame(call.machine.frame),
        signature,
        getfullargspec: getFullArgSpec,
        getargvalues: getArgValues,
        getmembers: getMembers,
        isclass: isKind('class'),
        isfunction: isKind('function'),
        ismethod: isKind('method'),
        ismodule: isKind('module'),
        isbuiltin: isKind('native'),
        isroutine: isKind('function', 'method', 'native'),
        cleandoc: ([text], call) => (text?.kind === 'str' ? text : notKnown(call, 'text is not known', text)),
      }),
    ]),
  );
}
