"""tokentide: how much of Claude is left, what every token cost, where it went, and what to do about it."""

__version__ = "0.1.0"

__all__ = ["__version__"]
