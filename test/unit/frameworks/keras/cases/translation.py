import keras

encoder_inputs = keras.Input(shape=(11, 71))
encoder_outputs, state_h, state_c = keras.layers.LSTM(40, return_state=True)(encoder_inputs)
decoder_inputs = keras.Input(shape=(13, 93))
decoder_lstm = keras.layers.LSTM(40, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=[state_h, state_c])
decoder_outputs = keras.layers.Dense(93, activation="softmax")(decoder_outputs)
model = keras.Model([encoder_inputs, decoder_inputs], decoder_outputs)
