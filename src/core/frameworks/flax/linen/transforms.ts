import { makeClass, makeNative } from '../../../python/nativeClass';
import type { CallArguments, CallContext, ClassValue, InstanceValue, Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { numberOf } from '../../tensor/dimValues';
import { stack, unbind } from '../../tensor/rearranging';
import type { FlaxState } from '../flaxState';
import { layerCallOf } from '../layerClasses';
import { cellKindOf } from '../layers/cells';
import { runCell } from '../layers/recurrent';

/** Longest sequence that a scan over a module of the user's is followed through. */
const mostSteps = 16;

/** Class transforms that change no parameter: the class gets the name under which Flax numbers its instances (linen/transforms.py). */
const passing: Readonly<Record<string, string>> = { remat: 'Checkpoint', checkpoint: 'Checkpoint', jit: 'Jit' };

/** `nn.remat`, `nn.jit`, `nn.scan`, `nn.vmap` of module classes; of methods they are decorators that change nothing. */
export function transforms(state: () => FlaxState): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>();
  for (const [name, prefix] of Object.entries(passing)) {
    members.set(
      name,
      transform(`flax.linen.${name}`, (cls) => derived(cls, prefix)),
    );
  }
  members.set(
    'scan',
    transform('flax.linen.scan', (cls, options) => scanned(state, cls, options)),
  );
  members.set(
    'vmap',
    transform('flax.linen.vmap', (cls) => notFollowed(cls, 'Vmap', 'nn.vmap of a module is not followed')),
  );
  return members;
}

/** Applied to a class it derives one; to a function, or called with options alone, it passes on. */
function transform(name: string, body: (cls: ClassValue, options: ReadonlyMap<string, Value>) => Value): Value {
  const apply = (target: Value | undefined, options: ReadonlyMap<string, Value>): Value | undefined =>
    target?.kind === 'class' ? body(target, options) : target;
  return makeNative(name, (args) => {
    const [target] = args.positional;
    const given = target ?? args.named.get('target');
    return given
      ? (apply(given, args.named) ?? given)
      : makeNative(name, (inner) => apply(inner.positional[0], args.named) ?? { kind: 'none' });
  });
}

function derived(cls: ClassValue, prefix: string, methods: ReadonlyMap<string, Value> = new Map()): ClassValue {
  const name = `${prefix}${cls.name.slice(cls.name.lastIndexOf('.') + 1)}`;
  return makeClass({ name, bases: [cls], namespace: new Map(methods), isNative: true });
}

function notFollowed(cls: ClassValue, prefix: string, reason: string): ClassValue {
  const call = makeNative(reason, (_args, context) => context.unknown(reason));
  return derived(cls, prefix, new Map([['__call__', call]]));
}

/** `nn.scan(Cell, variable_broadcast='params', in_axes=1, out_axes=1)`: the same parameters at every step. */
function scanned(state: () => FlaxState, cls: ClassValue, options: ReadonlyMap<string, Value>): ClassValue {
  const shared = options.get('variable_broadcast');
  if (shared?.kind !== 'str' || shared.value !== 'params') {
    return notFollowed(cls, 'Scan', 'nn.scan over parameters of their own is not followed');
  }
  const axisOf = (name: string): number => numberOf(options.get(name)) ?? 0;
  const inAxis = axisOf('in_axes');
  const outAxis = axisOf('out_axes');
  const call = makeNative('flax.linen.scan', (args, context) => {
    const [self] = args.positional;
    if (self?.kind !== 'instance') return context.unknown('a scan without its module');
    return overSteps(state(), cls, self, args, inAxis, outAxis, context);
  });
  return derived(cls, 'Scan', new Map([['__call__', call]]));
}

function overSteps(
  state: FlaxState,
  cls: ClassValue,
  self: InstanceValue,
  args: CallArguments,
  inAxis: number,
  outAxis: number,
  context: CallContext,
): Value {
  const [, carry, inputs] = args.positional;
  const sequence = tensorOf(inputs);
  if (!carry || !sequence) return inputs?.kind === 'unknown' ? inputs : context.unknown('a scan over no array');
  const cell = cellKindOf(self) && layerCallOf(state, self, { ...args, positional: inputs ? [inputs] : [] }, context);
  if (cell) {
    const output = runCell(cell, cell, sequence, inAxis === 0);
    return {
      kind: 'tuple',
      items: [carry, output ? state.tensorValue(output) : context.unknown('a cell is not known')],
    };
  }
  const steps = sequence.shape?.[inAxis];
  if (typeof steps !== 'number' || steps > mostSteps) {
    return context.unknown(`a scan over more than ${mostSteps} steps of a module is not followed`);
  }
  const site = { trail: context.trail, name: 'scan' };
  const method = context.getAttribute({ kind: 'super', self, after: self.class }, '__call__');
  let current = carry;
  const outputs: Value[] = [];
  for (const step of unbind(state.session, sequence, inAxis, site) ?? []) {
    const result = context.call(method, [current, state.tensorValue(step)]);
    const [next, output] = result.kind === 'tuple' ? result.items : [];
    if (!next || !output) return context.unknown(`${cls.name} does not return a carry and an output`);
    current = next;
    outputs.push(output);
  }
  const tensors = outputs.map(tensorOf).filter((tensor) => tensor !== undefined);
  const joined = tensors.length === outputs.length && tensors.length > 0;
  return {
    kind: 'tuple',
    items: [current, joined ? state.tensorValue(stack(state.session, tensors, outAxis, site)) : { kind: 'none' }],
  };
}
