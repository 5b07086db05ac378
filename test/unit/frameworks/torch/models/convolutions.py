import torch
from torch import nn


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.same = nn.Conv2d(3, 8, 5, padding="same", dilation=2)
        self.valid = nn.Conv2d(8, 12, (3, 5), stride=(2, 1), padding="valid", bias=False)
        self.grouped = nn.Conv2d(12, 24, 3, padding=1, groups=4, padding_mode="reflect")
        self.pool = nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)
        self.up = nn.ConvTranspose2d(24, 10, 4, stride=2, padding=1, output_padding=1)
        self.up_grouped = nn.ConvTranspose2d(10, 6, 3, groups=2, dilation=2)
        self.average = nn.AvgPool2d((2, 3))
        self.adaptive = nn.AdaptiveAvgPool2d((None, 1))
        self.line = nn.Conv1d(6, 7, 3, stride=2)
        self.line_up = nn.ConvTranspose1d(7, 5, 3)
        self.volume = nn.Conv3d(1, 2, 3, padding=(1, 0, 1))
        self.volume_pool = nn.AvgPool3d(2)
        self.lazy = nn.LazyLinear(9)

    def forward(self, x):
        x = self.pool(self.grouped(self.valid(self.same(x))))
        x = self.average(self.up_grouped(self.up(x)))
        x = self.adaptive(x).squeeze(-1)
        x = self.line_up(self.line(x))
        x = self.volume_pool(self.volume(x[:, None, :, :, None].repeat(1, 1, 1, 1, 6)))
        return self.lazy(x.flatten(2))


model = Convolutions()
output = model(torch.randn(2, 3, 40, 50))
