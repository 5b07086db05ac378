import { makeFloat, makeInt, makeStr, makeTuple, none } from '../../python/make';
import { instanceMethod, instanceProperty, isSubclass, makeNative, makeNativeClass } from '../../python/nativeClass';
import type { CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import { numberOf } from '../tensor/dimValues';
import type { TorchState } from './state';

/** Calls and arithmetic on values, as a line of Python writes them. */
class Formulas {
  constructor(
    private readonly state: TorchState,
    private readonly context: CallContext,
  ) {}

  /** `torch.name(*args)`, the name dotted below `torch`. */
  torch(name: string, args: readonly Value[], named: Readonly<Record<string, Value>> = {}): Value {
    const [root = '', ...rest] = name.split('.');
    const f = rest.reduce((owner, part) => this.context.getAttribute(owner, part), this.state.torchFunction(root));
    return this.context.call(f, args, new Map(Object.entries(named)));
  }

  /** `left * right` and so on, of values and numbers. */
  of(left: Value | number, operator: string, right: Value | number): Value {
    const value = (operand: Value | number) => (typeof operand === 'number' ? makeFloat(operand) : operand);
    return this.context.binary(operator, value(left), value(right));
  }

  log(value: Value): Value {
    const number = numberOf(value);
    return number === undefined ? this.torch('log', [value]) : makeFloat(Math.log(number));
  }

  sum(value: Value, axes: Value): Value {
    return this.torch('sum', [value, axes]);
  }

  /** Draws of samples of other shapes than the parameters' are not followed. */
  drawn(sizes: Value | undefined, value: () => Value): Value {
    const isPlain = sizes === undefined || (sizes.kind === 'tuple' && sizes.items.length === 0);
    return isPlain ? value() : this.unknown('several draws of a distribution are not followed');
  }

  attribute(owner: Value, name: string): Value {
    return this.context.getAttribute(owner, name);
  }

  method(owner: Value, name: string, args: readonly Value[] = []): Value {
    return this.context.call(this.context.getAttribute(owner, name), args);
  }

  unknown(reason: string): Value {
    return this.context.unknown(reason);
  }
}

type Body = (self: Value, given: readonly (Value | undefined)[], f: Formulas) => Value;

interface Entry {
  /** Of the constructor. */
  readonly parameters: readonly string[];
  /** What the object keeps under which name. */
  readonly kept: (given: readonly Value[], f: Formulas) => Readonly<Record<string, Value>>;
  readonly methods: Readonly<Record<string, Body>>;
  readonly properties: Readonly<Record<string, Body>>;
}

const halfLogTwoPi = Math.log(2 * Math.PI) / 2;
const lastAxis = makeInt(-1);
const unreduced = { reduction: makeStr('none') };

function reparametrised(self: Value, sizes: Value | undefined, f: Formulas): Value {
  const loc = f.attribute(self, 'loc');
  const scaled = () => f.of(f.attribute(self, 'scale'), '*', f.torch('randn_like', [loc]));
  return f.drawn(sizes, () => f.of(loc, '+', scaled()));
}

const normal: Entry = {
  parameters: ['loc', 'scale'],
  kept: ([loc = none, scale = none]) => ({ loc, scale }),
  methods: {
    rsample: (self, [sizes], f) => reparametrised(self, sizes, f),
    sample: (self, [sizes], f) => f.torch('detach', [reparametrised(self, sizes, f)]),
    log_prob: (self, [value = none], f) => {
      const scale = f.attribute(self, 'scale');
      const distance = f.of(f.of(value, '-', f.attribute(self, 'loc')), '*', f.of(1, '/', scale));
      const exponent = f.of(f.of(distance, '*', distance), '*', -0.5);
      return f.of(f.of(exponent, '-', f.log(scale)), '-', halfLogTwoPi);
    },
    entropy: (self, _given, f) => {
      const zeros = f.torch('zeros_like', [f.attribute(self, 'loc')]);
      return f.of(f.of(zeros, '+', f.log(f.attribute(self, 'scale'))), '+', 0.5 + halfLogTwoPi);
    },
  },
  properties: {
    mean: (self, _given, f) => f.attribute(self, 'loc'),
    mode: (self, _given, f) => f.attribute(self, 'loc'),
    stddev: (self, _given, f) => f.attribute(self, 'scale'),
    variance: (self, _given, f) => f.of(f.attribute(self, 'scale'), '**', 2),
  },
};

const categorical: Entry = {
  parameters: ['probs', 'logits'],
  kept: ([probs = none, logits = none], f) => {
    if (logits.kind !== 'none') return { logits: f.torch('log_softmax', [logits, lastAxis]) };
    const total = f.torch('sum', [probs, lastAxis], { keepdim: { kind: 'bool', value: true } });
    return { logits: f.log(f.of(probs, '/', total)) };
  },
  methods: {
    sample: (self, [sizes], f) =>
      f.drawn(sizes, () => {
        const logits = f.attribute(self, 'logits');
        const shape = f.attribute(logits, 'shape');
        const sizesOf = shape.kind === 'tuple' ? shape.items : [];
        return f.torch('randint', [makeInt(0), sizesOf.at(-1) ?? none, makeTuple(sizesOf.slice(0, -1))]);
      }),
    log_prob: (self, [value = none], f) => {
      const places = f.method(f.method(value, 'long'), 'unsqueeze', [lastAxis]);
      return f.method(f.torch('gather', [f.attribute(self, 'logits'), lastAxis, places]), 'squeeze', [lastAxis]);
    },
    entropy: (self, _given, f) => {
      const terms = f.of(f.attribute(self, 'probs'), '*', f.attribute(self, 'logits'));
      return f.of(f.sum(terms, lastAxis), '*', -1);
    },
  },
  properties: { probs: (self, _given, f) => f.torch('softmax', [f.attribute(self, 'logits'), lastAxis]) },
};

const bernoulli: Entry = {
  parameters: ['probs', 'logits'],
  kept: ([probs = none, logits = none], f) => ({ logits: logits.kind === 'none' ? f.torch('logit', [probs]) : logits }),
  methods: {
    sample: (self, [sizes], f) => f.drawn(sizes, () => f.torch('bernoulli', [f.attribute(self, 'probs')])),
    log_prob: (self, [value = none], f) => minusCrossEntropy(self, value, f),
    entropy: (self, _given, f) => f.of(minusCrossEntropy(self, f.attribute(self, 'probs'), f), '*', -1),
  },
  properties: {
    probs: (self, _given, f) => f.torch('sigmoid', [f.attribute(self, 'logits')]),
    mean: (self, _given, f) => f.torch('sigmoid', [f.attribute(self, 'logits')]),
  },
};

function minusCrossEntropy(self: Value, value: Value, f: Formulas): Value {
  const operands = [f.attribute(self, 'logits'), value];
  return f.of(f.torch('nn.functional.binary_cross_entropy_with_logits', operands, unreduced), '*', -1);
}

/** The last axes of another distribution are one event: their logarithms add up. */
const independent: Entry = {
  parameters: ['base_distribution', 'reinterpreted_batch_ndims'],
  kept: ([base = none, axes = none]) => ({ base_dist: base, reinterpreted_batch_ndims: axes }),
  methods: {
    rsample: (self, given, f) => f.method(f.attribute(self, 'base_dist'), 'rsample', known(given)),
    sample: (self, given, f) => f.method(f.attribute(self, 'base_dist'), 'sample', known(given)),
    log_prob: (self, given, f) => summed(self, f.method(f.attribute(self, 'base_dist'), 'log_prob', known(given)), f),
    entropy: (self, _given, f) => summed(self, f.method(f.attribute(self, 'base_dist'), 'entropy'), f),
  },
  properties: {
    mean: (self, _given, f) => f.attribute(f.attribute(self, 'base_dist'), 'mean'),
    stddev: (self, _given, f) => f.attribute(f.attribute(self, 'base_dist'), 'stddev'),
  },
};

function known(given: readonly (Value | undefined)[]): readonly Value[] {
  return given.filter((value) => value !== undefined);
}

function summed(self: Value, value: Value, f: Formulas): Value {
  const count = numberOf(f.attribute(self, 'reinterpreted_batch_ndims'));
  if (count === undefined) return f.unknown('the axes of an event are not known');
  return count === 0 ? value : f.sum(value, makeTuple(Array.from({ length: count }, (_, at) => makeInt(-1 - at))));
}

const entries: Readonly<Record<string, Entry>> = {
  Normal: normal,
  Categorical: categorical,
  Bernoulli: bernoulli,
  Independent: independent,
};

/** KL(p ‖ q) of two distributions of one class. */
const divergences: Readonly<Record<string, (p: Value, q: Value, f: Formulas) => Value>> = {
  Normal: (p, q, f) => {
    const inverse = f.of(1, '/', f.attribute(q, 'scale'));
    const ratio = f.of(f.attribute(p, 'scale'), '*', inverse);
    const distance = f.of(f.of(f.attribute(p, 'loc'), '-', f.attribute(q, 'loc')), '*', inverse);
    const squares = f.of(f.of(ratio, '*', ratio), '+', f.of(distance, '*', distance));
    return f.of(f.of(f.of(squares, '-', 1), '*', 0.5), '-', f.log(ratio));
  },
  Categorical: (p, q, f) => {
    const difference = f.of(f.attribute(p, 'logits'), '-', f.attribute(q, 'logits'));
    return f.sum(f.of(f.attribute(p, 'probs'), '*', difference), lastAxis);
  },
};

/** `torch.distributions` of PyTorch 2.13: densities that losses are made of, written out as its own Python does. */
export function distributionClasses(state: () => TorchState): readonly ClassValue[] {
  const base = makeNativeClass('torch.distributions.Distribution');
  return [base, ...Object.entries(entries).map(([name, entry]) => distributionClass(state, base, name, entry))];
}

function distributionClass(state: () => TorchState, base: ClassValue, name: string, entry: Entry): ClassValue {
  const qualified = `torch.distributions.${name}`;
  const body = (part: string, run: Body) =>
    instanceMethod(`${qualified}.${part}`, (self, { positional, named }, context) =>
      run(self, [...positional, ...named.values()], new Formulas(state(), context)),
    );
  const init = instanceMethod(`${qualified}.__init__`, (self, { positional, named }, context) => {
    const given = entry.parameters.map((parameter, at) => positional[at] ?? named.get(parameter) ?? none);
    const kept = entry.kept(given, new Formulas(state(), context));
    for (const [attribute, value] of Object.entries(kept)) self.attributes.set(attribute, value);
    return none;
  });
  const property = (part: string, run: Body) =>
    instanceProperty(`${qualified}.${part}`, (self, context) => run(self, [], new Formulas(state(), context)));
  return makeNativeClass(qualified, [base], {
    __init__: init,
    ...Object.fromEntries(Object.entries(entry.methods).map(([part, run]) => [part, body(part, run)])),
    ...Object.fromEntries(Object.entries(entry.properties).map(([part, run]) => [part, property(part, run)])),
  });
}

export function divergenceFunction(state: () => TorchState, classes: readonly ClassValue[]): Value {
  const name = 'torch.distributions.kl_divergence';
  return makeNative(name, ({ positional: [p, q] }, context) => {
    const isBoth = (cls: ClassValue) => [p, q].every((value) => isInstanceOf(value, cls));
    const shared = classes.find((cls) => isBoth(cls) && Object.hasOwn(divergences, shortName(cls)));
    const divergence = shared && divergences[shortName(shared)];
    if (!divergence || !p || !q) return context.unknown('the divergence of these distributions is not followed');
    return divergence(p, q, new Formulas(state(), context));
  });
}

function isInstanceOf(value: Value | undefined, cls: ClassValue): value is InstanceValue {
  return value?.kind === 'instance' && isSubclass(value.class, cls);
}

function shortName({ name }: ClassValue): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
