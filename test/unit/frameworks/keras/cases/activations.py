import keras
from keras import layers, ops

x = inputs = keras.Input((16,))
for name in ["relu", "relu6", "elu", "selu", "gelu", "silu", "swish", "mish", "softplus", "softsign", "tanh", "sigmoid", "exponential", "hard_sigmoid", "hard_swish", "leaky_relu", "linear", "log_softmax", "celu", "hard_tanh"]:
    x = layers.Dense(16, activation=name)(x)
x = layers.Dense(16, activation=keras.activations.relu)(x)
x = layers.Dense(16, activation=lambda z: z * ops.sigmoid(z))(x)
x = layers.Dense(16, activation=layers.ELU(alpha=0.5))(x)
x = layers.Activation(keras.activations.softmax)(x)
x = layers.ReLU(max_value=6.0)(x)
x = layers.PReLU()(x)
x = layers.Softmax()(x)
model = keras.Model(inputs, x)
