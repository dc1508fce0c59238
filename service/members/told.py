"""All that a household told, in one place: answers, wishes, consents, and what it was not asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    """What a household told so far; `asks` are the questions that it was not asked yet."""

    language: str
    asks: Sequence[Question]
    answers: Answers
    wishes: Sequence[SaidOf]
    agrees: Mapping[Purpose, bool]

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
        said = answers.current(session, holder.household_id)
        agreed = consents.current(session, holder.household_id)
        covers = settings.letter_consent_covers_profile
        left_out = consents.without_profile(
            session, with_letter=covers, household_ids=[holder.household_id]
        )
        agrees = {each: each in agreed and agreed[each].granted for each in SHOWN}
        # Consent to letters may cover it.
        agrees[Purpose.PROFILE] = not left_out
        return Told(
            language=households.languages(session, [holder.household_id])[holder.household_id],
            asks=answers.open_questions(settings, said),
            answers=said,
            wishes=wishes.current(session, holder.household_id),
            agrees=agrees,
        )
