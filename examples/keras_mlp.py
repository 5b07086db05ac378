"""A Keras classifier whose hidden sigmoids starve the first layer; the second model is its repair."""

import keras
import numpy as np
from keras import layers

sigmoid_model = keras.Sequential(
    [
        keras.Input(shape=(784,)),
        layers.Dense(128, activation="sigmoid"),
        layers.Dense(128, activation="sigmoid"),
        layers.Dense(128, activation="sigmoid"),
        layers.Dense(128, activation="sigmoid"),
        layers.Dense(128, activation="sigmoid"),
        layers.Dense(128, activation="sigmoid"),
        layers.Dense(128, activation="sigmoid"),
        layers.Dense(128, activation="sigmoid"),
        layers.Dense(10, activation="softmax"),
    ]
)

relu_model = keras.Sequential(
    [
        keras.Input(shape=(784,)),
        layers.Dense(128, activation="relu", kernel_initializer="he_normal"),
        layers.Dense(128, activation="relu", kernel_initializer="he_normal"),
        layers.Dense(128, activation="relu", kernel_initializer="he_normal"),
        layers.Dense(128, activation="relu", kernel_initializer="he_normal"),
        layers.Dense(10, activation="softmax"),
    ]
)

if __name__ == "__main__":
    images = np.random.rand(256, 784).astype("float32")
    labels = np.random.randint(0, 10, size=(256,))
    for model in (sigmoid_model, relu_model):
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, epochs=1, batch_size=64)
