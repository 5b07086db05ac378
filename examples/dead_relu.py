"""A large negative bias switches most ReLU units off for every input: they never learn again."""

import torch
from torch import nn


class DeadReLU(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 256)
        self.fc2 = nn.Linear(256, 256)
        self.fc3 = nn.Linear(256, 10)
        nn.init.constant_(self.fc1.bias, -4.0)
        nn.init.constant_(self.fc2.bias, -4.0)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


if __name__ == "__main__":
    model = DeadReLU()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.randn(64, 64), torch.randint(0, 10, (64,))
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    print(loss.item())
