import assert from 'node:assert/strict';
import { keras } from '../../../../src/core/frameworks/keras/keras';
import type { NetworkNode } from '../../../../src/core/network/network';
import { applyModel, nameValue, type TracedText, traceText } from './readKeras';

const head = 'import keras\nimport tensorflow as tf\nfrom keras import layers, ops\n';

function nodeKinds(nodes: readonly NetworkNode[]): readonly string[] {
  return nodes.map(({ operation }) => operation.kind);
}

function paths(nodes: readonly NetworkNode[]): readonly string[] {
  return nodes.map(({ path }) => path);
}

/** The source text that a node was made by. */
function madeBy(text: string, node: NetworkNode | undefined): string {
  return node ? text.slice(node.provenance.made.start, node.provenance.made.end) : '';
}

function openedKeras(traced: TracedText) {
  const opened = traced.opened.get(keras);
  assert.ok(opened);
  return opened;
}

suite('keras: where nodes stand', () => {
  const text = `${head}
model = keras.Sequential([
    keras.Input((8,)),
    layers.Dense(6, "sigmoid", kernel_initializer="he_normal"),
    layers.Dense(4, activation=keras.activations.tanh),
    layers.Activation("softmax"),
])
`;
  const traced = traceText(text);
  const { nodes, parameters } = applyModel(traced);

  test('an activation argument is a node after its layer, at the argument itself', () => {
    assert.deepEqual(paths(nodes), [
      'inputs',
      'dense',
      'dense/activation',
      'dense_1',
      'dense_1/activation',
      'activation',
    ]);
    assert.equal(madeBy(text, nodes[2]), '"sigmoid"');
    assert.equal(madeBy(text, nodes[4]), 'keras.activations.tanh');
    assert.equal(madeBy(text, nodes[5]), 'layers.Activation("softmax")');
    assert.equal(madeBy(text, nodes[1]), 'layers.Dense(6, "sigmoid", kernel_initializer="he_normal")');
  });

  test('an initialiser knows where it is set and whether anybody set it', () => {
    const [kernel, bias] = parameters;
    assert.equal(kernel?.initialiser.scheme, 'HeNormal');
    assert.equal(kernel?.initialiser.isDefault, false);
    const span = kernel?.initialiser.span;
    assert.equal(span && text.slice(span.start, span.end), '"he_normal"');
    assert.equal(bias?.initialiser.isDefault, true);
    assert.equal(parameters[2]?.initialiser.scheme, 'GlorotUniform');
  });

  test('weights of dense layers are [out, in]', () => {
    assert.deepEqual(
      parameters.map(({ shape }) => shape),
      [[6, 8], [6], [4, 6], [4]],
    );
  });

  test('a second application gets the same paths', () => {
    assert.deepEqual(paths(applyModel(traced).nodes), paths(nodes));
  });
});

suite('keras: inputs', () => {
  const shapes: readonly (readonly [string, string, readonly (number | undefined)[] | undefined])[] = [
    ['Input', 'keras.Sequential([keras.Input(shape=(3, 5)), layers.Dense(2)])', [3, 5]],
    ['input_shape', 'keras.Sequential([layers.Dense(2, input_shape=(7,))])', [7]],
    ['input_dim', 'keras.Sequential([layers.Dense(2, input_dim=9)])', [9]],
    ['open length', 'keras.Sequential([keras.Input((None, 4)), layers.LSTM(2)])', [undefined, 4]],
    ['nothing', 'keras.Sequential([layers.Dense(2)])', undefined],
  ];
  for (const [name, expression, expected] of shapes) {
    test(name, () => {
      const traced = traceText(`${head}model = ${expression}\n`);
      const model = nameValue(traced, 'model');
      const opened = openedKeras(traced);
      assert.ok(model && opened.isModel(model));
      assert.deepEqual(opened.declaredInputShapes(model)?.[0], expected);
    });
  }

  test('the data that a model is trained on tells its shape', () => {
    const traced = traceText(
      `${head}import numpy as np\nmodel = keras.Sequential([layers.Dense(2)])\nmodel.compile(loss="mse")\nmodel.fit(np.random.rand(100, 20), np.zeros(100), epochs=3)\n`,
    );
    assert.equal(applyModel(traced).parameters[0]?.shape[1], 20);
  });

  test('other sizes tried later make the weights anew', () => {
    const traced = traceText(`${head}model = keras.Sequential([layers.Dense(3), layers.Dense(2)])\n`);
    const opened = openedKeras(traced);
    const model = nameValue(traced, 'model');
    assert.ok(model && opened.isModel(model));
    for (const size of [5, 11]) {
      const input = traced.session.input([size], 'x', 0);
      opened.apply(model, [opened.tensorValue(input)], traced.interpreter.context([]));
      const [kernel] = opened.parametersOf(model);
      assert.deepEqual(kernel === undefined ? undefined : traced.session.tracer.parameter(kernel).shape, [3, size]);
    }
    assert.deepEqual(traced.session.mismatches, []);
  });

  test('sizes left open by a functional model are filled when it is applied', () => {
    const traced = traceText(
      `${head}i = keras.Input((None, None, 3))
x = layers.Conv2D(8, 3, strides=2, padding="same")(i)
x = layers.MaxPooling2D()(x)
x = x + layers.Conv2D(8, 1)(x)
x = layers.Reshape((-1, 8))(x)
model = keras.Model(i, x)
`,
    );
    const opened = openedKeras(traced);
    const model = nameValue(traced, 'model');
    assert.ok(model && opened.isModel(model));
    const input = traced.session.input([33, 20, 3], 'x', 0);
    const result = opened.apply(model, [opened.tensorValue(input)], traced.interpreter.context([]));
    assert.deepEqual(opened.tensorsIn(result)[0]?.shape, [{ perBatch: 1 }, 40, 8]);
  });

  test('a model called on placeholders alone is no application', () => {
    const traced = traceText(
      `${head}inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)])\ni = keras.Input((4,))\nmodel = keras.Model(i, inner(i))\n`,
    );
    assert.equal(traced.session.applications.length, 0);
    const { nodes } = applyModel(traced);
    assert.deepEqual(paths(nodes).slice(1), ['sequential/dense']);
  });
});

suite('keras: what is a model and what its layers become', () => {
  test('a model that only trains others is none', () => {
    const traced = traceText(`${head}
class Trainer(keras.Model):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner
    def train_step(self, data):
        return {}
inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
trainer = Trainer(inner)
`);
    const opened = openedKeras(traced);
    const isModel = (name: string) => {
      const value = nameValue(traced, name);
      return value !== undefined && opened.isModel(value);
    };
    const cls = nameValue(traced, 'Trainer');
    assert.equal(isModel('inner'), true);
    assert.equal(isModel('trainer'), false);
    assert.equal(cls?.kind === 'class' && opened.isModelClass(cls), false);
  });

  test('star imports', () => {
    const traced = traceText(
      'from numpy import *\nfrom keras.models import *\nfrom keras.layers import *\nmodel = Sequential([Input((3,)), Dense(2), PReLU()])\ny = tanh(linspace(0, 1, 5))\n',
    );
    assert.deepEqual(traced.interpreter.unknowns, []);
    assert.deepEqual(nodeKinds(applyModel(traced).nodes), ['input', 'linear', 'activation']);
  });

  test('a ready-made network is an unknown in its place', () => {
    const traced = traceText(`${head}
base = keras.applications.ResNet50(include_top=False)
i = keras.Input((64, 64, 3))
model = keras.Model(i, layers.GlobalAveragePooling2D()(base(i)))
`);
    const { nodes } = applyModel(traced);
    assert.deepEqual(nodeKinds(nodes), ['input', 'unknown', 'reduction']);
    assert.deepEqual(nodes[1]?.inputs, [nodes[0]?.id]);
  });

  test('a product with a weight of the layer itself is a dense layer', () => {
    const traced = traceText(`${head}
class Linear(layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 6), initializer=keras.initializers.RandomNormal(stddev=0.1))
    def call(self, x):
        return x @ self.w
model = keras.Sequential([keras.Input((5,)), Linear()])
`);
    const { nodes, parameters } = applyModel(traced);
    const linear = nodes.find(({ operation }) => operation.kind === 'linear');
    assert.deepEqual(linear?.operation, { kind: 'linear', inFeatures: 5, outFeatures: 6 });
    assert.deepEqual(linear.parameters, [{ role: 'weight', parameter: parameters[0]?.id }]);
    assert.deepEqual(parameters[0]?.initialiser.distribution, { kind: 'normal', mean: 0, std: 0.1 });
  });

  test('multi-head attention of equal widths is one node, others are spelt out', () => {
    const kinds = (keyWidth: number) => {
      const text = `${head}i = keras.Input((7, 12))\nmodel = keras.Model(i, layers.MultiHeadAttention(3, ${keyWidth})(i, i, use_causal_mask=True))\n`;
      return applyModel(traceText(text)).nodes.flatMap(({ operation }) =>
        operation.kind === 'multiheadAttention' || operation.kind === 'attention'
          ? [[operation.kind, operation.isCausal]]
          : [],
      );
    };
    assert.deepEqual(kinds(4), [['multiheadAttention', true]]);
    assert.deepEqual(kinds(5), [['attention', true]]);
  });

  test('the forget gate starts at one', () => {
    const traced = traceText(`${head}model = keras.Sequential([keras.Input((9, 4)), layers.LSTM(5)])\n`);
    const recurrent = applyModel(traced).nodes.at(-1)?.operation;
    assert.equal(recurrent?.kind === 'recurrent' && recurrent.forgetBias, 1);
  });

  test('an initialiser given as a configuration', () => {
    const traced = traceText(
      `${head}model = keras.Sequential([keras.Input((8,)), layers.Dense(2, kernel_initializer={"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"}})])\n`,
    );
    assert.deepEqual(applyModel(traced).parameters[0]?.initialiser.distribution, { kind: 'normal', mean: 0, std: 1 });
  });
});

suite('keras: losses', () => {
  const table: readonly (readonly [string, string])[] = [
    ['loss="categorical_crossentropy"', 'crossEntropyProbabilities'],
    ['loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)', 'crossEntropyLogits'],
    ['loss=tf.keras.losses.BinaryCrossentropy()', 'binaryCrossEntropyProbabilities'],
    ['loss=keras.losses.BinaryCrossentropy(from_logits=True)', 'binaryCrossEntropyLogits'],
    ['loss=keras.losses.mean_squared_error', 'meanSquaredError'],
    ['optimizer="sgd", loss="mae"', 'meanAbsoluteError'],
    ['"adam", keras.losses.Huber(delta=0.5)', 'huber'],
    ['loss=lambda y, p: p', 'unknown'],
  ];
  for (const [argument, expected] of table) {
    test(argument, () => {
      const text = `${head}model = keras.Sequential([keras.Input((2,)), layers.Dense(3)])\nmodel.compile(${argument})\n`;
      const { session, scope } = traceText(text);
      assert.deepEqual(
        session.losses.map(({ operation }) => operation.loss),
        [expected],
      );
      assert.equal(session.losses[0]?.model, scope.names.get('model'));
    });
  }

  test('the loss stands where the argument is written', () => {
    const text = `${head}model = keras.Sequential([layers.Dense(3)])\nmodel.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse", metrics=["mae"])\n`;
    const [loss] = traceText(text).session.losses;
    const span = loss?.trail[0];
    assert.equal(span && text.slice(span.start, span.end), '"mse"');
  });

  test('a training step with a tape starts gradients from its loss', () => {
    const text = `${head}import numpy as np
model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
loss_fn = keras.losses.MeanSquaredError()
with tf.GradientTape() as tape:
    value = loss_fn(np.zeros((8, 3)), model(np.random.randn(8, 4)))
grads = tape.gradient(value, model.trainable_weights)
`;
    const { session } = traceText(text);
    const node = session.tracer.nodes[session.lossesSeen[0]?.node ?? -1];
    assert.equal(node?.operation.kind, 'loss');
  });
});

suite('keras: variables as weights', () => {
  test('a layer trains the variables that it keeps, and draws them as they are written', () => {
    const traced = traceText(`${head}
class Affine(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.w = tf.Variable(tf.random.normal((16, units), stddev=0.1))
        self.extra = [tf.Variable(tf.ones((units,)), trainable=False)]
    def call(self, x):
        return tf.matmul(x, self.w) + self.extra[0]
i = keras.Input((16,))
model = keras.Model(i, layers.Dense(2)(Affine(8)(i)))
`);
    const { parameters } = applyModel(traced);
    assert.deepEqual(
      parameters.map(({ shape, isTrainable }) => [shape, isTrainable]),
      [
        [[16, 8], true],
        [[8], false],
        [[2, 8], true],
        [[2], true],
      ],
    );
    assert.deepEqual(parameters[0]?.initialiser.distribution, { kind: 'normal', mean: 0, std: 0.1 });
  });
});

suite('keras: as Keras 1 and 2 wrote it', () => {
  const traced = traceText(`from keras.layers.convolutional import Convolution2D
from keras.layers.core import Activation, Dense, Dropout, Flatten
from keras.layers.normalization import BatchNormalization
from keras.layers.recurrent import LSTM
from keras.models import Sequential
from keras.optimizers import SGD
from keras.regularizers import l2
model = Sequential()
model.add(Convolution2D(nb_filter=8, nb_row=3, nb_col=5, border_mode='same', input_shape=(12, 12, 3), init='he_normal', W_regularizer=l2(1e-4)))
model.add(BatchNormalization())
model.add(Activation('relu'))
model.add(Flatten())
model.add(Dense(output_dim=20, init='uniform', bias=False))
model.add(Dropout(p=0.3))
model.add(Dense(4, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer=SGD(lr=0.01, decay=1e-6), metrics=['accuracy'])
`);
  const { nodes, parameters } = applyModel(traced);

  test('former names of arguments are read', () => {
    assert.deepEqual(traced.interpreter.unknowns, []);
    assert.deepEqual(
      parameters.filter(({ isTrainable }) => isTrainable).map(({ shape }) => shape),
      [[8, 3, 3, 5], [8], [8], [8], [20, 12 * 12 * 8], [4, 20], [4]],
    );
    assert.equal(parameters[0]?.initialiser.scheme, 'HeNormal');
    const dropout = nodes.find(({ operation }) => operation.kind === 'dropout')?.operation;
    assert.equal(dropout?.kind === 'dropout' && dropout.rate, 0.3);
  });
});

suite('keras: what stays unknown', () => {
  test('a layer that is not followed keeps the graph connected', () => {
    const traced = traceText(
      `${head}i = keras.Input((4, 5, 6, 3))\nmodel = keras.Model(i, layers.Dense(2)(layers.ConvLSTM2D(4, 3)(i)))\n`,
    );
    const { nodes } = applyModel(traced);
    assert.deepEqual(nodeKinds(nodes), ['input', 'unknown', 'linear']);
  });

  test('an unknown width leaves an unknown, never a guess', () => {
    const traced = traceText(
      `${head}model = keras.Sequential([keras.Input((4,)), layers.Dense(missing), layers.Dense(2)])\n`,
    );
    assert.equal(applyModel(traced).nodes[1]?.operation.kind, 'unknown');
  });

  test('an activation of an unknown name', () => {
    const traced = traceText(
      `${head}model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="wobble")])\n`,
    );
    const last = applyModel(traced).nodes.at(-1);
    assert.equal(last?.operation.kind === 'unknown' && last.operation.reason, 'the activation wobble is not known');
  });

  test('a convolution of the wrong rank tells the input policy', () => {
    const traced = traceText(`${head}model = keras.Sequential([layers.Conv2D(4, 3)])\n`, [16]);
    applyModel(traced);
    assert.equal(traced.session.mismatches.length, 1);
  });

  const broken = [
    'model = keras.Sequential(5)',
    'model = keras.Sequential([1, None, "x", layers.Dense])',
    'model = keras.Sequential([layers.Dense(-3)])',
    'model = keras.Model(3, 4)',
    'model = keras.Sequential([layers.Conv2D(4, (3, 3, 3))])',
    'model = keras.Sequential([keras.Input((4,)), layers.Dense(float("nan")), layers.Reshape((0, -1))])',
    'model = keras.Sequential()\nmodel.add(model)',
    'model = keras.Sequential([layers.Bidirectional(layers.Dense(3)), layers.TimeDistributed(4), layers.RNN(None)])',
    'model = keras.Sequential([layers.MultiHeadAttention(0, 0), layers.Dot(5), layers.Add()])',
    'layers.Dense(3)()\nkeras.Input()\nlayers.Add()([])\nmodel = keras.Model()',
  ];
  for (const text of broken) {
    test(`never throws: ${text}`, () => {
      const traced = traceText(`${head}${text}\n`, [4]);
      const model = nameValue(traced, 'model');
      const opened = openedKeras(traced);
      if (model && opened.isModel(model)) {
        opened.declaredInputShapes(model);
        opened.forwardParameters(model);
        opened.apply(model, [], traced.interpreter.context([]));
        opened.parametersOf(model);
      }
      assert.ok(traced.session.tracer.nodes.length < 100);
    });
  }
});

suite('keras: names looked up by the user', () => {
  test('activations.get gives the function of a name, the identity for None, and a callable as it is', () => {
    const traced = traceText(`${head}
class Scaled(layers.Layer):
    def __init__(self, units, activation=None, kernel_initializer="he_normal"):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer=self.kernel_initializer)
    def call(self, x):
        return self.activation(ops.matmul(x, self.w))
model = keras.Sequential([keras.Input((8,)), Scaled(6, "tanh"), Scaled(5, ops.relu), Scaled(4)])
`);
    const { nodes } = applyModel(traced);
    const kinds = nodes.flatMap(({ operation }) =>
      operation.kind === 'activation' ? [operation.activation.id] : operation.kind === 'unknown' ? ['unknown'] : [],
    );
    assert.deepEqual(kinds, ['tanh', 'relu']);
    assert.deepEqual(nodes.at(-1)?.outputShape?.at(-1), 4);
  });
});
