"""A softmax in the middle of a classifier: the units compete for a sum of one, and the signal shrinks by the width."""

import torch
from torch import nn


class HiddenSoftmax(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 256)
        self.fc2 = nn.Linear(256, 128)
        self.fc3 = nn.Linear(128, 10)

    def forward(self, x):
        x = torch.relu(self.fc1(x.flatten(1)))
        x = torch.softmax(self.fc2(x), dim=1)
        return self.fc3(x)


if __name__ == "__main__":
    model = HiddenSoftmax()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    images, labels = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
    loss = criterion(model(images), labels)
    loss.backward()
    optimizer.step()
    print(loss.item())
