import assert from 'node:assert/strict';
import type { ModelAnalysis } from '../../../../src/core/analysis';
import { analyze } from '../../../../src/core/analyze';

/** A package in the manner of Keras's own: public names that lead to files under `keras/src`, which use their neighbours there. */
const installed: Readonly<Record<string, string>> = {
  '/site/keras/applications/__init__.py':
    'from keras.applications import tiny as tiny\nfrom keras.src.applications.tiny import TinyNet as TinyNet\n',
  '/site/keras/applications/tiny/__init__.py': 'from keras.src.applications.tiny import TinyNet as TinyNet\n',
  '/site/keras/src/applications/__init__.py': '',
  '/site/keras/src/applications/tiny.py': `from keras.src import backend
from keras.src import layers
from keras.src.api_export import keras_export
from keras.src.layers.layer import Layer
from keras.src.models import Functional
from keras.src.ops import operation_utils
from keras.src.utils import file_utils

class Scale(Layer):
    def build(self, _):
        self.gamma = self.add_weight(shape=(6,), initializer="ones")
    def call(self, x):
        return x * self.gamma

@keras_export("keras.applications.TinyNet")
def TinyNet(include_top=True, weights="imagenet", input_tensor=None, input_shape=None, classes=10):
    if not (weights in {"imagenet", None} or file_utils.exists(weights)):
        raise ValueError("weights")
    if input_tensor is None:
        image = layers.Input(shape=input_shape or (None, None, 3))
    else:
        image = input_tensor
        assert backend.is_keras_tensor(input_tensor)
    axis = 3 if backend.image_data_format() == "channels_last" else 1
    x = layers.Conv2D(6, 3, padding="same", name="conv")(image)
    x = layers.BatchNormalization(axis=axis, name="bn")(x)
    x = Scale(name="scale")(x)
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(classes)(x)
    inputs = operation_utils.get_source_inputs(input_tensor)[0] if input_tensor is not None else image
    model = Functional(inputs, x, name="tiny")
    if weights == "imagenet":
        model.load_weights(file_utils.get_file("tiny.h5", "https://example.org"))
    return model
`,
};

async function modelOf(text: string, files = installed): Promise<ModelAnalysis> {
  const project = {
    searchPaths: ['/site'],
    readText: async (name: string) => (name === '/work/train.py' ? text : files[name]),
  };
  const { models } = await analyze(project, '/work/train.py', { clock: () => performance.now() });
  const model = models.at(-1);
  assert.ok(model);
  return model;
}

function count({ network }: ModelAnalysis, isTrainable?: boolean): number {
  const chosen = network.parameters.filter(
    (parameter) => isTrainable === undefined || parameter.isTrainable === isTrainable,
  );
  return chosen.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** Convolution, scale and normalisation; the moving statistics of the latter are no trainable weights. */
const body = 3 * 3 * 3 * 6 + 6 + 6 + 2 * 6;
const statistics = 2 * 6;

suite('keras.applications', () => {
  for (const [name, imports, callee] of [
    ['the package', 'import keras', 'keras.applications.TinyNet'],
    ['a name of it', 'from keras.applications import TinyNet', 'TinyNet'],
    ['a module of it', 'from keras.applications import tiny', 'tiny.TinyNet'],
    ['TensorFlow', 'import tensorflow as tf', 'tf.keras.applications.TinyNet'],
    ["TensorFlow's module", 'from tensorflow.keras.applications.tiny import TinyNet', 'TinyNet'],
  ] as const) {
    test(`read from source through ${name}`, async () => {
      const model = await modelOf(`${imports}\nmodel = ${callee}(weights=None, input_shape=(8, 8, 3), classes=4)\n`);
      assert.deepEqual(model.unknowns, []);
      assert.equal(count(model, true), body + 6 * 4 + 4);
      assert.equal(count(model, false), statistics);
      assert.deepEqual(model.network.nodes.at(-1)?.outputShape, [{ perBatch: 1 }, 4]);
    });
  }

  const transfer = `import keras
from keras import layers
from keras.applications import TinyNet
base = TinyNet(weights="imagenet", include_top=False, input_shape=(8, 8, 3))
base.trainable = False
x = layers.GlobalAveragePooling2D()(base.output)
model = keras.Model(base.input, layers.Dense(5, activation="softmax")(x))
`;

  test('takes the tensor that it is given as input', async () => {
    const model = await modelOf(`import keras
image = keras.Input((8, 8, 3))
base = keras.applications.TinyNet(weights=None, include_top=False, input_tensor=keras.layers.Rescaling([2, 3, 4])(image))
model = keras.Model(base.input, keras.layers.Flatten()(base.output))
`);
    assert.deepEqual(model.unknowns, []);
    assert.deepEqual(model.network.nodes.at(-1)?.outputShape, [{ perBatch: 1 }, 8 * 8 * 6]);
    assert.equal(count(model, true), body);
  });

  test('a frozen base leaves the head to train; its loaded weights are of unknown distribution', async () => {
    const model = await modelOf(transfer);
    assert.deepEqual(model.unknowns, []);
    assert.equal(count(model, true), 6 * 5 + 5);
    assert.equal(count(model, false), body + statistics);
    const unknown = model.network.parameters.filter(({ initialiser }) => initialiser.distribution.kind === 'unknown');
    assert.equal(unknown.length, 7);
    assert.deepEqual(model.findings, []);
  });

  test('pixels that the package itself scales come in unscaled', async () => {
    const body = `from keras.src import layers
from keras.src.models import Sequential
def TinyNet():
    return Sequential([layers.Input((32, 32, 3)), layers.Rescaling(1 / 127.5, offset=-1), layers.Conv2D(4, 3)])
`;
    const files = { ...installed, '/site/keras/src/applications/tiny.py': body };
    const model = await modelOf('import keras\nmodel = keras.applications.TinyNet()\n', files);
    assert.equal(model.input.statistics, 'image-unit × 255');
  });

  test('without its source the base is one unknown with the reason', async () => {
    const model = await modelOf(transfer, {});
    assert.deepEqual(
      model.unknowns.map(({ reason }) => reason.text)[0],
      'the source of keras.applications.TinyNet is not on the search path',
    );
    assert.deepEqual(model.network.nodes[0]?.outputShape, [{ perBatch: 1 }, 8, 8, 3]);
    assert.deepEqual(model.findings, []);
  });
});
