import keras
from keras import backend as K
from keras import layers


def squeeze_excite(tensor, ratio=4):
    filters = tensor.shape[-1 if K.image_data_format() == "channels_last" else 1]
    se = layers.GlobalAveragePooling2D()(tensor)
    se = layers.Reshape((1, 1, filters))(se)
    se = layers.Dense(filters // ratio, activation="relu", kernel_initializer="he_normal", use_bias=False)(se)
    se = layers.Dense(filters, activation="sigmoid", kernel_initializer="he_normal", use_bias=False)(se)
    return layers.multiply([tensor, se])


def inverted(x, expansion, filters, stride, index):
    prefix = f"block_{index}_"
    channels = x.shape[-1]
    y = layers.Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=prefix + "expand")(x)
    y = layers.BatchNormalization(epsilon=1e-3, momentum=0.999, name=prefix + "expand_bn")(y)
    y = layers.ReLU(6.0, name=prefix + "expand_relu")(y)
    y = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False, name=prefix + "depthwise")(y)
    y = layers.BatchNormalization(name=prefix + "depthwise_bn")(y)
    y = squeeze_excite(layers.Activation("hard_silu")(y))
    y = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=prefix + "project")(y)
    y = layers.BatchNormalization(name=prefix + "project_bn")(y)
    return layers.Add(name=prefix + "add")([x, y]) if channels == filters and stride == 1 else y


inputs = keras.Input((40, 40, 3))
x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(inputs)
for index, (expansion, filters, stride) in enumerate([(1, 8, 1), (4, 12, 2), (4, 12, 1)]):
    x = inverted(x, expansion, filters, stride, index)
x = layers.GlobalMaxPooling2D()(x)
model = keras.Model(inputs, layers.Dense(5)(x))
