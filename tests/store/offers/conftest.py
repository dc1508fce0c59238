"""Every test here may ask for the shop."""

from tests.shop import shop

__all__ = ["shop"]
