import torch
from torch import nn
import torch.nn.functional as F


class Normalisations(nn.Module):
    def __init__(self):
        super().__init__()
        self.batch1 = nn.BatchNorm1d(16)
        self.batch2 = nn.BatchNorm2d(16, affine=False)
        self.group = nn.GroupNorm(4, 16)
        self.instance = nn.InstanceNorm2d(16)
        self.instance_affine = nn.InstanceNorm2d(16, affine=True)
        self.layer = nn.LayerNorm([16, 6, 6])
        self.layer_no_bias = nn.LayerNorm(6, bias=False)
        self.plain = nn.LayerNorm(6, elementwise_affine=False)
        self.rms = nn.RMSNorm(6)
        self.drop = nn.Dropout2d(0.2)
        self.alpha = nn.AlphaDropout(0.1)
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        x = self.group(self.batch2(x))
        x = self.drop(self.instance_affine(self.instance(x)))
        x = self.rms(self.plain(self.layer_no_bias(self.layer(x))))
        x = F.layer_norm(x, (6,))
        x = self.batch1(x.mean((2, 3)))
        x = F.dropout(self.alpha(x), 0.3, self.training)
        return self.fc(x.view(x.size(0), 4, 4)[:, :, :2].reshape(-1, 8)[:, :6])


model = Normalisations()
output = model(torch.randn(4, 16, 6, 6))
