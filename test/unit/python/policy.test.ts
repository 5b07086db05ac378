import assert from 'node:assert/strict';
import { evaluateText } from './evaluateText';

/** A text and what its names are worth afterwards, as Python prints it. */
interface Case {
  readonly name: string;
  readonly text: string;
  readonly shows: Readonly<Record<string, string | RegExp>>;
  readonly assumes?: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: 'a branch on an unknown condition that only raises is not taken',
    text: 'if unknown > 3:\n  raise ValueError\nx = 1\n',
    shows: { x: '1' },
    assumes: ['condition=false'],
  },
  {
    name: 'a branch on an unknown condition is taken where it does something',
    text: 'x = 1\nif unknown:\n  x = 2\nelse:\n  x = 3\n',
    shows: { x: '2' },
    assumes: ['condition=true'],
  },
  {
    name: 'an early return on an unknown condition is not taken',
    text: 'def f(v):\n  if v.shape:\n    return None\n  return 5\nx = f(unknown)\n',
    shows: { x: '5' },
    assumes: ['condition=false'],
  },
  {
    name: 'an element of which is not known whether it is wanted stays in a comprehension',
    text: 'x = [i for i in range(3) if unknown > i]\n',
    shows: { x: '[0, 1, 2]' },
    assumes: ['condition=true'],
  },
  {
    name: 'a regular expression that could take for ever is not matched',
    text: 'import re\nx = re.match(r"(a+)+b", "a" * 40)\ny = re.match(r"(?P<n>(x|y+)*)*$", "y" * 9)[0]\n',
    shows: { x: /not followed/, y: "'yyyyyyyyy'" },
  },
  {
    name: 'logging on an unknown condition assumes nothing',
    text: 'if unknown:\n  print("hello")\nx = 1\n',
    shows: { x: '1' },
    assumes: [],
  },
  {
    name: 'a loop over something unknown runs once, counters become unknown',
    text: 'n = 0\nlast = None\nfor a, b in loader:\n  n += 1\n  last = "seen"\n',
    shows: { n: /^unknown: changes in a loop/, last: "'seen'" },
    assumes: ['rounds of the loop=1'],
  },
  {
    name: 'enumerate over something unknown still counts from its start',
    text: 'for i, batch in enumerate(loader):\n  first = i\n',
    shows: { first: '0', batch: /^unknown/ },
  },
  {
    name: 'a training loop is left after its first step',
    text: 'seen = []\nfor epoch in range(1000):\n  seen.append(epoch)\n  loss.backward()\n',
    shows: { seen: '[0]' },
  },
  {
    name: 'a loop that builds runs to its end',
    text: 'seen = []\nfor i in range(300):\n  seen.append(i)\nx = len(seen)\n',
    shows: { x: '300' },
  },
  {
    name: 'the main guard runs after everything else',
    text: 'if __name__ == "__main__":\n  x = late\nlate = 4\n',
    shows: { x: '4' },
  },
  {
    name: 'a statement that raises does not keep the next from being read',
    text: 'def f():\n  raise RuntimeError("no")\nf()\nx = 1\nraise SystemExit\ny = 2\n',
    shows: { x: '1', y: '2' },
  },
  {
    name: 'a required argument that nobody gives is unknown',
    text: 'class A:\n  def __init__(self, n, m=2):\n    self.n, self.m = n, m\na = A()\nx, y = a.n, a.m\n',
    shows: { x: /^unknown: argument 'n' of __init__ is not given/, y: '2' },
  },
  {
    name: 'an unknown travels through arithmetic with its first reason',
    text: 'from somewhere import size\nx = (size + 1) * 2\ny = [size, 3][1]\n',
    shows: { x: 'unknown: module somewhere is not read', y: '3' },
  },
  {
    name: 'an unknown base leaves what it may define unknown',
    text: 'from somewhere import Base\nclass A(Base):\n  k = 1\na = A(3)\nx, y = a.k, a.z\n',
    shows: { x: '1', y: /^unknown: 'z' may come from a base/ },
  },
  {
    name: 'an unknown decorator passes its function through',
    text: 'import somewhere\n@somewhere.jit\ndef f(): return 7\nx = f()\n',
    shows: { x: '7' },
    assumes: ['decorator=changes nothing'],
  },
  {
    name: 'integers that are too large are unknown, not wrong',
    text: 'x = 2 ** 60\ny = 2 ** 53 - 1\n',
    shows: { x: /^unknown: integer is too large/, y: /^unknown: integer is too large/ },
  },
  {
    name: 'unpacked arguments of unknown content leave defaults in place',
    text: 'def f(a, b=2): return a, b\nx = f(1, **options)\n',
    shows: { x: '(1, 2)' },
    assumes: ['unpacked arguments=nothing but defaults'],
  },
  {
    name: 'a circular definition of itself ends',
    text: 'class A:\n  def __init__(self):\n    self.inner = A()\na = A()\nx = 1\n',
    shows: { x: '1' },
  },
  {
    name: 'an except branch is taken only where the body certainly raises',
    text: 'try:\n  import maybe_missing\n  x = maybe_missing.thing\nexcept ImportError:\n  x = None\n',
    shows: { x: 'unknown: module maybe_missing is not read' },
  },
];

suite('policies on what is not known', () => {
  for (const { name, text, shows, assumes } of cases) {
    test(name, () => {
      const evaluated = evaluateText(text);
      for (const [variable, expected] of Object.entries(shows)) {
        const shown = evaluated.show(variable);
        if (typeof expected === 'string') assert.equal(shown, expected);
        else assert.match(shown ?? '', expected);
      }
      if (assumes) {
        assert.deepEqual(
          evaluated.interpreter.assumptions.map(({ what, value }) => `${what}=${value}`),
          assumes,
        );
      }
    });
  }

  test('an unknown names the place where it arose', () => {
    const text = 'a = 1\nb = missing + a\nc = b * 2\n';
    const { scope } = evaluateText(text);
    const value = scope.names.get('c');
    assert.equal(value?.kind, 'unknown');
    assert.equal(value?.kind === 'unknown' && value.span && text.slice(value.span.start, value.span.end), 'missing');
  });
});

suite('budgets', () => {
  for (const [name, text, reason] of [
    ['steps', 'while True:\n  x = [y for y in range(1000)]\n', /stopped after 5000 steps/],
    ['depth', 'def f(n): return f(n + 1)\nx = f(0)\n', /nested deeper than 30/],
    ['size', 'x = "a" * 10**9\ny = [0] * 10**9\nz = [i for i in range(10**12)]\n', /too long|more than 500/],
  ] as const) {
    test(`running out of ${name} leaves what is known and an unknown`, () => {
      const { interpreter, show } = evaluateText(`before = 1\n${text}`, {
        budget: { steps: 5_000, depth: 30, size: 500, timeMs: 60_000 },
      });
      assert.equal(show('before'), '1');
      assert.ok(
        interpreter.unknowns.some((unknown) => reason.test(unknown.reason)),
        JSON.stringify(interpreter.unknowns),
      );
    });
  }

  test('time and the cancel signal stop the evaluation', () => {
    let now = 0;
    const late = evaluateText('while True:\n  x = 1\n', {
      clock: () => now++,
      budget: { timeMs: 20, size: 1_000_000 },
    });
    assert.match(late.interpreter.exhaustion ?? '', /20 ms/);
    const cancelled = evaluateText('while True:\n  x = 1\n', {
      cancel: { cancelled: true },
      budget: { size: 1_000_000 },
    });
    assert.match(cancelled.interpreter.exhaustion ?? '', /cancelled/);
  });
});
