"""How far a percent or a fixed price reaches."""

from enum import StrEnum


class Covers(StrEnum):
    """Which units a percent or a fixed price reaches in one use."""

    NEEDED = "needed"
    ALL = "all"
