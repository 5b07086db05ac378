import type { TorchCall } from '../call';
import type { LayerEntry } from '../layer';
import { applyLoss, losses, lossOperation } from '../operations/loss';

/** Losses of `torch.nn`: constructing one declares it, calling it adds the loss node. */
export const lossLayers: readonly LayerEntry[] = losses.map(
  (entry): LayerEntry => ({
    name: entry.layer,
    signature: entry.options,
    build: (layer) => {
      const operation = lossOperation(entry.loss, layer);
      layer.state.session.lossDeclared({ operation, trail: layer.instance.made, model: undefined });
    },
    forwardSignature: entry.inputs,
    forward: (layer, call) => {
      const composed = entry.composed?.(call.with(layer.instance.attributes));
      if (composed) return composed;
      const inputs = tensorArguments(call, entry.inputs);
      if (inputs.length === 0) return undefined;
      return layer.result(
        applyLoss(layer.state, lossOperation(entry.loss, layer), inputs, call.site(), entry.unreduced),
      );
    },
  }),
);

/** The tensors among the named arguments, the first of which must be one. */
export function tensorArguments(call: TorchCall, names: string): NonNullable<ReturnType<TorchCall['tensor']>>[] {
  const tensors = names.split(', ').map((name) => call.tensor(name));
  return tensors[0] ? tensors.filter((tensor) => tensor !== undefined) : [];
}
