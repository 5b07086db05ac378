import keras
from keras import layers

model = keras.Sequential(
    [
        layers.InputLayer(shape=(16, 32, 32, 2)),
        layers.Conv3D(8, 3, activation="relu"),
        layers.MaxPooling3D(2),
        layers.Conv3DTranspose(4, 3, strides=2, padding="same"),
        layers.GlobalAveragePooling3D(),
        layers.Dense(6),
    ]
)
