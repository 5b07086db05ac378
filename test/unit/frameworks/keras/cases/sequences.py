import keras
from keras import layers

inputs = keras.Input((15, 8))
encoded, hidden, cell = layers.LSTM(12, return_state=True, return_sequences=True)(inputs)
decoded = layers.LSTM(12, return_sequences=True, unit_forget_bias=False)(encoded, initial_state=[hidden, cell])
both = layers.Bidirectional(layers.GRU(6, reset_after=False, return_sequences=True), merge_mode="sum")(decoded)
each = layers.TimeDistributed(layers.Dense(4))(both)
repeated = layers.RepeatVector(3)(layers.Flatten()(each))
moved = layers.Permute((2, 1))(repeated)
model = keras.Model(inputs, layers.Reshape((30, -1))(moved))
