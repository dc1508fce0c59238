"""Households of whom no list is made, or one that follows from nothing that they bought.

They were erased, or did not agree to a profile.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from service.settings import Settings
from service.store import consents, erasures

NO_PROFILE = "no_profile_consent"
"""Why a household gets no list; one of `publish.LeftOutReason`."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The households that were `erased`, and those whose lists must not follow from purchases.

    Of the latter `general` get a list that does not, the `unprofiled` none.
    """

    erased: frozenset[int]
    unprofiled: frozenset[int]
    general: frozenset[int] = frozenset()

    def without_general(self) -> "Unlisted":
        """The same where no general list is made."""
        return Unlisted(self.erased, self.unprofiled | self.general)

    def among(self, household_ids: Sequence[int]) -> "Unlisted":
        """Those of some households."""
        return Unlisted(
            self.erased.intersection(household_ids),
            self.unprofiled.intersection(household_ids),
            self.general.intersection(household_ids),
        )

    def __contains__(self, household_id: int) -> bool:
        return household_id in self.erased or household_id in self.unprofiled


def read_unlisted(
    session: Session, settings: Settings, household_ids: Sequence[int] | None = None
) -> Unlisted:
    """Of all households, or of some, those of whom no list is made, or a general one.

    Who agreed neither to a profile nor to letters gets none: nothing would bring it.
    """
    without = consents.without_profile(
        session, with_letter=settings.letter_consent_covers_profile, household_ids=household_ids
    )
    erased = frozenset(erasures.household_ids(session))
    if settings.without_profile == "none" or not without:
        return Unlisted(erased, frozenset(without))
    general = frozenset(without & consents.with_letters(session, household_ids)) - erased
    return Unlisted(erased, frozenset(without) - general, general)
