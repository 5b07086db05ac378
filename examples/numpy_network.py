"""A network in plain NumPy, forward and backward by hand, scaled as He et al. advise."""

import numpy as np


class Network:
    def __init__(self, sizes, seed=0):
        rng = np.random.default_rng(seed)
        self.weights = [rng.standard_normal((n, m)) * np.sqrt(2 / n) for n, m in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros(m) for m in sizes[1:]]

    def forward(self, x):
        self.inputs = []
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            self.inputs.append(x)
            x = x @ w + b
            if i < len(self.weights) - 1:
                x = np.maximum(0, x)
        return x

    def backward(self, gradient, rate):
        for i in reversed(range(len(self.weights))):
            x = self.inputs[i]
            upstream = gradient @ self.weights[i].T
            self.weights[i] -= rate * x.T @ gradient
            self.biases[i] -= rate * gradient.sum(axis=0)
            gradient = upstream * (x > 0)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


net = Network([784, 128, 128, 128, 10])

if __name__ == "__main__":
    images, labels = np.random.rand(64, 784), np.random.randint(0, 10, 64)
    for step in range(100):
        gradient = softmax(net.forward(images))
        gradient[np.arange(64), labels] -= 1
        net.backward(gradient / 64, rate=0.1)
