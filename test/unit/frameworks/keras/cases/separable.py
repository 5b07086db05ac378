import keras
from keras import layers

inputs = keras.Input(shape=(32, 32, 3))
x = layers.Rescaling(1.0 / 255)(inputs)
x = layers.SeparableConv2D(24, 3, padding="same", activation="relu", depth_multiplier=2)(x)
x = layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, padding="same")(x)
x = layers.GroupNormalization(groups=8)(x)
x = layers.LeakyReLU(0.1)(x)
x = layers.Conv2DTranspose(16, 4, strides=2, padding="same")(x)
x = layers.Conv2DTranspose(8, 3, strides=2)(x)
x = layers.UpSampling2D(2, interpolation="bilinear")(x)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(3)(x)
model = keras.Model(inputs, outputs)
