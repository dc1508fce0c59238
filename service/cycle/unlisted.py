"""Households of whom no list is made: they were erased, or did not agree to a profile."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from service.settings import Settings
from service.store import consents, erasures

NO_PROFILE = "no_profile_consent"
"""Why a household gets no list; one of `publish.LeftOutReason`."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The households that were `erased`, and those whose lists must not follow from purchases."""

    erased: frozenset[int]
    unprofiled: frozenset[int]

    def __contains__(self, household_id: int) -> bool:
        return household_id in self.erased or household_id in self.unprofiled


def read_unlisted(
    session: Session, settings: Settings, household_ids: Sequence[int] | None = None
) -> Unlisted:
    """Of all households, or of some, those of whom no list is made."""
    with_letter = settings.letter_consent_covers_profile
    return Unlisted(
        frozenset(erasures.household_ids(session)),
        frozenset(
            consents.without_profile(session, with_letter=with_letter, household_ids=household_ids)
        ),
    )
