import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((100,)),
        layers.Dense(4 * 4 * 32, use_bias=False),
        layers.BatchNormalization(momentum=0.8),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Reshape((4, 4, 32)),
        layers.Conv2DTranspose(16, (5, 5), strides=(2, 2), padding="same", use_bias=False),
        layers.GaussianNoise(0.1),
        layers.Conv2DTranspose(1, 5, strides=1, padding="valid", activation="tanh"),
    ],
    name="generator",
)
