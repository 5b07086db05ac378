import torch
import torch.nn.functional as F
import torch.nn.utils.prune
import torch.utils.checkpoint
from torch import nn

x = torch.randn(2, 3, 8, 8)  # images
s = torch.randn(2, 7, 6)  # sequences
m = torch.randn(4, 6)
k = torch.randn(4, 6)
r = torch.randn(6, 5)
q = torch.randn(3, 4, 4)  # square matrices
v = torch.randn(6)
u = torch.randn(6)
b = torch.randn(2, 5, 4)
c = torch.randn(2, 4, 3)
volume = torch.randn(2, 3, 4, 6, 6)
i = torch.randint(0, 4, (4, 6))
rows = torch.tensor([0, 2, 1])
labels = torch.randint(0, 6, (4,))
mask = m > 0
signs = torch.ones(4)
