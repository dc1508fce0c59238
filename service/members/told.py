"""All that a household told, in one place: answers, wishes, consents, and what it was not asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from service.cycle.unlisted import read_unlisted
from service.engine.answers import Question
from service.members import answers
from service.members.answers import Answers
from service.members.pocket import Holder
from service.settings import Settings
from service.store import consents, households, wishes
from service.store.session import Database
from service.store.tables.consent import Purpose
from service.store.wishes import SaidOf

SHOWN = (Purpose.LETTER, Purpose.PROFILE, Purpose.DIET, Purpose.PARTNER_SLOTS)
"""What a household agrees to or not on its page; addresses to write to are given elsewhere."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a household told so far; `asks` are the questions that it was not asked yet.

    Its lists are `general` where they follow from nothing that it bought.
    """

    language: str
    asks: Sequence[Question]
    answers: Answers
    wishes: Sequence[SaidOf]
    agrees: Mapping[Purpose, bool]
    is_general: bool

    @property
    def items(self) -> Mapping[str, str]:
        """What it says of items, by their names."""
        return {each.item: each.row.act for each in self.wishes if each.item}

    @property
    def deals(self) -> Mapping[int, str]:
        """What it says of deals, by the number of their first offer."""
        return {each.row.deal_id: each.row.act for each in self.wishes if each.row.deal_id}


def look(database: Database, settings: Settings, holder: Holder) -> Told:
    """What a household told."""
    with database.read() as session:
        return read(session, settings, holder.household_id)


def read(session: Session, settings: Settings, household_id: int) -> Told:
    """The same, for who reads more of the household."""
    said = answers.current(session, household_id)
    agreed = consents.current(session, household_id)
    unlisted = read_unlisted(session, settings, [household_id])
    agrees = {each: each in agreed and agreed[each].granted for each in SHOWN}
    # Consent to letters may cover it.
    agrees[Purpose.PROFILE] = not unlisted.unprofiled | unlisted.general
    return Told(
        language=households.languages(session, [household_id])[household_id],
        asks=answers.open_questions(settings, said),
        answers=said,
        wishes=wishes.current(session, household_id),
        agrees=agrees,
        is_general=bool(unlisted.general),
    )
