"""The architecture as a list of mappings that every function is told; nothing is called with data."""
import numpy as np

ARCHITECTURE = [
    {"input": 6, "output": 25, "activation": "relu"},
    {"input": 25, "output": 50, "activation": "relu"},
    {"input": 50, "output": 1, "activation": "sigmoid"},
]


def init_layers(architecture, seed=99):
    np.random.seed(seed)
    values = {}
    for index, layer in enumerate(architecture, start=1):
        values["W" + str(index)] = np.random.randn(layer["output"], layer["input"]) * 0.1
        values["b" + str(index)] = np.random.randn(layer["output"], 1) * 0.1
    return values


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(0, z)


def one_layer(a, w, b, activation="relu"):
    z = np.dot(w, a) + b
    if activation == "relu":
        function = relu
    elif activation == "sigmoid":
        function = sigmoid
    else:
        raise ValueError(activation)
    return function(z), z


def full_forward_propagation(X, values, architecture):
    memory = {}
    current = X
    for index, layer in enumerate(architecture, start=1):
        previous = current
        current, z = one_layer(previous, values[f"W{index}"], values[f"b{index}"], layer["activation"])
        memory[f"A{index - 1}"] = previous
        memory[f"Z{index}"] = z
    return current, memory


def train(X, Y, architecture, epochs):
    values = init_layers(architecture, 2)
    for i in range(epochs):
        Y_hat, memory = full_forward_propagation(X, values, architecture)
    return values
