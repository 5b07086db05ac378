import type { LayerEntry } from '../layer';

/** Wrappers that spread a module over devices, PyTorch 2.13 `nn/parallel`: they do what the module does. */
export const wrapperLayers: readonly LayerEntry[] = [
  wrapper('DataParallel', 'torch.nn'),
  wrapper('DistributedDataParallel', 'torch.nn.parallel'),
];

function wrapper(name: string, home: string): LayerEntry {
  return {
    name,
    home,
    signature: 'module, device_ids=None, output_device=None, dim=0',
    forwardSignature: '*args',
    forward: (layer, call) => {
      const module = layer.get('module');
      return module && call.context.call(module, call.args.rest, call.args.values);
    },
  };
}
