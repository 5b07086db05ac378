import keras
from keras import layers, ops


class Linear(layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True, name="w")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True, name="b")

    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b


class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.linear = Linear(units)
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(ops.tanh(self.linear(x)))


inputs = keras.Input(shape=(25,))
x = Linear(40, name="first")(inputs)
x = Block(20)(x)
x = layers.Lambda(lambda t: t * 2.0)(x)
model = keras.Model(inputs, x)
