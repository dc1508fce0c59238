"""The arms of the experiment that every cycle is."""

from enum import StrEnum


class Arm(StrEnum):
    """Who may get offers, and who would have got a copy that was withheld."""

    EXPOSED = "exposed"
    HOLDOUT = "holdout"
    """Of the cycle's holdout: gets no offers at all."""
    CONTROL = "control"
    """In the control share of a deal: gets others, never that one."""
    GENERAL = "general"
    """Did not agree to a profile: gets what follows from nothing it bought, and is measured by
    nobody."""


OFFERED = (Arm.EXPOSED, Arm.GENERAL)
"""The arms of a cycle whose households get offers."""
