"""Bring what can be read again under a new LARDER_SECRET_KEY; digests come as they are shown."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

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
    """What is under the key now: numbers to write to, second factors, pages of lists.

    `lost` numbers and factors are under neither key: nobody can read them any more.
    """

    phones: int
    second_factors: int
    pages: int
    lost: int


def renew(database: Database, settings: Settings) -> Renewed:
    """Bring all that is sealed, and the pages of lists, under the key; safe to repeat.

    What is under neither key stays as it is. Raises Misconfigured without
    LARDER_SECRET_KEY_BEFORE.
    """
    if not settings.secret_key_before.get_secret_value():
        raise Misconfigured(
            "There is no key to renew from: set LARDER_SECRET_KEY_BEFORE to the key until now, and "
            "LARDER_SECRET_KEY to a new one."
        )
    sealer = Sealer(settings.secret_key, PHONES)
    phones, lost = _renew_all(database, partial(_phones, sealer=sealer))
    factors = database.settle(partial(_second_factors, settings=settings), busy=_BUSY)
    pages, _ = _renew_all(database, partial(_pages, settings=settings))
    return Renewed(phones, factors.renewed, pages, lost + factors.lost)


class _Some(NamedTuple):
    """How many were renewed, how many are lost, and the last looked at: 0 after the last."""

    renewed: int
    lost: int = 0
    last: int = 0


def _renew_all(database: Database, some: "partial[_Some]") -> tuple[int, int]:
    renewed = lost = after = 0
    while True:
        found = database.settle(partial(some, after=after), busy=_BUSY)
        renewed, lost = renewed + found.renewed, lost + found.lost
        if not found.last:
            return renewed, lost
        after = found.last


def _phones(session: Session, *, sealer: Sealer, after: int) -> _Some:
    rows = under_key.sealed_phones(session, after=after, limit=AT_ONCE)
    renewed = lost = 0
    for household_id, stored in rows:
        try:
            sealed = sealer.renewed(stored)
        except Misconfigured:
            lost += 1
            continue
        if sealed is not None:
            under_key.reseal_phone(session, household_id, sealed)
            renewed += 1
    return _Some(renewed, lost, rows[-1][0] if rows else 0)


def _second_factors(session: Session, *, settings: Settings) -> _Some:
    renewed = lost = 0
    for row in under_key.second_factors(session):
        assert row.totp_secret is not None
        try:
            row.totp_secret = totp.renewed(settings, row.totp_secret)
        except Misconfigured:
            lost += 1
            continue
        session.add(row)
        renewed += 1
    return _Some(renewed, lost)


def _pages(session: Session, *, settings: Settings, after: int) -> _Some:
    rows = under_key.pages(session, after=after, limit=AT_ONCE)
    renewed = 0
    for _, document in rows:
        newer, *older = page_digests_of(settings, ListDocument.from_json(document))
        renewed += sum(under_key.know_page(session, digest, newer) for digest in older)
    return _Some(renewed, last=rows[-1][0] if rows else 0)
