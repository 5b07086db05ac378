import torch
from torch import nn
import torch.nn.functional as F


def double(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.SiLU(),
    )


class UNet(nn.Module):
    def __init__(self, widths=(8, 16, 32), classes=4):
        super().__init__()
        self.downs = nn.ModuleList()
        self.ups = nn.ModuleList()
        channels = 3
        for width in widths:
            self.downs.append(double(channels, width))
            channels = width
        for width in reversed(widths):
            self.ups.append(nn.ConvTranspose2d(width * 2, width, kernel_size=2, stride=2))
            self.ups.append(double(width * 2, width))
        self.bottleneck = double(widths[-1], widths[-1] * 2)
        self.shuffle = nn.PixelShuffle(2)
        self.pad = nn.ZeroPad2d((1, 2, 0, 1))
        self.upsample = nn.Upsample(scale_factor=2, mode="bilinear")
        self.final = nn.Conv2d(widths[0] // 4, classes, kernel_size=1)

    def forward(self, x):
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottleneck(x)
        skips = skips[::-1]
        for index in range(0, len(self.ups), 2):
            x = self.ups[index](x)
            skip = skips[index // 2]
            if x.shape != skip.shape:
                x = F.interpolate(x, size=skip.shape[2:])
            x = self.ups[index + 1](torch.cat((skip, x), dim=1))
        x = self.upsample(self.pad(F.pad(self.shuffle(x), (1, 1))))
        return self.final(x)


model = UNet()
output = model(torch.randn(2, 3, 36, 44))
