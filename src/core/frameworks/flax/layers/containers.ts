import type { Value } from '../../../python/values';
import type { LayerCall, LayerTypes } from '../layerCall';

/** Layers one after the other: flax 0.12.8, linen/combinators.py and nnx/helpers.py. */
export const containerLayers: LayerTypes = {
  Sequential: {
    linen: 'layers',
    nnx: '*layers',
    call: inOrder,
  },
};

function inOrder(call: LayerCall): Value | undefined {
  const kept = call.layer.attributes.get('layers') ?? call.value('layers');
  const layers = kept && call.context.iterate(kept);
  if (!layers) return undefined;
  let current: Value | undefined;
  for (const layer of layers) {
    const positional = current === undefined ? call.args.positional : spread(current);
    const named = current === undefined ? call.args.named : undefined;
    current = call.context.call(layer, positional, named);
    if (current.kind === 'unknown') return current;
  }
  return current;
}

/** A tuple goes into the next layer as its arguments. */
function spread(value: Value): readonly Value[] {
  return value.kind === 'tuple' ? value.items : [value];
}
