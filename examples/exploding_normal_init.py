"""Weights drawn from N(0, 1): every layer multiplies the signal by sqrt(fan-in / 2), and the gradient with it."""

import torch
from torch import nn


class ExplodingStack(nn.Module):
    def __init__(self, depth=10, width=256):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(64 if i == 0 else width, width) for i in range(depth)])
        self.head = nn.Linear(width, 10)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, mean=0.0, std=1.0)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(x)


if __name__ == "__main__":
    model = ExplodingStack()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.randn(64, 64), torch.randint(0, 10, (64,))
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    print(loss.item())
