"""Parameters outside of any module."""
import torch
from torch import nn

d_in, d_hidden, d_out = 784, 256, 10
W1 = nn.Parameter(torch.randn(d_in, d_hidden) * 0.01)
b1 = nn.Parameter(torch.zeros(d_hidden))
W2 = nn.Parameter(torch.randn(d_hidden, d_out) * 0.01)
b2 = nn.Parameter(torch.zeros(d_out))


def relu(X):
    return torch.max(X, torch.zeros_like(X))


def net(X):
    X = X.reshape((-1, d_in))
    H = relu(X @ W1 + b1)
    return H @ W2 + b2


loss = nn.CrossEntropyLoss()
