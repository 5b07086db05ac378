# input: 12
import keras

model = keras.Sequential([keras.layers.Dense(8, activation=keras.activations.gelu), keras.layers.Dense(1)])
