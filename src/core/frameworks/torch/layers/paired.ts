import type { LayerEntry } from '../layer';
import { pairedOperations } from '../operations/paired';

/** Layers that hand their arguments to the function of the same operation. */
export const pairedLayers: readonly LayerEntry[] = [
  ...pairedOperations.map(
    ({ layer: name, options, inputs, extra, call: apply }): LayerEntry => ({
      name,
      signature: options,
      forwardSignature: extra ? `${inputs}, ${extra}` : inputs,
      forward: (layer, call) => apply(call.with(layer.instance.attributes)),
    }),
  ),
  {
    name: 'CrossMapLRN2d',
    signature: 'size, alpha=0.0001, beta=0.75, k=1',
    forward: (_layer, call) => call.unknown('torch.nn.CrossMapLRN2d is not followed', call.tensor('input')?.shape),
  },
];
