import keras
from keras import layers

inputs = keras.Input((32, 32, 3), name="picture")
x = layers.Conv2D(8, 3, padding="same", activation="relu", name="stem")(inputs)
x = layers.MaxPooling2D(name="half")(x)
x = layers.Conv2D(16, 3, padding="same", activation="relu", name="middle")(x)
x = layers.MaxPooling2D(name="quarter")(x)
x = layers.Conv2D(24, 3, padding="same", activation="relu", name="deep")(x)
backbone = keras.Model(inputs, x, name="backbone")

for layer in backbone.layers[:3]:
    layer.trainable = False
backbone.get_layer("deep").trainable = True

skips = [backbone.get_layer(name).output for name in ["stem", "middle"]]
features = keras.Model(backbone.input, [*skips, backbone.output], name="features")
picture = keras.Input((32, 32, 3))
stem, middle, deep = features(picture)
up = layers.UpSampling2D()(deep)
up = layers.Concatenate()([up, middle])
up = layers.Conv2DTranspose(8, 2, strides=2)(up)
up = layers.concatenate([up, stem])
model = keras.Model(picture, layers.Conv2D(2, 1)(up))
