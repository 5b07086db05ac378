import assert from 'node:assert/strict';
import { argumentSpan, bindArguments } from '../../../src/core/python/arguments';
import { signatureOf } from '../../../src/core/python/binding';
import { makeInt, none } from '../../../src/core/python/make';
import { makeModule, makeNative, makeNativeClass } from '../../../src/core/python/nativeClass';
import { binary } from '../../../src/core/python/operators';
import { SourceModule } from '../../../src/core/python/sourceModule';
import type { CallArguments, CallTrail, Value } from '../../../src/core/python/values';
import { evaluateText } from './evaluateText';

/** Evaluates `text` with a native `layer(…)` of this signature; gives what it was bound to, or the reason why not. */
function bound(signature: string, call: string): Record<string, string> | string {
  let result: Record<string, string> | string = 'not called';
  const layer = makeNative('layer', (args, context) => {
    const names = bindArguments(signature, args, context);
    if (!(names instanceof Map)) result = names.reason;
    else result = Object.fromEntries([...names].map(([name, value]) => [name, showValue(value)]));
    return none;
  });
  const module = makeModule('lib', { layer });
  evaluateText(`from lib import layer\n${call}\n`, {
    frameworks: { module: (name) => (name === 'lib' ? module : undefined) },
  });
  return result;
}

function showValue(value: Value): string {
  switch (value.kind) {
    case 'int':
    case 'float':
    case 'bool':
    case 'str':
      return String(value.value);
    case 'tuple':
      return `(${value.items.map(showValue).join(' ')})`;
    case 'dict':
      return `{${[...value.entries.values()].map((entry) => `${showValue(entry.key)}:${showValue(entry.value)}`).join(' ')}}`;
    default:
      return value.kind;
  }
}

suite('binding to signatures of native functions', () => {
  const linear = 'in_features, out_features, bias=True, *, device=None';
  for (const [call, expected] of [
    ['layer(3, 4)', { in_features: '3', out_features: '4', bias: 'true', device: 'none' }],
    ['layer(3, out_features=4, device="cpu")', { in_features: '3', out_features: '4', bias: 'true', device: 'cpu' }],
    ['layer(*[3, 4], **{"bias": False})', { in_features: '3', out_features: '4', bias: 'false', device: 'none' }],
    ['layer(3)', "argument 'out_features' is missing"],
    ['layer(3, 4, True, "cpu")', 'takes 3 positional arguments but 4 are given'],
    ['layer(3, 4, units=2)', "has no parameter 'units'"],
    ['layer(3, 4, in_features=1)', "argument 'in_features' is given twice"],
  ] as const) {
    test(call, () => assert.deepEqual(bound(linear, call), expected));
  }

  test('star parameters, tuples, positional-only and text defaults', () => {
    assert.deepEqual(
      bound("x, /, *rest, kernel=(1, 1), mode='same', rate=0.5, **more", 'layer(1, 2, 3, x=9, rate=1)'),
      {
        x: '1',
        rest: '(2 3)',
        kernel: '(1 1)',
        mode: 'same',
        rate: '1',
        more: '{x:9}',
      },
    );
  });

  test('the place of an argument is known by position and by name', () => {
    const text = 'from lib import layer\nlayer(10, units=20)\n';
    let seen: CallArguments | undefined;
    const layer = makeNative('layer', (args) => {
      seen = args;
      return none;
    });
    evaluateText(text, { frameworks: { module: () => makeModule('lib', { layer }) } });
    assert.ok(seen);
    for (const [name, written] of [
      ['size', '10'],
      ['units', '20'],
    ] as const) {
      const span = argumentSpan('size, units', seen, name);
      assert.equal(span && text.slice(span.start, span.end), written);
    }
  });

  test('signature of a function of the user', () => {
    const { scope } = evaluateText('def f(a, /, b, c=3, *args, d, **kw): pass\n');
    const value = scope.names.get('f');
    assert.ok(value?.kind === 'function');
    assert.deepEqual(
      signatureOf(value).map(({ name, form, default: fallback }) => [name, form, fallback && showValue(fallback)]),
      [
        ['a', 'positional', undefined],
        ['b', 'plain', undefined],
        ['c', 'plain', '3'],
        ['args', '*', undefined],
        ['d', 'keyword', undefined],
        ['kw', '**', undefined],
      ],
    );
  });
});

suite('the trail of calls', () => {
  const text = [
    'from lib import Layer',
    'class Block:',
    '  def __init__(self):',
    '    self.layer = Layer(1)',
    'class Net:',
    '  def __init__(self):',
    '    self.blocks = [Block() for _ in range(2)]',
    'net = Net()',
    '',
  ].join('\n');

  test('an instance keeps where it was made, innermost first', () => {
    let trail: CallTrail = [];
    const Layer = makeNativeClass('lib.Layer', [], {
      __init__: makeNative('lib.Layer.__init__', (args) => {
        const [self] = args.positional;
        if (self?.kind === 'instance') trail = self.made;
        return none;
      }),
    });
    evaluateText(text, { frameworks: { module: () => makeModule('lib', { Layer }) } });
    assert.deepEqual(
      trail.map(({ start, end }) => text.slice(start, end)),
      ['Layer(1)', 'Block()', 'Net()'],
    );
  });

  test('a native that throws becomes an unknown, and the file goes on', () => {
    const broken = makeNative('lib.broken', () => {
      throw new Error('lost');
    });
    const { show } = evaluateText('from lib import broken\nx = broken()\ny = 1\n', {
      frameworks: { module: () => makeModule('lib', { broken }) },
    });
    assert.equal(show('x'), 'unknown: lib.broken: internal error: lost');
    assert.equal(show('y'), '1');
  });

  test('a native class can keep attributes of its own through __setattr__', () => {
    const registered: string[] = [];
    const Module = makeNativeClass('lib.Module', [], {
      __setattr__: makeNative('lib.Module.__setattr__', (args) => {
        const [self, name, value] = args.positional;
        if (self?.kind === 'instance' && name?.kind === 'str' && value) {
          registered.push(name.value);
          self.attributes.set(name.value, value);
        }
        return none;
      }),
      __call__: makeNative('lib.Module.__call__', (args, context) => {
        const [self, ...rest] = args.positional;
        return self ? context.call(context.getAttribute(self, 'forward'), rest) : none;
      }),
    });
    const { show } = evaluateText(
      'import lib\nclass A(lib.Module):\n  def __init__(self):\n    super().__init__()\n    self.k = 2\n  def forward(self, x): return x * self.k\nx = A()(21)\n',
      { frameworks: { module: () => makeModule('lib', { Module }) } },
    );
    assert.deepEqual(registered, ['k']);
    assert.equal(show('x'), '42');
  });
});

suite('multiples of the batch size', () => {
  const { machine } = evaluateText('');
  const batch = makeInt(64, 1);
  const perBatch = (operator: string, left: Value, right: Value): readonly (number | undefined)[] => {
    const value = binary(machine, operator, left, right, undefined);
    return value.kind === 'int' ? [value.value, value.perBatch] : [undefined, undefined];
  };
  for (const [name, operator, left, right, expected] of [
    ['B · 3', '*', batch, makeInt(3), [192, 3]],
    ['3 · B', '*', makeInt(3), batch, [192, 3]],
    ['B · B is no multiple', '*', batch, batch, [4096, undefined]],
    ['6B // 3', '//', makeInt(384, 6), makeInt(3), [128, 2]],
    ['B // 3 leaves something over', '//', batch, makeInt(3), [21, undefined]],
    ['6B // 2B is a number', '//', makeInt(384, 6), makeInt(128, 2), [3, undefined]],
    ['B + 2B', '+', batch, makeInt(128, 2), [192, 3]],
    ['B - B is zero', '-', batch, batch, [0, undefined]],
    ['B + 1 is no multiple', '+', batch, makeInt(1), [65, undefined]],
    ['B + 0', '+', batch, makeInt(0), [64, 1]],
  ] as const) {
    test(name, () => assert.deepEqual(perBatch(operator, left, right), expected));
  }
});

suite('imports', () => {
  const files: Readonly<Record<string, string>> = {
    'pkg/a.py': 'from .b import y\nx = 1\nfrom . import b\nz = b.late\n',
    'pkg/b.py': 'from .a import x\ny = 2\nlate = 5\n',
    'pkg/names.py': '__all__ = ["shown"]\nshown = 1\nhidden = 2\n',
    'pkg/guarded.py': 'ran = __name__\nif __name__ == "__main__":\n  ran = "guard"\n',
  };
  const modules = {
    resolve: (dotted: string, level: number) => {
      const file = level > 0 ? `pkg/${dotted}.py` : `${dotted.replaceAll('.', '/')}.py`;
      const text = files[file];
      return text === undefined ? undefined : { file, isPackage: false, source: new SourceModule(text) };
    },
  };

  for (const [name, text, variable, expected] of [
    ['a name of another file', 'from pkg.b import y\n', 'y', '2'],
    ['files that import each other', 'from pkg.a import z\n', 'z', '5'],
    ['a dotted import', 'import pkg.b\nv = pkg.b.late\n', 'v', '5'],
    ['an alias', 'import pkg.b as q\nv = q.y\n', 'v', '2'],
    ['a star import takes what __all__ lists', 'from pkg.names import *\nv = shown\n', 'v', '1'],
    [
      'a star import leaves out the rest',
      'from pkg.names import *\nv = hidden\n',
      'v',
      "unknown: name 'hidden' is not defined here",
    ],
    ['an imported file is not the main one', 'from pkg.guarded import ran\n', 'ran', "'pkg.guarded'"],
    ['a file that is not there', 'from pkg.nowhere import v\n', 'v', 'unknown: module pkg.nowhere is not read'],
  ] as const) {
    test(name, () => assert.equal(evaluateText(text, { modules }).show(variable), expected));
  }
});
