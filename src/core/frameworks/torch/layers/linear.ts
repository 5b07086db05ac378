import type { Layer, LayerEntry } from '../layer';
import { linear } from '../operations/linear';

/** `torch.nn.Linear` and kin, PyTorch 2.13 `nn/modules/linear.py`. */
export const linearLayers: readonly LayerEntry[] = [
  {
    name: 'Linear',
    signature: 'in_features, out_features, bias=True, device=None, dtype=None',
    build: buildLinear,
    forward: (layer, call) => {
      const input = call.tensor('input');
      return input && layer.result(linear(layer.state, input, layer.get('weight'), layer.get('bias'), call.site()));
    },
  },
  {
    name: 'LazyLinear',
    signature: 'out_features, bias=True, device=None, dtype=None',
    forward: (layer, call) => {
      const input = call.tensor('input');
      if (!layer.get('weight') && input) {
        const size = input.shape?.at(-1);
        if (typeof size === 'number') {
          layer.set('in_features', { kind: 'int', value: size });
          buildLinear(layer);
        }
      }
      return input && layer.result(linear(layer.state, input, layer.get('weight'), layer.get('bias'), call.site()));
    },
  },
  {
    name: 'Bilinear',
    signature: 'in1_features, in2_features, out_features, bias=True, device=None, dtype=None',
    build: (layer) => {
      const in1 = layer.int('in1_features');
      const out = layer.int('out_features');
      const hasBias = layer.flag('bias');
      layer.fanInParameter('weight', [out, in1, layer.int('in2_features')], in1);
      if (hasBias !== false) layer.fanInParameter('bias', [out], in1);
      else layer.withoutParameter('bias');
    },
    forwardSignature: 'input1, input2',
    forward: (layer, call) => {
      const shape = call.tensor('input1')?.shape;
      return call.unknown(
        'torch.nn.Bilinear is not followed yet',
        shape && [...shape.slice(0, -1), layer.int('out_features')],
      );
    },
  },
  {
    name: 'Identity',
    signature: '*args',
    forward: (_layer, call) => call.value('input'),
  },
];

function buildLinear(layer: Layer): void {
  const inFeatures = layer.int('in_features');
  const outFeatures = layer.int('out_features');
  const hasBias = layer.flag('bias');
  layer.fanInParameter('weight', [outFeatures, inFeatures], inFeatures);
  if (hasBias !== false) layer.fanInParameter('bias', [outFeatures], inFeatures);
  else layer.withoutParameter('bias');
}
