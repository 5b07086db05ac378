import keras
from keras import layers

age = keras.Input((1,), name="age")
kind = keras.Input((1,), name="kind", dtype="int64")
notes = keras.Input((12, 8), name="notes")
encoded_kind = layers.Flatten()(layers.Embedding(6, 4)(kind))
read = layers.Bidirectional(layers.GRU(10))(notes)
merged = layers.concatenate([layers.Normalization()(age), encoded_kind, read])
hidden = layers.Dense(16, activation="selu", kernel_initializer="lecun_normal")(merged)
outputs = {"risk": layers.Dense(1, activation="sigmoid", name="risk")(hidden), "cost": layers.Dense(3, name="cost")(hidden)}
model = keras.Model(inputs={"age": age, "kind": kind, "notes": notes}, outputs=outputs)
