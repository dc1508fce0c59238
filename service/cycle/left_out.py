"""Who would get a list, and gets none: no letter reaches them, or they agreed to none."""

from collections.abc import Sequence

import polars as pl
from sqlmodel import Session

from service.cycle.unlisted import NO_PROFILE, Unlisted
from service.files import layouts
from service.files.printed import unprintable_contacts
from service.settings import Settings
from service.store import households

LEFT_OUT = {
    "household_id": pl.Int64,
    "ref": pl.String,
    "reason": pl.String,
    "detail": pl.String,
}


def left_out(
    session: Session, settings: Settings, household_ids: Sequence[int], unlisted: Unlisted
) -> pl.DataFrame:
    """Those of some households who get no list: `LEFT_OUT`, by household.

    Their letters cannot be printed, or they agreed to none that follows from what they buy.
    """
    contacts = households.contacts(session, household_ids)
    some = unlisted.unprofiled.intersection(household_ids)
    own = contacts["household_id"].is_in(pl.Series(sorted(some), dtype=pl.Int64).implode())
    rows = [
        (household_id, ref, NO_PROFILE, "")
        for household_id, ref in contacts.filter(own).select("household_id", "ref").iter_rows()
    ]
    contacts = contacts.filter(~own)
    rows += [
        (
            contacts["household_id"][place],
            contacts["ref"][place],
            fault.reason.value,
            f"{fault.part} {fault.detail}; {fault.remedy}",
        )
        for place, fault in unprintable_contacts(
            contacts, settings.layout, layouts.sender_of(settings)
        )
    ]
    return pl.DataFrame(rows, LEFT_OUT, orient="row")


def in_order(left_out: pl.DataFrame) -> pl.DataFrame:
    """Those who agreed to no profile first, then the others, each by household."""
    return left_out.sort(pl.col("reason") != NO_PROFILE, "household_id", maintain_order=True)
