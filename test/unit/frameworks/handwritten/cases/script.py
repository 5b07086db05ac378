"""Straight lines and a training loop."""
import numpy as np

np.random.seed(1)
X = np.random.randn(100, 12)
y = np.random.randint(0, 3, size=100)
hidden = 16
W1 = np.random.randn(12, hidden) * 0.01
b1 = np.zeros((1, hidden))
W2 = 0.01 * np.random.randn(hidden, 3)
b2 = np.zeros((1, 3))
lr = 0.1

for epoch in range(200):
    h = np.maximum(0, X @ W1 + b1)
    scores = h @ W2 + b2
    exp_scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    loss = -np.log(probs[range(100), y]).mean()
    dscores = probs.copy()
    dscores[range(100), y] -= 1
    dscores /= 100
    dW2 = h.T @ dscores
    dh = dscores @ W2.T
    dh[h <= 0] = 0
    dW1 = X.T @ dh
    W1 -= lr * dW1
    W2 -= lr * dW2
    b2 -= lr * dscores.sum(axis=0, keepdims=True)
