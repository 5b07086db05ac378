import type { Value } from '../../../python/values';
import type { TorchCall } from '../call';
import { constructLayerChild } from '../children';
import type { Layer, LayerEntry, LayerMethod } from '../layer';

const stubs = 'torch.ao.quantization';

/** What stands in a model that is to be quantised, while it still computes in floats: PyTorch 2.13 `ao/nn/quantized/modules/functional_modules.py`, `ao/quantization/stubs.py`. */
export const quantizationLayers: readonly LayerEntry[] = [
  {
    name: 'FloatFunctional',
    home: 'torch.ao.nn.quantized',
    signature: '',
    build: (layer) => constructLayerChild(layer, 'activation_post_process', 'Identity', []),
    forward: (_layer, call) => call.unknown('FloatFunctional is not called itself: its methods are'),
    methods: {
      add: binary('+'),
      add_scalar: binary('+'),
      mul: binary('*'),
      mul_scalar: binary('*'),
      matmul: binary('@'),
      add_relu: { signature: 'x, y', call: (layer, call) => observed(layer, relu(call, sum(call))) },
      cat: {
        signature: 'x, dim=0',
        call: (layer, call) => {
          const tensors = call.value('x');
          const axis = call.value('dim');
          return observed(
            layer,
            tensors && axis && call.context.call(call.state.torchFunction('cat'), [tensors, axis]),
          );
        },
      },
    },
  },
  ...['QuantStub', 'DeQuantStub'].map(
    (name): LayerEntry => ({
      name,
      home: stubs,
      signature: 'qconfig=None',
      forward: (_layer, call) => call.value('input'),
    }),
  ),
  {
    name: 'QuantWrapper',
    home: stubs,
    signature: 'module',
    build: (layer) => {
      const wrapped = layer.get('module');
      layer.instance.attributes.delete('module');
      constructLayerChild(layer, 'quant', 'QuantStub', []);
      constructLayerChild(layer, 'dequant', 'DeQuantStub', []);
      if (wrapped) layer.set('module', wrapped);
    },
    forward: (layer, call) => {
      const input = call.value('input');
      const module = layer.get('module');
      return input && module && call.context.call(module, [input]);
    },
  },
];

function binary(operator: string): LayerMethod {
  return {
    signature: 'x, y',
    call: (layer, call) => {
      const left = call.value('x');
      const right = call.value('y');
      return observed(layer, left && right && call.context.binary(operator, left, right));
    },
  };
}

function sum(call: TorchCall): Value | undefined {
  const left = call.value('x');
  const right = call.value('y');
  return left && right && call.context.binary('+', left, right);
}

function relu(call: TorchCall, value: Value | undefined): Value | undefined {
  return value && call.context.call(call.state.torchFunction('relu'), [value]);
}

/** The observer that quantisation puts in place of an Identity. */
function observed(layer: Layer, value: Value | undefined): Value | undefined {
  const observer = layer.get('activation_post_process');
  return value && observer && layer.context.call(observer, [value]);
}
