"""The till's reads and writes: the same few statements whatever the size of the basket.

A till transaction is told in two steps: `Look`, everything that must be known, and `Effect`,
everything that is written, all or nothing. `gate` carries them to either database.
"""

from service.store.till.steps import (
    Dispute,
    Effect,
    Look,
    PresentedLine,
    PresentedList,
    Prior,
    Reference,
    Seen,
    Steps,
    UseRow,
)

__all__ = [
    "Dispute",
    "Effect",
    "Look",
    "PresentedLine",
    "PresentedList",
    "Prior",
    "Reference",
    "Seen",
    "Steps",
    "UseRow",
]
