import { strClass } from '../builtinClasses';
import { defineMethods, makeBuiltin, type NativeCall, notKnown } from '../builtins/define';
import { falseValue, makeInt, makeTuple, makeUnknown, none, trueValue } from '../make';
import { makeNativeClass } from '../nativeClass';
import type { InstanceValue, ModuleValue, Value } from '../values';
import { makePartialModule } from './tables';

const namespaceClass = makeNativeClass('argparse.Namespace', [], {
  __init__: makeBuiltin('argparse.Namespace', ([self], call) => {
    if (self?.kind === 'instance') for (const [name, value] of call.named) self.attributes.set(name, value);
    return none;
  }),
});

/** A parser, or a group of one: groups share their parser's options. */
class ParserOptions {
  readonly defaults = new Map<string, Value>();
}

const parserClass = makeNativeClass('argparse.ArgumentParser', [], {
  __init__: makeBuiltin('argparse.ArgumentParser', ([self]) => {
    if (self?.kind === 'instance') self.payload = new ParserOptions();
    return none;
  }),
});

function optionsOf(self: Value): ParserOptions | undefined {
  return self.kind === 'instance' && self.payload instanceof ParserOptions ? self.payload : undefined;
}

/** The value of an option that the command line does not give. */
function defaultOf(flags: readonly string[], call: NativeCall): Value {
  const given = call.named.get('default');
  const type = call.named.get('type');
  // argparse converts a default only where it is text.
  if (given?.kind === 'str' && type && type !== strClass) return call.context.call(type, [given]);
  if (given) return given;
  const action = call.named.get('action');
  if (action?.kind === 'str') {
    if (action.value === 'store_true') return falseValue;
    if (action.value === 'store_false') return trueValue;
    if (action.value === 'count') return makeInt(0);
  }
  const required = call.named.get('required');
  const isOptional = flags.some((flag) => flag.startsWith('-'));
  const nargs = call.named.get('nargs');
  const mayBeAbsent = nargs?.kind === 'str' && (nargs.value === '?' || nargs.value === '*');
  if ((isOptional && !(required?.kind === 'bool' && required.value)) || mayBeAbsent) return none;
  return makeUnknown(`command line argument ${flags[0] ?? ''} has no default`, call.span);
}

function destination(flags: readonly string[], call: NativeCall): string {
  const named = call.named.get('dest');
  if (named?.kind === 'str') return named.value;
  const long = flags.find((flag) => flag.startsWith('--')) ?? flags[0] ?? '';
  return long.replace(/^-+/, '').replaceAll('-', '_');
}

function parsed(self: Value, call: NativeCall): Value {
  const options = optionsOf(self);
  if (!options) return notKnown(call, 'parser is not known', self);
  call.context.assume('command line', 'every option has its default');
  const made: InstanceValue = {
    kind: 'instance',
    class: namespaceClass,
    attributes: new Map(options.defaults),
    made: call.context.trail,
  };
  return made;
}

defineMethods(parserClass, {
  add_argument: (self, args, call) => {
    const flags = args.flatMap((flag) => (flag.kind === 'str' ? [flag.value] : []));
    const name = destination(flags, call);
    const options = optionsOf(self);
    if (options && name !== '' && !options.defaults.has(name)) options.defaults.set(name, defaultOf(flags, call));
    return none;
  },
  add_argument_group: (self) => self,
  add_mutually_exclusive_group: (self) => self,
  add_subparsers: (self) => self,
  add_parser: (self) => self,
  set_defaults: (self, _args, call) => {
    for (const [name, value] of call.named) optionsOf(self)?.defaults.set(name, value);
    return none;
  },
  parse_args: (self, _args, call) => parsed(self, call),
  parse_known_args: (self, _args, call) => makeTuple([parsed(self, call), makeUnknown('rest of the command line')]),
  print_help: () => none,
});

/** `argparse`: nothing is on the command line, so that every option has its default. */
export function argparseModule(): ModuleValue {
  return makePartialModule(
    'argparse',
    new Map<string, Value>([
      ['ArgumentParser', parserClass],
      ['Namespace', namespaceClass],
    ]),
  );
}
