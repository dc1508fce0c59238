"""Bring what can be read again under a new LARDER_SECRET_KEY; digests come as they are shown."""

from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from service.admin.people import totp
from service.cycle.serials import page_digests_of
from service.engine.records import ListDocument
from service.errors import Misconfigured
from service.sealing import PHONES, Sealer
from service.settings import Settings
from service.store import under_key
from service.store.session import Database

AT_ONCE = 500
_BUSY = "Others write what is renewed. What was renewed stays so; run it again for the rest."


@dataclass(frozen=True, slots=True)
class Renewed:
    """What is under the key now: numbers to write to, second factors, pages of lists."""

    phones: int
    second_factors: int
    pages: int


def renew(database: Database, settings: Settings) -> Renewed:
    """Bring all that is sealed, and the pages of lists, under the key; safe to repeat.

    Raises Misconfigured without LARDER_SECRET_KEY_BEFORE, and for what is under neither key.
    """
    if not settings.secret_key_before.get_secret_value():
        raise Misconfigured(
            "There is no key to renew from: set LARDER_SECRET_KEY_BEFORE to the key until now, and "
            "LARDER_SECRET_KEY to a new one."
        )
    return Renewed(
        _renew_all(database, partial(_phones, sealer=Sealer(settings.secret_key, PHONES))),
        database.settle(partial(_second_factors, settings=settings), busy=_BUSY),
        _renew_all(database, partial(_pages, settings=settings)),
    )


def _renew_all(database: Database, some: "partial[tuple[int, int]]") -> int:
    renewed = after = 0
    while True:
        more, last = database.settle(partial(some, after=after), busy=_BUSY)
        renewed += more
        if not last:
            return renewed
        after = last


def _phones(session: Session, *, sealer: Sealer, after: int) -> tuple[int, int]:
    """Renew the next numbers; how many were, and the last that was looked at, 0 after the last."""
    rows = under_key.sealed_phones(session, after=after, limit=AT_ONCE)
    renewed = 0
    for household_id, stored in rows:
        sealed = sealer.renewed(stored)
        if sealed is not None:
            under_key.reseal_phone(session, household_id, sealed)
            renewed += 1
    return renewed, rows[-1][0] if rows else 0


def _second_factors(session: Session, *, settings: Settings) -> int:
    rows = under_key.second_factors(session)
    for row in rows:
        assert row.totp_secret is not None
        row.totp_secret = totp.renewed(settings, row.totp_secret)
        session.add(row)
    return len(rows)


def _pages(session: Session, *, settings: Settings, after: int) -> tuple[int, int]:
    rows = under_key.pages(session, after=after, limit=AT_ONCE)
    renewed = 0
    for _, document in rows:
        newer, *older = page_digests_of(settings, ListDocument.from_json(document))
        renewed += sum(under_key.know_page(session, digest, newer) for digest in older)
    return renewed, rows[-1][0] if rows else 0
