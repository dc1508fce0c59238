"""What was bought in months that are over: immutable files, and what changed of them since."""

from service.store.history.changes import lines_of, note_gone, open_again

__all__ = ["lines_of", "note_gone", "open_again"]
