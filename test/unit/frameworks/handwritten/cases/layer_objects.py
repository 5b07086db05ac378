"""Layers as objects in a list, each with its own forward and backward."""
import numpy as np


class Dense:
    def __init__(self, n_in, n_out, rng):
        limit = np.sqrt(6 / (n_in + n_out))
        self.W = rng.uniform(-limit, limit, size=(n_in, n_out))
        self.b = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad, lr):
        dW = self.x.T @ grad
        out = grad @ self.W.T
        self.W -= lr * dW
        self.b -= lr * grad.sum(axis=0, keepdims=True)
        return out


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, grad, lr):
        return grad * (1 - self.out**2)


class MLP:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x


rng = np.random.default_rng(0)
model = MLP([Dense(20, 32, rng), Tanh(), Dense(32, 32, rng), Tanh(), Dense(32, 3, rng)])
