"""Queries on households that were erased, and the statements that erase one."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl
from pydantic import SecretStr
from sqlalchemy import bindparam, text, update
from sqlmodel import Session, col, select

from service.digests import ref_digest
from service.secret_key import both
from service.store.bulk import is_sqlite, stage
from service.store.tables.cycle import Run
from service.store.tables.erasure import ErasedIdentity, Erasure
from service.store.tables.household import HouseholdIdentity, IdentityKind
from service.store.tables.types import UtcMoment


class ErasedAmong(NamedTuple):
    """Which of some numbers and card digests belong to households that were erased."""

    refs: list[str]
    cards: list[str]


def erased_among(
    session: Session, key: SecretStr, refs: Iterable[str], cards: Iterable[str | None] = ()
) -> ErasedAmong:
    """Which of these numbers of the retailer and digests of cards are of erased households."""
    if session.exec(select(Erasure.id).limit(1)).first() is None:
        return ErasedAmong([], [])
    by_digest = {ref_digest(each, ref): ref for ref in set(refs) for each in both(key)}
    gone = _known(session, "SELECT ref_digest FROM erasure", "ref_digest", by_digest)
    shown = {card for card in cards if card}
    of_cards = "SELECT digest FROM erased_identity"
    return ErasedAmong(
        [by_digest[digest] for digest in gone], _known(session, of_cards, "digest", shown)
    )


def _known(session: Session, query: str, column: str, values: Collection[str]) -> list[str]:
    if not values:
        return []
    stage(session, "staged_digest", pl.DataFrame({"value": sorted(values)}, {"value": pl.String}))
    rows = session.execute(
        text(f"{query} t WHERE EXISTS (SELECT 1 FROM staged_digest s WHERE s.value = t.{column})")
    )
    return [value for (value,) in rows]


def add(session: Session, row: Erasure) -> Erasure:
    """Write that a household is erased."""
    session.add(row)
    session.flush()
    return row


def of_household(session: Session, household_id: int) -> Erasure | None:
    """The erasure of a household, if it was erased."""
    return session.exec(select(Erasure).where(Erasure.household_id == household_id)).first()


def unfinished(session: Session) -> Sequence[Erasure]:
    """Those whose files may still be there."""
    statement = select(Erasure).where(col(Erasure.finished_at).is_(None)).order_by(col(Erasure.id))
    return session.exec(statement).all()


def finish(session: Session, erasure_id: int, *, at: datetime) -> None:
    """Record that nothing of the household is in any file any more."""
    session.execute(update(Erasure).where(col(Erasure.id) == erasure_id).values(finished_at=at))


_LISTS = "(SELECT id FROM shopping_list WHERE household_id = :household)"
_DRAFTS = "(SELECT id FROM shopping_list WHERE household_id = :household AND state = 'draft')"
# What names the household, what it said, and what people wrote about it. Numbers stay: baskets,
# uses and entries of the ledger say what was bought and paid, and of nobody any more.
_FORGET = (
    "DELETE FROM due WHERE household_id = :household",
    f"DELETE FROM list_line WHERE list_id IN {_DRAFTS}",
    "DELETE FROM shopping_list WHERE household_id = :household AND state = 'draft'",
    "DELETE FROM identity WHERE household_id = :household",
    "DELETE FROM household_case WHERE household_id = :household",
    "DELETE FROM message WHERE household_id = :household",
    "DELETE FROM pocket_log_in WHERE household_id = :household",
    "DELETE FROM pocket_session WHERE household_id = :household",
    "DELETE FROM pocket_item WHERE household_id = :household",
    f"DELETE FROM pocket_word WHERE list_id IN {_LISTS}",
    "DELETE FROM wish WHERE household_id = :household",
    "DELETE FROM household_answer WHERE household_id = :household",
    "DELETE FROM consent WHERE household_id = :household",
    "DELETE FROM contact WHERE household_id = :household",
    f"DELETE FROM list_page WHERE list_id IN {_LISTS}",
    f"UPDATE mail_piece SET address_digest = '' WHERE list_id IN {_LISTS}",
    "UPDATE cycle_left_out SET detail = '' WHERE household_id = :household",
    "UPDATE household_opening SET note = '' WHERE household_id = :household",
    "UPDATE goodwill SET note = '' WHERE household_id = :household",
    """UPDATE audit_event SET detail = '{}' WHERE (subject = 'household' AND subject_id = :number)
       OR (subject = 'override' AND subject_id IN (
           SELECT CAST(id AS text) FROM deal_override WHERE household_id = :household))""",
    """UPDATE deal_override SET reason = '', ended_at = coalesce(ended_at, :at)
       WHERE household_id = :household""",
    "UPDATE household SET ref = :reference WHERE id = :household",
)


def cards_of(session: Session, household_id: int) -> list[str]:
    """The digests of a household's cards."""
    statement = select(HouseholdIdentity.digest).where(
        HouseholdIdentity.household_id == household_id, HouseholdIdentity.kind == IdentityKind.CARD
    )
    return sorted(session.exec(statement).all())


def keep_cards(session: Session, erasure_id: int, digests: Sequence[str]) -> None:
    """Keep the digests of cards of an erased household, so that none makes anybody known again."""
    known = set(
        session.exec(
            select(ErasedIdentity.digest).where(
                ErasedIdentity.kind == IdentityKind.CARD, col(ErasedIdentity.digest).in_(digests)
            )
        ).all()
    )
    for digest in digests:
        if digest not in known:
            card = ErasedIdentity(
                kind=IdentityKind.CARD.value, digest=digest, erasure_id=erasure_id
            )
            session.add(card)
    session.flush()


def forget(session: Session, erasure: Erasure) -> None:
    """Delete a household's contact, identities and consents, and call it by its reference."""
    values = {
        "household": erasure.household_id,
        "reference": erasure.reference,
        "number": str(erasure.household_id),
        "at": erasure.erased_at,
    }
    for statement in _FORGET:
        named = {name: value for name, value in values.items() if f":{name}" in statement}
        types = [bindparam("at", type_=UtcMoment())] if "at" in named else []
        session.execute(text(statement).bindparams(*types), named)


def forget_in_plans(session: Session, ref: str) -> None:
    """Take a household out of what plans say of letters that cannot be printed."""
    for run in session.exec(select(Run).where(col(Run.result).is_not(None))).all():
        said = (run.result or {}).get("left_out")
        if isinstance(said, list) and any(each.get("household_id") == ref for each in said):
            kept = [each for each in said if each.get("household_id") != ref]
            run.result = {**(run.result or {}), "left_out": kept}
            session.add(run)
    session.flush()


def overwrite_deleted(session: Session, *, is_on: bool) -> None:
    """From now on SQLite overwrites what is deleted with zeros, or no longer does."""
    if is_sqlite(session):
        session.execute(text(f"PRAGMA secure_delete = {'ON' if is_on else 'OFF'}"))


def any_of_lists(session: Session, list_ids: Iterable[int]) -> bool:
    """Whether one of some lists was of a household that was erased."""
    if session.exec(select(Erasure.id).limit(1)).first() is None:
        return False
    stage(session, "staged_id", pl.DataFrame({"list_id": list_ids}, {"list_id": pl.Int64}))
    found = session.execute(
        text(
            """SELECT 1 FROM erasure e JOIN shopping_list s ON s.household_id = e.household_id
               JOIN staged_id i ON i.list_id = s.id LIMIT 1"""
        )
    )
    return found.first() is not None


def references(session: Session) -> set[str]:
    """What the households that were erased are called since."""
    return set(session.exec(select(Erasure.reference)).all())


def household_ids(session: Session) -> set[int]:
    """The households that were erased."""
    return set(session.exec(select(Erasure.household_id)).all())
