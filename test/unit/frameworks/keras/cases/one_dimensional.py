import keras
from keras import layers

inputs = keras.Input(shape=(100, 6))
x = layers.Conv1D(16, 5, padding="causal", dilation_rate=2, activation="relu")(inputs)
x = layers.SeparableConv1D(24, 3, activation="swish")(x)
x = layers.MaxPool1D(2)(x)
x = layers.Conv1DTranspose(12, 4, strides=3)(x)
x = layers.LayerNormalization()(x)
x = layers.PReLU(shared_axes=[1])(x)
x = layers.GlobalMaxPool1D()(x)
model = keras.Model(inputs=inputs, outputs=layers.Dense(2)(x), name="series")
