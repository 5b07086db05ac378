from tensorflow.keras.layers import Activation, Dense, Dropout, InputLayer
from tensorflow.keras.models import Sequential

model = Sequential(name="stack")
model.add(Dense(40, input_dim=30))
model.add(Activation("sigmoid"))
for width in [30, 20]:
    model.add(Dense(width, activation="elu", bias_initializer="ones"))
    model.add(Dropout(0.2))
model.add(Dense(7))
model.pop()
model.add(Dense(5, name="head"))
