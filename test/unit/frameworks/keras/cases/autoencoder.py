import keras
from keras import layers

encoder = keras.Sequential([keras.Input((784,)), layers.Dense(128, activation="relu"), layers.Dense(32)], name="encoder")
decoder_input = keras.Input((32,))
decoder_output = layers.Dense(784, activation="sigmoid")(layers.Dense(128, activation="relu")(decoder_input))
decoder = keras.Model(decoder_input, decoder_output, name="decoder")
image = keras.Input((784,))
model = keras.Model(image, decoder(encoder(image)))
