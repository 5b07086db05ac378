import keras
from keras import layers

base = keras.Sequential([keras.Input((24, 24, 3)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(12, 3)])
base.trainable = False
x = layers.Flatten()(base.outputs[0])
head = layers.Dense(5)(x)
model = keras.Model(inputs=base.inputs, outputs=head)
