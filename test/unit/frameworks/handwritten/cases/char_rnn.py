"""A recurrent network over characters, columns one at a time."""
import numpy as np

vocab_size = 65
hidden_size = 100
seq_length = 6
Wxh = np.random.randn(hidden_size, vocab_size) * 0.01
Whh = np.random.randn(hidden_size, hidden_size) * 0.01
Why = np.random.randn(vocab_size, hidden_size) * 0.01
bh = np.zeros((hidden_size, 1))
by = np.zeros((vocab_size, 1))


def forward(xs):
    h = np.zeros((hidden_size, 1))
    ys = []
    for t in range(4):
        h = np.tanh(np.dot(Wxh, xs) + np.dot(Whh, h) + bh)
        ys.append(np.dot(Why, h) + by)
    return ys[-1]
