from dataclasses import dataclass


@dataclass
class ModelConfig:
    width: int = 64
    depth: int = 10
    classes: int = 10
    activation: str = "sigmoid"
