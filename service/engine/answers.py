"""What households answer to questions about themselves, and how a change of it moves dates.

A household that grew uses up faster what it bought: what it bought before it said so counts, for
scoring only, as if it had always lived at today's pace. What it buys afterwards counts as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import polars as pl

from service.engine.diets import Allergen, Diet


class Question(StrEnum):
    """What households are asked, in the order in which they are."""

    ALLERGIES = "allergies"
    DIETS = "diets"
    PEOPLE = "people"
    BABY = "baby"
    PETS = "pets"
    BUDGET = "budget"


class HomeMember(StrEnum):
    """Who lives in a household besides, and has goods of its own."""

    BABY = "baby"
    CAT = "cat"
    DOG = "dog"
    OTHER_PET = "other_pet"


DIETARY = (Question.ALLERGIES, Question.DIETS)
"""What needs a consent of its own, and is deleted with it."""

PETS = (HomeMember.CAT, HomeMember.DOG, HomeMember.OTHER_PET)
YES, NO = "yes", "no"
MOST_PEOPLE = 20
MOST_BUDGET_CENTS = 100_000_000

CHOICES: dict[Question, tuple[str, ...]] = {
    Question.ALLERGIES: (*Allergen,),
    Question.DIETS: (*Diet,),
    Question.BABY: (YES, NO),
    Question.PETS: PETS,
}
"""The words that answer a question; the others are answered by a number."""

MANY = (Question.ALLERGIES, Question.DIETS, Question.PETS)
"""Those that any number of words answer."""

PACES: dict[str, Any] = {"household_id": pl.Int64, "said_on": pl.Date, "pace": pl.Float64}
"""By how much the days between purchases became shorter (below 1) or longer on a day."""


HOMES: dict[str, Any] = {
    "household_id": pl.Int64,
    "group": pl.String,
    "item_id": pl.Int64,
    "is_there": pl.Boolean,
    "said_on": pl.Date,
}
"""The goods of who lives in a household, or does not (`group`, an `HomeMember`)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: words, a number, or `unsaid`, which is not asked again."""

    question: Question
    words: tuple[str, ...] = ()
    number: int | None = None
    unsaid: bool = False

    def fault(self) -> str:
        """Why nobody can mean it, or nothing."""
        if self.unsaid:
            return "" if not self.words and self.number is None else "It is said, or it is not."
        choices = CHOICES.get(self.question)
        if choices is None:
            most = MOST_PEOPLE if self.question is Question.PEOPLE else MOST_BUDGET_CENTS
            is_within = self.number is not None and 1 <= self.number <= most
            return "" if is_within and not self.words else "Answer with a number above zero."
        unknown = [word for word in self.words if word not in choices]
        one = self.question in MANY or len(self.words) == 1
        is_clear = self.number is None and not unknown and one
        return "" if is_clear else f"Answer with words of: {', '.join(choices)}."


def no_paces() -> pl.DataFrame:
    """Where nobody's number of people changed."""
    return pl.DataFrame(schema=PACES)


def no_homes() -> pl.DataFrame:
    """Where nobody said who lives there."""
    return pl.DataFrame(schema=HOMES)


def paces(counts: Sequence[tuple[int, date, int]]) -> pl.DataFrame:
    """The last change of each household's number of people, as `PACES`.

    `counts` are (household, day, people), the oldest first within a household.
    """
    before: dict[int, int] = {}
    found: dict[int, tuple[int, date, float]] = {}
    for household_id, said_on, people in counts:
        last = before.get(household_id)
        if last is not None and last != people:
            found[household_id] = (household_id, said_on, last / people)
        before[household_id] = people
    return pl.DataFrame(sorted(found.values()), schema=PACES, orient="row")


def at_pace(purchases: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """The purchases as they are to be scored, where the number of people changed (`PACES`)."""
    if changes.is_empty():
        return purchases
    said = pl.col("said_on").cast(pl.Datetime("us"))
    ago = (said - pl.col("purchased_at")).dt.total_seconds()
    moved = said - pl.duration(seconds=(ago * pl.col("pace")).cast(pl.Int64))
    at = purchases.select("household_id", "purchased_at").join(
        changes, on="household_id", how="left", maintain_order="left"
    ).select(
        pl.when(ago > 0).then(moved.cast(purchases.schema["purchased_at"]))
        .otherwise("purchased_at").alias("purchased_at")
    )  # fmt: skip
    return purchases.with_columns(at["purchased_at"])
