"""Which units a percent or a fixed price covers."""

from enum import StrEnum


class Covers(StrEnum):
    """Which units a percent or a fixed price covers in one use."""

    NEEDED = "needed"
    ALL = "all"
