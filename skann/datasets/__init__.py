"""Data sets to learn with: MNIST inside the package, and toy sets made on demand."""

from skann.datasets._mnist import load_mnist
from skann.datasets._toy import make_spirals, make_xor

__all__ = ["load_mnist", "make_spirals", "make_xor"]
