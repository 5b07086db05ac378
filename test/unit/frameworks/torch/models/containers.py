from collections import OrderedDict

import torch
from torch import nn


class Block(nn.Sequential):
    def __init__(self, channels):
        super().__init__(nn.Linear(channels, channels), nn.ReLU())


class Containers(nn.Module):
    def __init__(self, width=8, depth=3):
        super().__init__()
        self.named = nn.Sequential(OrderedDict([("first", nn.Linear(4, width)), ("act", nn.ELU(0.5))]))
        layers = [Block(width) for _ in range(depth)]
        self.star = nn.Sequential(*layers, nn.Linear(width, width))
        self.star.append(nn.Tanh())
        self.items = nn.ModuleList()
        for i in range(depth):
            self.items.append(nn.Linear(width, width, bias=i % 2 == 0))
        self.items.extend([nn.Identity(), nn.PReLU(width)])
        self.items.insert(0, nn.LayerNorm(width))
        self.table = nn.ModuleDict({"relu": nn.LeakyReLU(0.2), "gate": nn.GLU()})
        self.table["last"] = nn.Linear(width // 2, 2)
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(width)) for _ in range(2)])
        self.register_parameter("shift", nn.Parameter(torch.zeros(width)))
        self.register_buffer("mask", torch.ones(width))
        for index, unit in enumerate([nn.Linear(width, width), nn.Softplus()]):
            self.add_module("extra%d" % index, unit)
        self.unused = None

    def forward(self, x):
        x = self.star[:-1](self.named(x))
        x = self.star[-1](x)
        for i, layer in enumerate(self.items):
            x = layer(x)
        for scale in self.scales:
            x = x * scale
        x = x + self.shift
        x = x * self.mask
        for name, child in self.named_children():
            if name.startswith("extra"):
                x = child(x)
        for key in ["relu", "gate", "last"]:
            x = self.table[key](x)
        return x


model = Containers()
output = model(torch.randn(5, 4))
