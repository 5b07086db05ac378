import keras
from keras import layers

tokens = keras.Input(shape=(50,), dtype="int64")
x = layers.Embedding(1000, 48)(tokens)
for _ in range(2):
    attended = layers.MultiHeadAttention(num_heads=4, key_dim=12, dropout=0.1)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(x + attended)
    hidden = layers.Dense(96, activation="gelu")(x)
    hidden = layers.Dense(48)(hidden)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.add([x, hidden]))
x = layers.GlobalAveragePooling1D()(x)
model = keras.Model(tokens, layers.Dense(2, activation="softmax")(x))
