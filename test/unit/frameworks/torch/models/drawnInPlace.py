import math

import torch
import torch.nn as nn


def truncated_normal(tensor, std, a, b):
    """By the inverse of the normal's cumulative function, as PyTorch and timm write it."""
    low = (1 + math.erf(a / std / math.sqrt(2))) / 2
    high = (1 + math.erf(b / std / math.sqrt(2))) / 2
    with torch.no_grad():
        tensor.uniform_(2 * low - 1, 2 * high - 1)
        tensor.erfinv_()
        tensor.mul_(std * math.sqrt(2.0))
        tensor.clamp_(min=a, max=b)
    return tensor


class Drawn(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(200, 100)
        self.b = nn.Linear(100, 200)
        self.scale = nn.Parameter(truncated_normal(torch.empty(60, 50), 0.5, -2.0, 2.0))
        truncated_normal(self.a.weight, 0.5, -0.4, 1.0)
        truncated_normal(self.b.weight, 0.02, -2.0, 2.0)

    def forward(self, x):
        return self.b(self.a(x))


model = Drawn()
output = model(torch.randn(4, 200))
