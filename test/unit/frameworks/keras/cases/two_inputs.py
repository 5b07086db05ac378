import keras
from keras import layers, ops

title = keras.Input(shape=(20,), name="title", dtype="int32")
tags = keras.Input(shape=(12,), name="tags")
words = layers.Embedding(500, 16)(title)
words = layers.LSTM(24)(words)
both = layers.concatenate([words, tags])
gate = layers.Dense(36, activation="sigmoid")(both)
mixed = both * gate + 0.5 * both
mixed = ops.relu(mixed[:, :30])
priority = layers.Dense(1, name="priority", activation="sigmoid")(mixed)
department = layers.Dense(4, name="department")(mixed)
model = keras.Model(inputs=[title, tags], outputs=[priority, department])
