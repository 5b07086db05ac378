import { makeNative } from '../../../python/nativeClass';
import type { CallArguments, CallContext, Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { stopGradient } from '../../tensor/combining';
import { numberOf } from '../../tensor/dimValues';
import { stack, unbind } from '../../tensor/rearranging';
import type { FlaxState } from '../flaxState';

type Control = (state: FlaxState, args: CallArguments, context: CallContext) => Value;

/** Longest loop that is followed round by round. */
const mostRounds = 32;

/** Control flow of `jax.lax`, jax 0.10.2. */
const controls: Readonly<Record<string, Control>> = {
  scan: (state, args, context) => {
    const [f, carry, sequence] = args.positional;
    const length = numberOf(args.named.get('length') ?? args.positional[3]);
    if (!f || !carry) return context.unknown('a scan without its function');
    const steps = stepsOf(state, sequence, length, context);
    if (!steps)
      return sequence?.kind === 'unknown'
        ? sequence
        : context.unknown(`a scan over more than ${mostRounds} steps is not followed`);
    let current = carry;
    const outputs: Value[] = [];
    for (const step of steps) {
      const result = context.call(f, [current, step]);
      if (result.kind !== 'tuple' || result.items.length !== 2) return result;
      current = result.items[0] ?? current;
      outputs.push(result.items[1] ?? { kind: 'none' });
    }
    return { kind: 'tuple', items: [current, stacked(state, outputs, context)] };
  },
  fori_loop: (_state, args, context) => {
    const [lower, upper, body, initial] = args.positional;
    const from = numberOf(lower);
    const to = numberOf(upper);
    if (!body || !initial || from === undefined || to === undefined || to - from > mostRounds) {
      return context.unknown(`a loop of more than ${mostRounds} rounds is not followed`);
    }
    let current = initial;
    for (let round = from; round < to; round++) current = context.call(body, [{ kind: 'int', value: round }, current]);
    return current;
  },
  cond: (_state, args, context) => {
    const [condition, whenTrue, whenFalse, ...operands] = args.positional;
    if (!condition || !whenTrue || !whenFalse) return context.unknown('a condition without its branches');
    return context.call(context.truth(condition) === false ? whenFalse : whenTrue, operands);
  },
  stop_gradient: (state, args, context) => {
    const [given] = args.positional;
    const tensor = tensorOf(given);
    if (!tensor) return given ?? context.unknown('nothing is given');
    const site = { trail: context.trail, name: 'stop_gradient' };
    return state.tensorValue(stopGradient(state.session, tensor, site));
  },
};

export function laxMember(state: () => FlaxState, name: string): Value | undefined {
  const control = Object.hasOwn(controls, name) ? controls[name] : undefined;
  return control && makeNative(`jax.lax.${name}`, (args, context) => control(state(), args, context));
}

/** The elements along the first axis; None as often as the length says. */
function stepsOf(
  state: FlaxState,
  sequence: Value | undefined,
  length: number | undefined,
  context: CallContext,
): readonly Value[] | undefined {
  if (!sequence || sequence.kind === 'none') {
    return length !== undefined && length <= mostRounds
      ? Array.from({ length }, (): Value => ({ kind: 'none' }))
      : undefined;
  }
  if (sequence.kind === 'tuple' || sequence.kind === 'list') {
    const parts = sequence.items.map((item) => stepsOf(state, item, length, context));
    const [first] = parts;
    return first?.map(
      (_, index): Value => ({ kind: 'tuple', items: parts.map((part) => part?.[index] ?? { kind: 'none' }) }),
    );
  }
  const tensor = tensorOf(sequence);
  const count = tensor?.shape?.[0];
  if (!tensor || typeof count !== 'number' || count > mostRounds) return undefined;
  const site = { trail: context.trail, name: 'scan' };
  return unbind(state.session, tensor, 0, site)?.map((step) => state.tensorValue(step));
}

function stacked(state: FlaxState, outputs: readonly Value[], context: CallContext): Value {
  const tensors = outputs.map(tensorOf).filter((tensor) => tensor !== undefined);
  if (tensors.length === 0 || tensors.length < outputs.length) return { kind: 'none' };
  return state.tensorValue(stack(state.session, tensors, 0, { trail: context.trail, name: 'scan' }));
}
