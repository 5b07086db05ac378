"""Two repairs of the deep sigmoid stack: another activation with its initialiser, and normalisation."""

import torch
from torch import nn


class DeepReLU(nn.Module):
    """ReLU with He initialisation keeps the scale of signal and gradient from layer to layer."""

    def __init__(self, depth=12, width=128):
        super().__init__()
        self.first = nn.Linear(784, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(depth - 1)])
        self.activation = nn.ReLU()
        self.head = nn.Linear(width, 10)
        for layer in [self.first, *self.hidden]:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = x.flatten(1)
        x = self.activation(self.first(x))
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.head(x)


class DeepSigmoidNormalised(nn.Module):
    """The sigmoid stays, but BatchNorm hands it unit-variance pre-activations at every layer."""

    def __init__(self, depth=12, width=128):
        super().__init__()
        blocks = []
        features = 784
        for _ in range(depth):
            blocks += [nn.Linear(features, width), nn.BatchNorm1d(width), nn.Sigmoid()]
            features = width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.blocks(x.flatten(1)))


def train_step(model, images, labels, optimizer):
    loss = nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    images = torch.randn(64, 1, 28, 28)
    labels = torch.randint(0, 10, (64,))
    for model in (DeepReLU(), DeepSigmoidNormalised()):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        print(train_step(model, images, labels, optimizer))
