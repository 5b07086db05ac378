import { uniform } from '../../../network/initialisers';
import { makeFloat, makeInt, makeTuple, none } from '../../../python/make';
import type { Value } from '../../../python/values';
import type { TorchCall } from '../call';
import type { Layer, LayerEntry } from '../layer';
import { applyCell, applyRecurrent, gateCount, mostLayers, type RecurrentCell } from '../operations/recurrent';
import { type PackedPayload, packedOf, packedValue, unpacked } from '../packedSequence';

const tail = 'num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False';

/** Recurrent layers, PyTorch 2.13 `nn/modules/rnn.py`: everything U(±1/√H), two biases a layer. */
export const recurrentLayers: readonly LayerEntry[] = [
  recurrentLayer(
    'RNN',
    'rnn',
    `input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True, batch_first=False, dropout=0.0, bidirectional=False, device=None, dtype=None`,
  ),
  recurrentLayer('LSTM', 'lstm', `input_size, hidden_size, ${tail}, proj_size=0, device=None, dtype=None`),
  recurrentLayer('GRU', 'gru', `input_size, hidden_size, ${tail}, device=None, dtype=None`),
  cellLayer('RNNCell', 'rnn', "input_size, hidden_size, bias=True, nonlinearity='tanh', device=None, dtype=None"),
  cellLayer('LSTMCell', 'lstm', 'input_size, hidden_size, bias=True, device=None, dtype=None'),
  cellLayer('GRUCell', 'gru', 'input_size, hidden_size, bias=True, device=None, dtype=None'),
];

function recurrentLayer(name: string, cell: RecurrentCell, signature: string): LayerEntry {
  return {
    name,
    signature,
    build: (layer) => {
      const layers = Math.min(layer.int('num_layers') ?? 0, mostLayers);
      const directions = layer.flag('bidirectional') ? ['', '_reverse'] : [''];
      const hidden = layer.int('hidden_size');
      const projected = layer.int('proj_size') || hidden;
      for (let index = 0; index < layers; index++) {
        const inputs = index === 0 ? layer.int('input_size') : projected && projected * directions.length;
        for (const direction of directions) {
          buildCell(layer, cell, inputs, hidden, projected, `_l${index}${direction}`, layer.flag('bias') !== false);
        }
      }
      layer.set('dropout', makeFloat(layer.number('dropout') ?? 0));
    },
    forwardSignature: 'input, hx=None',
    forward: (layer, call) => {
      const packed = packedOf(call.value('input'));
      if (packed) return applyToPacked(layer, cell, packed, call);
      const input = call.tensor('input');
      return input && applyRecurrent(layer, cell, input, call.value('hx'), call.site());
    },
    methods: { flatten_parameters: { signature: '', call: () => none } },
  };
}

/** Packed sequences have no axis of their own to put first: the output is packed as the layer works. */
function applyToPacked(layer: Layer, cell: RecurrentCell, packed: PackedPayload, call: TorchCall): Value | undefined {
  const site = call.site();
  const isBatchFirst = layer.flag('batch_first') ?? false;
  const input = unpacked(layer.state, packed, isBatchFirst, site);
  const result = applyRecurrent(layer, cell, input, call.value('hx'), site);
  const [output, hidden] = result?.kind === 'tuple' ? result.items : [];
  const padded = layer.state.tensorOf(output);
  return padded && hidden && makeTuple([packedValue(layer.state, padded, isBatchFirst, site), hidden]);
}

function cellLayer(name: string, cell: RecurrentCell, signature: string): LayerEntry {
  return {
    name,
    signature,
    build: (layer) => {
      const hidden = layer.int('hidden_size');
      buildCell(layer, cell, layer.int('input_size'), hidden, hidden, '', layer.flag('bias') !== false);
      layer.set('num_layers', makeInt(1));
    },
    forwardSignature: 'input, hx=None',
    forward: (layer, call) => {
      const input = call.tensor('input');
      return input && applyCell(layer, cell, input, call);
    },
  };
}

function buildCell(
  layer: Layer,
  cell: RecurrentCell,
  inputs: number | undefined,
  hidden: number | undefined,
  projected: number | undefined,
  suffix: string,
  hasBias: boolean,
): void {
  const rows = hidden && gateCount[cell] * hidden;
  const bound = hidden ? 1 / Math.sqrt(hidden) : 0;
  const distribution = uniform(-bound, bound);
  const scheme = 'uniform_(±1/√hidden_size)';
  layer.parameter(`weight_ih${suffix}`, [rows, inputs], distribution, scheme);
  layer.parameter(`weight_hh${suffix}`, [rows, projected], distribution, scheme);
  if (hasBias) {
    layer.parameter(`bias_ih${suffix}`, [rows], distribution, scheme);
    layer.parameter(`bias_hh${suffix}`, [rows], distribution, scheme);
  }
  if (projected !== hidden) layer.parameter(`weight_hr${suffix}`, [projected, hidden], distribution, scheme);
}
