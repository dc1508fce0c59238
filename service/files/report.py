"""What a load did."""

from collections.abc import Callable
from dataclasses import dataclass, field

from service.errors import Problem

Progress = Callable[[str, int, int], None]

# A file can have a million faults; the count is exact, the texts stop here.
KEPT_PROBLEMS = 1000


@dataclass(slots=True)
class LoadReport:
    """Counts of rows: read, taken (new or renewed), already there, refused; and the faults.

    `notes` are what else whoever loads the file should know.
    """

    read: int = 0
    taken: int = 0
    known: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, problems: tuple[Problem, ...], rows: int) -> None:
        """Count refused rows and keep their faults."""
        self.refused += rows
        self.problems.extend(problems[: KEPT_PROBLEMS - len(self.problems)])


def silent(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""
