import keras
from keras import layers

a = keras.Input((32,))
b = keras.Input((32,))
merged = [
    layers.Subtract()([a, b]),
    layers.Multiply()([a, b]),
    layers.Maximum()([a, b]),
    layers.Minimum()([a, b]),
    layers.Average()([a, b]),
]
x = layers.Concatenate()(merged)
x = layers.UnitNormalization()(x)
dot = layers.Dot(axes=1)([a, b])
model = keras.Model([a, b], [layers.Dense(8, activation=layers.LeakyReLU())(x), dot])
