import torch
from torch import nn


class DeepSigmoid(nn.Module):
    def __init__(self, depth=12, width=64):
        super().__init__()
        self.first = nn.Linear(100, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(depth - 1)])
        self.activation = nn.Sigmoid()
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.activation(self.first(x))
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.head(x)


model = DeepSigmoid()
loss = nn.functional.cross_entropy(model(torch.randn(64, 100)), torch.randint(0, 10, (64,)))
loss.backward()
