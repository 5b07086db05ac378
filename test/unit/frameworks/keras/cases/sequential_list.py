import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input(shape=(64,)),
        layers.Dense(48, activation="relu", kernel_initializer="he_normal"),
        layers.Dense(32, activation="tanh", kernel_initializer=keras.initializers.RandomNormal(stddev=0.2)),
        layers.Dense(10, activation="softmax", use_bias=False),
    ]
)
