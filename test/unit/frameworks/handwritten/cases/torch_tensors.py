"""Weights as bare tensors."""
import torch
import torch.nn.functional as F

g = torch.Generator().manual_seed(2147483647)
W1 = torch.randn((30, 200), generator=g) * (5 / 3) / (30**0.5)
b1 = torch.randn(200, generator=g) * 0.01
W2 = torch.randn((200, 27), generator=g) * 0.01
b2 = torch.zeros(27)
parameters = [W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True


def forward(x):
    h = torch.tanh(x @ W1 + b1)
    return h @ W2 + b2


def train(Xb, Yb):
    for i in range(10):
        logits = forward(Xb)
        loss = F.cross_entropy(logits, Yb)
        for p in parameters:
            p.grad = None
        loss.backward()
        for p in parameters:
            p.data += -0.1 * p.grad
