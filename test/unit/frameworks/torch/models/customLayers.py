import torch
from torch import nn, Tensor
import torch.nn.functional as F


class ScaledLinear(nn.Linear):
    def __init__(self, in_features, out_features, scale=2.0):
        super().__init__(in_features, out_features)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias) * self.scale


class OwnLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.kaiming_uniform_(self.weight, nonlinearity="relu")

    def forward(self, x):
        return x @ self.weight.t() + self.bias


class Swish(nn.Module):
    def __init__(self):
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        return x * torch.sigmoid(self.beta * x)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, ratio=4):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // ratio, 1)
        self.fc2 = nn.Conv2d(channels // ratio, channels, 1)

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(s), inplace=True)))


class Custom(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.LazyConv2d(16, 3, padding=1)
        self.norm = nn.LazyBatchNorm2d()
        self.excite = SqueezeExcite(16)
        self.first = ScaledLinear(16, 12)
        self.second = OwnLinear(12, 6)
        self.act = Swish()
        self.bilinear = nn.Bilinear(6, 6, 4)

    def forward(self, x):
        x = self.excite(self.norm(self.stem(x)))
        x = F.adaptive_max_pool2d(x, 1).view(-1, 16)
        x = self.act(self.second(self.first(x)))
        return self.bilinear(x, x)


model = Custom()
output = model(torch.randn(2, 3, 8, 8))
