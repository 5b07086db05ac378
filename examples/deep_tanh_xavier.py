"""A deep tanh stack with Xavier initialisation: deep, saturating by nature, and healthy."""

import torch
from torch import nn


class DeepTanh(nn.Module):
    def __init__(self, depth=10, width=256):
        super().__init__()
        layers = [nn.Linear(64, width), nn.Tanh()]
        for _ in range(depth - 1):
            layers += [nn.Linear(width, width), nn.Tanh()]
        layers.append(nn.Linear(width, 1))
        self.net = nn.Sequential(*layers)
        self.apply(self.init_weights)

    @staticmethod
    def init_weights(module):
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, gain=nn.init.calculate_gain("tanh"))
            nn.init.zeros_(module.bias)

    def forward(self, x):
        return self.net(x)


if __name__ == "__main__":
    model = DeepTanh()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = torch.randn(128, 64), torch.randn(128, 1)
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    print(loss.item())
