"""Trains a classifier of handwritten digits. The network lies in the package beside this file."""

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from digits.config import ModelConfig
from digits.models import DigitClassifier


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    return parser.parse_args()


def main():
    args = parse_arguments()
    config = ModelConfig(width=args.width)
    model = DigitClassifier(config)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_function = nn.CrossEntropyLoss()
    images = torch.randn(1024, 1, 28, 28)
    labels = torch.randint(0, config.classes, (1024,))
    loader = DataLoader(TensorDataset(images, labels), batch_size=args.batch_size, shuffle=True)
    for _ in range(args.epochs):
        for batch, targets in loader:
            loss = loss_function(model(batch), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


if __name__ == "__main__":
    main()
