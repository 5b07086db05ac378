import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((None,), dtype="int32"),
        layers.Embedding(2000, 32),
        layers.Bidirectional(layers.LSTM(24, return_sequences=True)),
        layers.GRU(20, return_sequences=True, dropout=0.1),
        layers.SimpleRNN(16),
        layers.Dense(1, activation="sigmoid"),
    ]
)
