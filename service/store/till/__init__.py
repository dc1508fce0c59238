"""The till's reads and writes: the same few statements whatever the size of the basket.

A till transaction has two steps: `Look`, everything that must be known, and `Effect`, everything
that is written, all or nothing; what was presented and is not known is counted between them, as
`Guesses`. `gate` carries them to either database.
"""

from service.store.till.steps import (
    NOBODY,
    Aside,
    BoughtRow,
    Dispute,
    DraftLine,
    Effect,
    GuessBy,
    Guesses,
    GuessLimits,
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
    Watch,
)

__all__ = [
    "NOBODY",
    "Aside",
    "BoughtRow",
    "Dispute",
    "DraftLine",
    "Effect",
    "GuessBy",
    "GuessLimits",
    "Guesses",
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
    "Watch",
]
