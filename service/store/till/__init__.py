"""The till's reads and writes: the same few statements whatever the size of the basket.

A till transaction has two steps: `Look`, everything that must be known, and `Effect`, everything
that is written, all or nothing. `gate` carries them to either database.
"""

from service.store.till.steps import (
    BoughtRow,
    Dispute,
    Effect,
    HeldList,
    Identity,
    Look,
    MovedIdentity,
    NamedProduct,
    Presented,
    PresentedLine,
    PresentedList,
    Prior,
    RedemptionRow,
    Reference,
    RefusalRow,
    Seen,
    Steps,
    UseRow,
)

__all__ = [
    "BoughtRow",
    "Dispute",
    "Effect",
    "HeldList",
    "Identity",
    "Look",
    "MovedIdentity",
    "NamedProduct",
    "Presented",
    "PresentedLine",
    "PresentedList",
    "Prior",
    "RedemptionRow",
    "Reference",
    "RefusalRow",
    "Seen",
    "Steps",
    "UseRow",
]
