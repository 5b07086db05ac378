import { makeBool } from '../../python/make';
import { makeNative } from '../../python/nativeClass';
import type { NativeFunctionValue, Value } from '../../python/values';
import { ArrayPayload, payloadValue } from '../numpy/arrays';
import { addNode } from '../tensor/trace';
import type { FlaxState } from './flaxState';

const mark = 'isCausal';

/** Attention masks: only whether they are causal matters, their elements are not followed. */
export function maskFunctions(state: () => FlaxState): ReadonlyMap<string, NativeFunctionValue> {
  const mask = (name: string, isCausal: (given: readonly Value[]) => boolean) =>
    makeNative(`flax.linen.${name}`, (args, context) => {
      const site = { trail: context.trail, name };
      const make = () => addNode(state().session, { kind: 'constant', value: undefined }, [], undefined, site);
      const made = payloadValue(state(), new ArrayPayload(undefined, make));
      if (isCausal(args.positional)) made.attributes.set(mark, makeBool(true));
      return made;
    });
  return new Map([
    ['make_causal_mask', mask('make_causal_mask', () => true)],
    ['make_attention_mask', mask('make_attention_mask', () => false)],
    ['combine_masks', mask('combine_masks', (given) => given.some(isCausalMask))],
  ]);
}

export function isCausalMask(value: Value): boolean {
  return value.kind === 'instance' && value.attributes.has(mark);
}
