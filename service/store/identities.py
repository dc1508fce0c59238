"""Queries on whom a card, a phone or the retailer's own number stands for."""

from collections.abc import Iterable

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, select

from service.store.bulk import stage
from service.store.tables.household import Identity, IdentityKind

_BY_DIGEST = """SELECT i.digest, i.household_id FROM staged_key s
    JOIN identity i ON i.kind = :kind AND i.digest = s.value"""
_BY_REF = "SELECT h.ref, h.id FROM staged_key s JOIN household h ON h.ref = s.value"


def household_id(session: Session, kind: IdentityKind, digest: str) -> int | None:
    """The household that a card or a phone with this digest belongs to."""
    statement = select(Identity.household_id)
    return session.exec(
        statement.where(Identity.kind == kind.value, Identity.digest == digest)
    ).first()


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
