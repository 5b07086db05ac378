import assert from 'node:assert/strict';
import type { Dim, NetworkNode, Parameter } from '../../../../src/core/network/network';
import recorded from './layers.json';
import { applyModel, traceText } from './readKeras';

interface RecordedLayer {
  readonly layer: string;
  readonly inputs: readonly (readonly number[])[];
  /** How the layer is called where it is not `layer(input)` or `layer([input, …])`. */
  readonly form?: string;
  readonly parameters: number;
  readonly trainable: number;
  readonly weights: number;
  readonly outputs: readonly (readonly (number | null)[])[];
}

/** Layers of which shapes and weights are known, but not what they do to the signal, with the reason that they give. */
const notFollowed: Readonly<Record<string, RegExp>> = {
  'layers.Bidirectional(layers.LSTM(4, return_sequences=True, return_state=True))': /cell state of an LSTM/,
  CategoryEncoding: /depends on the data/,
  "layers.Discretization([-1.0, 0.0, 1.0], output_mode='multi_hot')": /depends on the data/,
  ConvLSTM1D: /convolutional LSTM/,
  ConvLSTM2D: /convolutional LSTM/,
  ConvLSTM3D: /convolutional LSTM/,
  MelSpectrogram: /MelSpectrogram is not followed/,
  STFTSpectrogram: /STFTSpectrogram is not followed/,
};

const calls: Readonly<Record<string, string>> = {
  query: 'layer(*inputs)',
  cell: 'layer(inputs[0], list(inputs[1:]))',
  plain: 'layer(inputs if len(inputs) > 1 else inputs[0])',
};

suite('keras: layers as Keras itself counts and shapes them', () => {
  const rows: readonly RecordedLayer[] = recorded.layers;
  for (const row of rows) {
    test(`${row.layer} of ${row.inputs.map((shape) => shape.join('×')).join(', ')}`, () => {
      const inputs = row.inputs.map((shape) => `keras.Input((${shape.map((size) => `${size},`).join(' ')}))`);
      const traced = traceText(`import keras
from keras import layers, ops
inputs = [${inputs.join(', ')}]
layer = ${row.layer}
outputs = ${calls[row.form ?? 'plain']}
model = keras.Model(inputs, outputs)
`);
      assert.deepEqual(traced.interpreter.unknowns, []);
      assert.deepEqual(traced.session.mismatches, []);
      const { nodes, parameters, outputs } = applyModel(traced);
      assert.equal(countOf(parameters), row.parameters, 'parameters');
      assert.equal(countOf(parameters.filter(({ isTrainable }) => isTrainable)), row.trainable, 'trainable');
      assert.equal(parameters.length, row.weights, 'weights');
      // Keras leaves sizes open that its own arguments say are so, though the input tells them.
      const shapes = outputs.map(({ shape }, index) =>
        shape?.slice(1).map((dim, axis) => (row.outputs[index]?.[axis] === null ? null : plainSize(dim))),
      );
      assert.deepEqual(shapes, row.outputs, 'output shapes');
      const name = /^layers\.(\w+)/.exec(row.layer)?.[1] ?? '';
      const reason = notFollowed[row.layer] ?? notFollowed[name];
      const unknowns = reasonsOf(nodes);
      if (reason) assert.ok(unknowns.length > 0 && unknowns.every((text) => reason.test(text)), String(unknowns));
      else assert.deepEqual(unknowns, []);
    });
  }
});

function plainSize(dim: Dim): number | null {
  return typeof dim === 'number' ? dim : null;
}

function reasonsOf(nodes: readonly NetworkNode[]): readonly string[] {
  return nodes.flatMap(({ operation }) => (operation.kind === 'unknown' ? [operation.reason] : []));
}

function countOf(parameters: readonly Parameter[]): number {
  return parameters.reduce((total, { shape }) => total + shape.reduce((product, size) => product * size, 1), 0);
}
