import keras
from keras import layers

query = keras.Input((10, 20))
value = keras.Input((7, 30))
crossed = layers.MultiHeadAttention(num_heads=3, key_dim=16, value_dim=8, output_shape=24)(query, value)
plain = layers.Attention()([crossed, crossed])
model = keras.Model([query, value], layers.Average()([crossed, plain]))
