import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="Mine", name="Scaled")
class Scaled(layers.Layer):
    def __init__(self, units, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.factor = factor
        self.dense = layers.Dense(units, use_bias=False)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.shift = self.add_weight(name="shift", shape=(self.units,), initializer=keras.initializers.RandomNormal(stddev=0.5))
        self.steps = self.add_weight(name="steps", shape=(), initializer="zeros", trainable=False)
        self.built = True

    def call(self, inputs):
        return self.dense(inputs) * self.factor + self.shift

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units, "factor": self.factor})
        return config


@keras.saving.register_keras_serializable()
def bent(x):
    return ops.where(x > 0.0, x, 0.1 * ops.expm1(x))


keras.utils.get_custom_objects().update({"bent": keras.layers.Activation(bent)})
copied = layers.Dense.from_config(layers.Dense(14, activation="tanh", kernel_initializer="he_normal").get_config())
restored = layers.deserialize(layers.serialize(layers.Dense(9, use_bias=False)))
model = keras.Sequential(
    [
        keras.Input((12,)),
        Scaled(16),
        layers.Activation(bent),
        Scaled.from_config(Scaled(10, factor=0.5, name="again").get_config()),
        copied,
        layers.Activation(keras.activations.get("elu")),
        restored,
    ]
)
