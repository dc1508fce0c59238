"""The report and the progress of loading a file."""

from collections.abc import Callable
from dataclasses import dataclass, field

from service.errors import Problem
from service.files.notes import Note

Progress = Callable[[str, int, int], None]

# How many faults a report lists; all of them are counted.
KEPT_PROBLEMS = 1000


@dataclass(slots=True)
class LoadReport:
    """Counts of rows, and the faults of those that were refused.

    Of the rows `read`, `taken` are new or updated, `known` were loaded before and `refused` have
    faults. `problems` lists at most `KEPT_PROBLEMS` of these. `notes` are further messages for the
    person who loads the file.
    """

    read: int = 0
    taken: int = 0
    known: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Note an assumption that changes nothing anybody would mind."""
        self.notes.append(Note(text))

    def refuse(self, problems: tuple[Problem, ...], rows: int) -> None:
        """Count refused rows and list their faults."""
        self.refused += rows
        self.problems.extend(problems[: KEPT_PROBLEMS - len(self.problems)])


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""
