"""A deep stack of sigmoids: the gradient is gone before it reaches the first layer."""

import torch
from torch import nn


class DeepSigmoid(nn.Module):
    def __init__(self, depth=12, width=128):
        super().__init__()
        self.first = nn.Linear(784, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(depth - 1)])
        self.activation = nn.Sigmoid()
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = x.flatten(1)
        x = self.activation(self.first(x))
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.head(x)


def train_step(model, images, labels, optimizer):
    loss = nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    model = DeepSigmoid()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    images = torch.randn(64, 1, 28, 28)
    labels = torch.randint(0, 10, (64,))
    print(train_step(model, images, labels, optimizer))
