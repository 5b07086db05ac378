import torch
from torch import nn
import torch.nn.functional as F


class Activations(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            [
                nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(), nn.PReLU(), nn.RReLU(), nn.ELU(), nn.CELU(), nn.SELU(), nn.GELU(),
                nn.GELU(approximate="tanh"), nn.SiLU(), nn.Mish(), nn.Sigmoid(), nn.Tanh(), nn.Softplus(), nn.Softsign(),
                nn.Hardsigmoid(), nn.Hardtanh(), nn.Hardswish(), nn.Hardshrink(), nn.Softshrink(), nn.Tanhshrink(),
                nn.Threshold(0.1, 0.0), nn.LogSigmoid(), nn.Softmax(dim=1), nn.LogSoftmax(dim=-1), nn.Softmin(dim=1),
            ]
        )
        self.gate = nn.GLU(dim=1)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        for function in [F.relu, F.elu, F.silu, F.mish, F.softplus, F.hardtanh, torch.sigmoid, torch.tanh, F.logsigmoid]:
            x = function(x)
        return self.gate(x)


model = Activations()
output = model(torch.randn(3, 8))
