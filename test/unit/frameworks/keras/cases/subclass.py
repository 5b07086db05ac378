# input: 40
import keras
from keras import layers


class MLP(keras.Model):
    def __init__(self, widths=(64, 32), classes=10, **kwargs):
        super().__init__(**kwargs)
        self.hidden = [layers.Dense(width, activation="relu", kernel_initializer="lecun_normal") for width in widths]
        self.drop = layers.Dropout(0.3)
        self.norm = layers.BatchNormalization()
        self.head = layers.Dense(classes)

    def call(self, inputs, training=False):
        x = inputs
        for layer in self.hidden:
            x = layer(x)
        x = self.norm(x, training=training)
        if training:
            x = self.drop(x, training=training)
        return self.head(x)


model = MLP()
