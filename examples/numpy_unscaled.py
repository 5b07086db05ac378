"""The network of many first lectures: unscaled randn weights drive every sigmoid into its flat ends."""

import numpy as np

W1 = np.random.randn(784, 128)
b1 = np.zeros(128)
W2 = np.random.randn(128, 128)
b2 = np.zeros(128)
W3 = np.random.randn(128, 10)
b3 = np.zeros(10)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(x):
    a1 = sigmoid(x @ W1 + b1)
    a2 = sigmoid(a1 @ W2 + b2)
    return sigmoid(a2 @ W3 + b3)
