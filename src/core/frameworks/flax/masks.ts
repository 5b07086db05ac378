import type { Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { makeBool } from '../../python/make';
import { makeNative } from '../../python/nativeClass';
import type { NativeFunctionValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { ArrayPayload, payloadValue, shapeOf } from '../numpy/arrays';
import { addNode, type Site } from '../tensor/trace';
import { triangle } from '../tensor/triangle';
import type { FlaxState } from './flaxState';

const mark = 'isCausal';

/** Attention masks: attention layers ask whether they are causal; of others than causal ones the elements are not followed. */
export function maskFunctions(state: () => FlaxState): ReadonlyMap<string, NativeFunctionValue> {
  const mask = (name: string, isCausal: (given: readonly Value[]) => boolean) =>
    makeNative(`flax.linen.${name}`, (args, context) => {
      const site = { trail: context.trail, name };
      const own = name === 'make_causal_mask' ? causalShape(args.positional[0]) : undefined;
      const make = () => addNode(state().session, { kind: 'constant', value: undefined }, [], undefined, site);
      const causal = () => triangle(state().session, ones(state().session, own, site), 'lower', 0, site) ?? make();
      const made = payloadValue(state(), new ArrayPayload(own, own ? causal : make));
      if (isCausal(args.positional)) made.attributes.set(mark, makeBool(true));
      return made;
    });
  return new Map([
    ['make_causal_mask', mask('make_causal_mask', () => true)],
    ['make_attention_mask', mask('make_attention_mask', () => false)],
    ['combine_masks', mask('combine_masks', (given) => given.some(isCausalMask))],
  ]);
}

/** `make_causal_mask` of [batch, length] is [batch, 1, length, length] (flax 0.12, `linen/attention.py`). */
function causalShape(value: Value | undefined): Shape {
  const shape = shapeOf(value);
  const length = shape?.at(-1);
  return shape && [...shape.slice(0, -1), 1, length, length];
}

function ones(session: TraceSession, shape: Shape, site: Site): TracedTensor {
  return addNode(session, { kind: 'constant', value: 1 }, [], shape, site);
}

export function isCausalMask(value: Value): boolean {
  return value.kind === 'instance' && value.attributes.has(mark);
}
