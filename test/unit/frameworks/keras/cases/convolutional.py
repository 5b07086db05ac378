import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Conv2D(64, 3, strides=2, padding="same", activation="relu", kernel_initializer="he_uniform"),
        layers.BatchNormalization(),
        layers.AveragePooling2D(2, padding="same"),
        layers.Conv2D(32, 3, dilation_rate=2, padding="same", groups=4),
        layers.SpatialDropout2D(0.1),
        layers.ZeroPadding2D(((1, 2), (0, 1))),
        layers.Cropping2D(1),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
