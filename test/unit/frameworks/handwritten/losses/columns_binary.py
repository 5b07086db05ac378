import numpy as np


def init(n, h):
    return {
        "W1": np.random.randn(h, n) / np.sqrt(n),
        "b1": np.zeros((h, 1)),
        "W2": np.random.randn(1, h) / np.sqrt(h),
        "b2": np.zeros((1, 1)),
    }


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X, params):
    a = np.tanh(params["W1"] @ X + params["b1"])
    return sigmoid(params["W2"] @ a + params["b2"])


def compute_cost(A, Y):
    m = Y.shape[1]
    return -np.sum(np.dot(Y, np.log(A).T) + np.dot(1 - Y, np.log(1 - A).T)) / m


X = np.random.randn(10, 200)
Y = (np.random.rand(1, 200) > 0.5).astype(float)
params = init(10, 16)
W = [params["W1"], params["W2"]]


def loss_now():
    return compute_cost(forward(X, params), Y)


print(loss_now())
