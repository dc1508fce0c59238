"""Queries on the household of a card, a phone or the retailer's own number."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import polars as pl
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import Session, col, select

from service.digests import identity_digest
from service.engine.identities import Form, forms
from service.secret_key import both
from service.store.bulk import stage
from service.store.tables.household import HouseholdIdentity, IdentityKind

_BY_DIGEST = """SELECT i.digest, i.household_id FROM staged_key s
    JOIN identity i ON i.kind = :kind AND i.digest = s.value"""
_BY_REF = "SELECT h.ref, h.id FROM staged_key s JOIN household h ON h.ref = s.value"


class KnownAs(NamedTuple):
    """A digest that a card or phone may be stored under.

    The row changes to `moves_to` when the card or phone is seen; empty where it stays.
    """

    digest: str
    moves_to: str = ""


def known_as(key: SecretStr, kind: str, value: str, *, country: str) -> tuple[KnownAs, ...]:
    """The digests of a card or phone: the one to store, then those of its other forms.

    `country` is that of phone numbers that name none.
    """
    return digests_of(key, kind, forms(kind, value, country=country))


def digests_of(key: SecretStr, kind: str, found: Sequence[Form]) -> tuple[KnownAs, ...]:
    """The digests of these forms, in their order; then those under the key before."""
    now, *former = both(key)
    digests = [identity_digest(now, kind, form.text) for form in found]
    targets = [digests[0] if form.moves else "" for form in found]
    known = [KnownAs(digest, target) for digest, target in zip(digests, targets, strict=True)]
    for before in former:
        known += [
            KnownAs(identity_digest(before, kind, form.text), target or digest)
            for form, digest, target in zip(found, digests, targets, strict=True)
        ]
    return tuple(known)


def household_of(
    session: Session, key: SecretStr, kind: IdentityKind, value: str, *, country: str
) -> int | None:
    """The household that a card or a phone belongs to, by the first of its forms that is known."""
    digests = [each.digest for each in known_as(key, kind, value, country=country)]
    found = dict(
        session.exec(
            select(HouseholdIdentity.digest, HouseholdIdentity.household_id).where(
                HouseholdIdentity.kind == kind.value, col(HouseholdIdentity.digest).in_(digests)
            )
        ).all()
    )
    return next((found[digest] for digest in digests if digest in found), None)


def ids_by_digest(session: Session, kind: IdentityKind, digests: Iterable[str]) -> dict[str, int]:
    """The household of each of these digests that is known."""
    _stage(session, digests)
    found = session.execute(text(_BY_DIGEST), {"kind": kind.value}).all()
    return {row[0]: row[1] for row in found}


def ids_by_ref(session: Session, refs: Iterable[str]) -> dict[str, int]:
    """The id of each household among these of the retailer's own numbers that is known."""
    _stage(session, refs)
    return {row[0]: row[1] for row in session.execute(text(_BY_REF)).all()}


def _stage(session: Session, values: Iterable[str]) -> None:
    # Staged, because a statement takes only so many parameters.
    keys = pl.DataFrame({"value": sorted(set(values))}, {"value": pl.String})
    stage(session, "staged_key", keys)
