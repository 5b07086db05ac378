# input: 16,16,3
import keras
from keras import layers


class ConvBlock(layers.Layer):
    def __init__(self, filters, repeats=2, **kwargs):
        super().__init__(**kwargs)
        self.convs = [layers.Conv2D(filters, 3, padding="same", use_bias=False) for _ in range(repeats)]
        self.norms = [layers.BatchNormalization() for _ in range(repeats)]
        self.act = layers.LeakyReLU(negative_slope=0.1)

    def call(self, x, training=False):
        for conv, norm in zip(self.convs, self.norms):
            x = self.act(norm(conv(x), training=training))
        return x


class Net(keras.Model):
    def __init__(self, widths=(8, 16), classes=4):
        super().__init__(name="net")
        self.blocks = {f"stage{i}": ConvBlock(width) for i, width in enumerate(widths)}
        self.pool = layers.MaxPool2D()
        self.gap = layers.GlobalAveragePooling2D()
        self.heads = (layers.Dense(classes), layers.Dense(1, activation="sigmoid"))

    def call(self, inputs, training=False):
        x = inputs
        for name in self.blocks:
            x = self.pool(self.blocks[name](x, training=training))
        x = self.gap(x)
        return [head(x) for head in self.heads]


model = Net()
