from torch import nn

from ..config import ModelConfig
from .blocks import Block


class DigitClassifier(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.flatten = nn.Flatten()
        self.first = Block(28 * 28, config.width, config.activation)
        self.body = nn.Sequential(
            *[Block(config.width, config.width, config.activation) for _ in range(config.depth - 2)]
        )
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, images):
        x = self.first(self.flatten(images))
        return self.head(self.body(x))
