import math

import torch
import torch.nn as nn
from torch.nn import init


class Initialised(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(300, 200)
        self.b = nn.Linear(200, 300)
        self.c = nn.Conv2d(16, 32, 3)
        self.d = nn.Linear(300, 300)
        self.e = nn.Linear(300, 300)
        self.f = nn.ConvTranspose2d(32, 16, 3)
        self.g = nn.Embedding(100, 64)
        self.h = nn.Linear(64, 200)
        self.i = nn.Linear(64, 200)
        self.scale = nn.Parameter(torch.rand(50, 60) * 2 - 1)
        self.drawn = nn.Parameter(torch.empty(100, 80))
        self.full = nn.Parameter(torch.full((30, 3), 0.5))
        init.xavier_normal_(self.a.weight, gain=init.calculate_gain("tanh"))
        init.constant_(self.a.bias, 0.1)
        init.kaiming_normal_(self.b.weight, mode="fan_out", nonlinearity="relu")
        init.kaiming_uniform_(self.c.weight, a=0.2)
        init.orthogonal_(self.d.weight, gain=math.sqrt(2))
        init.trunc_normal_(self.e.weight, std=0.02)
        init.trunc_normal_(self.g.weight, mean=0.0, std=1.0, a=-0.5, b=1.0)
        self.h.weight.data.normal_(0.0, 0.05)
        self.h.bias.data.fill_(-0.3)
        with torch.no_grad():
            self.i.weight.uniform_(-0.2, 0.2)
            self.i.weight *= 0.5
            self.i.bias.copy_(torch.ones(200) * 3)
        nn.init.normal_(self.drawn, std=0.3)
        self.apply(self.reset)
        for module in self.modules():
            if isinstance(module, nn.ConvTranspose2d):
                nn.init.xavier_uniform_(module.weight)
        for name, parameter in self.named_parameters():
            if name.endswith("d.bias"):
                nn.init.ones_(parameter)

    def reset(self, module):
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.e(self.d(self.b(self.a(x))))
        return x[:, :30] @ self.full


model = Initialised()
output = model(torch.randn(4, 300))
