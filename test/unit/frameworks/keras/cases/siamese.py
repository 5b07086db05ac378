import keras
from keras import layers, ops


def distance(vectors):
    left, right = vectors
    total = ops.sum(ops.square(left - right), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(total, keras.config.epsilon()))


tower_input = layers.Input((28, 28, 1))
x = layers.BatchNormalization()(tower_input)
x = layers.Conv2D(4, (5, 5), activation="tanh")(x)
x = layers.AveragePooling2D(pool_size=(2, 2))(x)
x = layers.Flatten()(x)
x = layers.Dense(10, activation="tanh")(x)
embedding_network = keras.Model(tower_input, x)

first = layers.Input((28, 28, 1))
second = layers.Input((28, 28, 1))
merged = layers.Lambda(distance, output_shape=(1,))([embedding_network(first), embedding_network(second)])
normed = layers.BatchNormalization()(merged)
model = keras.Model(inputs=[first, second], outputs=layers.Dense(1, activation="sigmoid")(normed))
