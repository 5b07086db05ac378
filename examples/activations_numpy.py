"""The activations of every first lecture, written by hand and drawn."""

import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(-5, 5, 200)

sigmoid = 1 / (1 + np.exp(-x))
tanh = np.tanh(x)
relu = np.maximum(0, x)
leaky_relu = np.where(x > 0, x, 0.01 * x)

plt.plot(x, sigmoid, label="sigmoid")
plt.plot(x, tanh, label="tanh")
plt.plot(x, relu, label="ReLU")
plt.plot(x, leaky_relu, label="leaky ReLU")
plt.legend()
plt.show()
