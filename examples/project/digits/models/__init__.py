from .classifier import DigitClassifier

__all__ = ["DigitClassifier"]
