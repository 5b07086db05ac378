"""Layers that other layers and operations are counted with."""
import keras
from keras import layers, ops
x = keras.Input((6, 8))
h = layers.MultiHeadAttention(2, 4)(x, x)
h = layers.Dropout(0.1)(h)
h = layers.Softmax()(h)
h = h + x
h = layers.Add()([h, x])
h = ops.add(h, x)
h = h * 2.0
h = layers.Multiply()([h, h])
h = keras.activations.relu(h)
h = layers.ReLU()(h)
h = ops.softmax(h)
h = layers.Softmax()(h)
h = ops.reshape(h, (-1, 48))
h = layers.Reshape((6, 8))(h)
h = layers.Activation('relu')(h)
class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.add = layers.Add()
    def call(self, z):
        return self.add([z + z, z * 2.0])
h = Block()(h)
h = layers.Add()([h, h])
h = layers.Dropout(0.1)(h)
model = keras.Model(x, h)
