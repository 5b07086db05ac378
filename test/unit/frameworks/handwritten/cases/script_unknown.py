"""The data comes from a file; samples in columns, weights in a mapping."""
import numpy as np
import pandas as pd

data = pd.read_csv("train.csv").to_numpy()
X = data[:, 1:] / 255.0
y = data[:, 0]
params = {}
params["W1"] = np.random.normal(0, 1 / np.sqrt(784), (784, 64))
params["b1"] = np.zeros(64)
params["W2"] = np.random.normal(0, 0.125, (64, 10))
params["b2"] = np.zeros(10)

for i in range(100):
    z1 = np.dot(X, params["W1"]) + params["b1"]
    a1 = np.tanh(z1)
    z2 = np.dot(a1, params["W2"]) + params["b2"]
    a2 = 1 / (1 + np.exp(-z2))
    d2 = a2 - y
    params["W2"] -= 0.1 * a1.T @ d2
