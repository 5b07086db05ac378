import numpy as np
A = np.array([[0.0, 1.0], [-1.0, -0.1]])
def f(t, y): return A @ y
def forward_euler(f, y, dt, n):
    ys = [y]
    for i in range(n):
        y = y + dt * f(i * dt, y); ys.append(y)
    return np.array(ys)
ys = forward_euler(f, np.array([1.0, 0.0]), 0.01, 100)
M = np.random.randn(4, 4); K = np.random.randn(4, 4)
def model(x): return np.tanh(M @ x)
