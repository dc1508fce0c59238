"""Queries on what households agreed to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import CursorResult, text
from sqlmodel import Session, col, select

from service.store.bulk import moment_literal, stage
from service.store.tables.consent import Consent, Purpose

_NEWEST = """WITH newest AS (
        SELECT c.household_id, c.purpose, max(c.id) AS id FROM consent c
        JOIN household h ON h.id = c.household_id
        JOIN staged_consent s ON s.ref = h.ref AND s.purpose = c.purpose
        GROUP BY c.household_id, c.purpose)"""
_FOUND = """FROM staged_consent s JOIN household h ON h.ref = s.ref
    LEFT JOIN newest n ON n.household_id = h.id AND n.purpose = s.purpose
    LEFT JOIN consent c ON c.id = n.id"""
# What a household took back itself, no older yes in a file gives again.
_OVERRULED = """c.id IS NOT NULL AND NOT c.granted AND s.granted AND c.channel <> 'file'
    AND (s.said_at IS NULL OR s.said_at <= coalesce(c.said_at, c.recorded_at))"""
# A no to a profile is more than no yes: consent to letters may cover it.
_CHANGED = f"""((c.id IS NULL AND (s.granted OR s.purpose = 'profile'))
    OR (c.id IS NOT NULL AND c.granted <> s.granted))
    AND NOT coalesce({_OVERRULED}, false)"""
_COUNT_OVERRULED = f"{_NEWEST} SELECT count(*) {_FOUND} WHERE {_OVERRULED}"
_AGREES = """coalesce((SELECT c.granted FROM consent c WHERE c.household_id = {table}.household_id
    AND c.purpose = '{purpose}' ORDER BY c.id DESC LIMIT 1), false)"""
_STAGED = """household_id IN (SELECT h.id FROM staged_household s
    JOIN household h ON h.ref = s.ref)"""
# The contact repeats consent to letters, and holds no address that nobody may write to; nor is
# anything kept of what a household does not eat without its consent.
_LETTERS = """UPDATE contact SET mail_consent = {agrees}
    WHERE {whom} AND mail_consent <> {agrees}"""
_NO_ADDRESS = """UPDATE contact SET {column} = '' WHERE {whom} AND {column} <> ''
    AND NOT {agrees}"""
_NO_DIET = """DELETE FROM household_answer WHERE question IN ('allergies', 'diets') AND {whom}
    AND NOT {agrees}"""
_ADDRESSES = {"email": Purpose.EMAIL, "phone_sealed": Purpose.SMS}


def nothing_said() -> pl.DataFrame:
    """What a file says of consents, without a row; a household and a purpose come once."""
    texts = {"ref": pl.String, "purpose": pl.String, "granted": pl.Boolean}
    return pl.DataFrame(schema={**texts, "said_at": pl.Datetime("us", "UTC"), "place": pl.String})


def take_from_file(session: Session, said: pl.DataFrame, *, at: datetime) -> int:
    """Add what a file says, where it changes something; how often an older yes was overruled.

    `said` has the columns of `nothing_said`. What a household took back on another way than a file,
    only a later yes gives again; a no always counts.
    """
    stage(session, "staged_consent", said)
    overruled = int(session.execute(text(_COUNT_OVERRULED)).scalar_one())
    session.execute(
        text(
            f"""INSERT INTO consent (household_id, purpose, granted, channel, wording,
                                     wording_version, said_at, recorded_at, place, actor)
                {_NEWEST}
                SELECT h.id, s.purpose, s.granted, 'file', '', '', s.said_at,
                       {moment_literal(session, at)}, s.place, 'larder' {_FOUND}
                WHERE {_CHANGED} ORDER BY h.id, s.purpose"""
        )
    )
    return overruled


def align_staged_contacts(session: Session) -> dict[Purpose, int]:
    """Make the contacts of the households staged by `households.upsert_households` agree.

    Returns how many addresses of each kind were dropped because nobody agreed to their use.
    """
    return _align(session, _STAGED, {})


def add(session: Session, row: Consent) -> Consent:
    """Add what a household said, and make its contact agree."""
    session.add(row)
    session.flush()
    _align(session, "household_id = :household", {"household": row.household_id})
    return row


def of_household(session: Session, household_id: int) -> Sequence[Consent]:
    """All that a household said, the newest first."""
    statement = select(Consent).where(Consent.household_id == household_id)
    return session.exec(statement.order_by(col(Consent.id).desc())).all()


def current(session: Session, household_id: int) -> dict[Purpose, Consent]:
    """The newest of each purpose that a household ever agreed to or took back."""
    rows = reversed(of_household(session, household_id))
    return {Purpose(row.purpose): row for row in rows}


def without_profile(
    session: Session, *, with_letter: bool, household_ids: Sequence[int] | None = None
) -> set[int]:
    """The households whose lists must not follow from what they bought.

    They took the consent to a profile back or, unless consent to letters includes it
    (`with_letter`), never gave it.
    """
    some = ""
    if household_ids is not None:
        ids = pl.DataFrame({"household_id": household_ids}, {"household_id": pl.Int64})
        stage(session, "staged_asked", ids)
        some = "AND {of} IN (SELECT household_id FROM staged_asked)"
    newest = f"""SELECT max(id) FROM consent WHERE purpose = 'profile'
        {some.format(of="household_id")} GROUP BY household_id"""
    taken_back = f"SELECT household_id FROM consent WHERE id IN ({newest}) AND NOT granted"
    if with_letter:
        return {key for (key,) in session.execute(text(taken_back))}
    given = f"SELECT household_id FROM consent WHERE id IN ({newest}) AND granted"
    rows = session.execute(
        text(f"""SELECT id FROM household WHERE id NOT IN ({given}) {some.format(of="id")}""")
    )
    return {key for (key,) in rows}


def with_letters(session: Session, household_ids: Sequence[int] | None = None) -> set[int]:
    """The households, all or of some, that agreed to letters."""
    some = ""
    if household_ids is not None:
        ids = pl.DataFrame({"household_id": household_ids}, {"household_id": pl.Int64})
        stage(session, "staged_asked", ids)
        some = "AND household_id IN (SELECT household_id FROM staged_asked)"
    rows = session.execute(text(f"SELECT household_id FROM contact WHERE mail_consent {some}"))
    return {key for (key,) in rows}


def _align(session: Session, whom: str, values: dict[str, Any]) -> dict[Purpose, int]:
    agrees = _AGREES.format(table="contact", purpose=Purpose.LETTER.value)
    session.execute(text(_LETTERS.format(whom=whom, agrees=agrees)), values)
    dropped = {}
    for column, purpose in _ADDRESSES.items():
        statement = _NO_ADDRESS.format(
            column=column, whom=whom, agrees=_AGREES.format(table="contact", purpose=purpose.value)
        )
        result = session.execute(text(statement), values)
        assert isinstance(result, CursorResult)
        dropped[purpose] = result.rowcount
    agrees = _AGREES.format(table="household_answer", purpose=Purpose.DIET.value)
    session.execute(text(_NO_DIET.format(whom=whom, agrees=agrees)), values)
    return dropped
