"""What was bought in months that are over: immutable files, and what changed of them since."""

from service.store.history.changes import note_gone, open_again, open_all
from service.store.history.lines import TABLE, of_baskets, of_days, of_household

__all__ = [
    "TABLE",
    "note_gone",
    "of_baskets",
    "of_days",
    "of_household",
    "open_again",
    "open_all",
]
