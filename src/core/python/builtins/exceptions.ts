import { makeTuple, none } from '../make';
import { makeNative, makeNativeClass } from '../nativeClass';
import type { ClassValue, Value } from '../values';

const baseException = makeNativeClass('BaseException', [], {
  __init__: makeNative('BaseException.__init__', (args) => {
    const [self, ...rest] = args.positional;
    if (self?.kind === 'instance') self.attributes.set('args', makeTuple(rest));
    return none;
  }),
  with_traceback: makeNative('BaseException.with_traceback', (args) => args.positional[0] ?? none),
});

/** Name and base, in an order where bases come first (library reference, exception hierarchy). */
const hierarchy: readonly (readonly [name: string, base: string])[] = [
  ['Exception', 'BaseException'],
  ['SystemExit', 'BaseException'],
  ['KeyboardInterrupt', 'BaseException'],
  ['GeneratorExit', 'BaseException'],
  ['StopIteration', 'Exception'],
  ['StopAsyncIteration', 'Exception'],
  ['ArithmeticError', 'Exception'],
  ['FloatingPointError', 'ArithmeticError'],
  ['OverflowError', 'ArithmeticError'],
  ['ZeroDivisionError', 'ArithmeticError'],
  ['AssertionError', 'Exception'],
  ['AttributeError', 'Exception'],
  ['BufferError', 'Exception'],
  ['EOFError', 'Exception'],
  ['ImportError', 'Exception'],
  ['ModuleNotFoundError', 'ImportError'],
  ['LookupError', 'Exception'],
  ['IndexError', 'LookupError'],
  ['KeyError', 'LookupError'],
  ['MemoryError', 'Exception'],
  ['NameError', 'Exception'],
  ['UnboundLocalError', 'NameError'],
  ['OSError', 'Exception'],
  ['FileExistsError', 'OSError'],
  ['FileNotFoundError', 'OSError'],
  ['PermissionError', 'OSError'],
  ['TimeoutError', 'OSError'],
  ['ConnectionError', 'OSError'],
  ['ReferenceError', 'Exception'],
  ['RuntimeError', 'Exception'],
  ['NotImplementedError', 'RuntimeError'],
  ['RecursionError', 'RuntimeError'],
  ['SyntaxError', 'Exception'],
  ['SystemError', 'Exception'],
  ['TypeError', 'Exception'],
  ['ValueError', 'Exception'],
  ['UnicodeError', 'ValueError'],
  ['UnicodeDecodeError', 'UnicodeError'],
  ['UnicodeEncodeError', 'UnicodeError'],
  ['Warning', 'Exception'],
  ['DeprecationWarning', 'Warning'],
  ['FutureWarning', 'Warning'],
  ['RuntimeWarning', 'Warning'],
  ['UserWarning', 'Warning'],
];

const classes = new Map<string, ClassValue>([['BaseException', baseException]]);
for (const [name, base] of hierarchy) classes.set(name, makeNativeClass(name, [classes.get(base) ?? baseException]));
const osError = classes.get('OSError');

export const exceptionNames: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...classes,
  ...(osError ? ([['IOError', osError]] as const) : []),
]);

/** The built-in class of this name, else `Exception`. */
export function exceptionClass(name: string): ClassValue {
  return classes.get(name) ?? classes.get('Exception') ?? baseException;
}
