import numpy as np
np.random.seed(0)
X = np.random.randn(100, 3)
w = np.random.randn(3, 1); b = 0.0
y = X @ np.array([[1.0], [2.0], [3.0]]) + 0.1 * np.random.randn(100, 1)
def predict(X): return X @ w + b
for _ in range(100):
    y_hat = X @ w + b
    grad = 2 * X.T @ (y_hat - y) / len(X)
    w -= 0.1 * grad
class LogisticRegression:
    def __init__(self, d): self.w = np.random.randn(d, 1) * 0.01; self.b = 0
    def predict(self, X): return 1 / (1 + np.exp(-(X @ self.w + self.b)))
m = LogisticRegression(3)
print(m.predict(X))
