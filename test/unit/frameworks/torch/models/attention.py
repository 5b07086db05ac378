import math

import torch
from torch import nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)
        self.register_buffer("mask", torch.tril(torch.ones(64, 64)).view(1, 1, 64, 64))

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.qkv(x).split(C, dim=2)
        q = q.view(B, T, self.heads, C // self.heads).transpose(1, 2)
        k = k.view(B, T, self.heads, C // self.heads).transpose(1, 2)
        v = v.view(B, T, self.heads, C // self.heads).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
        att = F.softmax(att, dim=-1)
        y = att @ v
        y = y + F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(y.transpose(1, 2).contiguous().view(B, T, C))


class Transformer(nn.Module):
    def __init__(self, vocabulary=50, width=32, length=64):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(1, length, width) * 0.02)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.attention = SelfAttention(width, 4)
        self.cross = nn.MultiheadAttention(width, 2, kdim=16, vdim=24, batch_first=True)
        self.memory = nn.Linear(width, 40)
        layer = nn.TransformerEncoderLayer(width, 4, dim_feedforward=64, activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(width, 2, 48, 0.0, batch_first=True), 1)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, ids):
        b, t = ids.shape
        x = self.tokens(ids) + self.positions[:, :t]
        x = torch.cat([self.cls.expand(b, -1, -1), x], dim=1)
        x = x + self.attention(x)
        k, v = self.memory(x).split([16, 24], dim=-1)
        y, _ = self.cross(x, k, v)
        x = self.encoder(x + y)
        x = self.decoder(x, x)
        return self.head(x[:, 0])


model = Transformer()
output = model(torch.randint(0, 50, (3, 20)))
