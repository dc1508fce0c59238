"""Queries on households, how they are reached and how they are recognised."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import text, update
from sqlmodel import Session, col, select

from service.store.bulk import stage
from service.store.tables.household import Contact, Household

_FETCH_ROWS = 50_000
_UPSERTS = (
    """INSERT INTO household (ref, language)
       SELECT ref, language FROM staged_household WHERE true ORDER BY length(ref), ref
       ON CONFLICT (ref) DO UPDATE SET language = excluded.language""",
    """INSERT INTO contact (household_id, name, street, extra, postcode, city, region, country,
                            mail_consent, consent_at, consent_source, carrier_order)
       SELECT h.id, s.name, s.street, s.extra, s.postcode, s.city, s.region, s.country,
              s.mail_consent, s.consent_at, s.consent_source, s.carrier_order
       FROM staged_household s JOIN household h ON h.ref = s.ref WHERE true
       ON CONFLICT (household_id) DO UPDATE SET name = excluded.name, street = excluded.street,
           extra = excluded.extra, postcode = excluded.postcode, city = excluded.city,
           region = excluded.region, country = excluded.country,
           mail_consent = excluded.mail_consent, consent_at = excluded.consent_at,
           consent_source = excluded.consent_source, carrier_order = excluded.carrier_order,
           undeliverable_at = CASE
               WHEN contact.street = excluded.street AND contact.extra = excluded.extra
                AND contact.postcode = excluded.postcode AND contact.city = excluded.city
                AND contact.country = excluded.country THEN contact.undeliverable_at END""",
    """INSERT INTO identity (kind, digest, household_id)
       SELECT s.kind, s.digest, h.id FROM staged_identity s JOIN household h ON h.ref = s.ref
       WHERE true
       ON CONFLICT (kind, digest) DO UPDATE SET household_id = excluded.household_id""",
)


def upsert_households(session: Session, households: pl.DataFrame, identities: pl.DataFrame) -> None:
    """Add or renew households by `ref`, with contact and identities.

    `households`: ref, language and the columns of a contact; `ref` is unique in the frame.
    `identities`: kind, digest, ref. A card that comes back with another household moves to it.
    """
    stage(session, "staged_household", households)
    stage(session, "staged_identity", identities)
    for statement in _UPSERTS:
        session.execute(text(statement))


def ids_by_ref(session: Session) -> dict[str, int]:
    """Every household's id by the retailer's own number for it."""
    rows = session.exec(select(Household.ref, Household.id)).all()
    return {ref: household_id for ref, household_id in rows if household_id is not None}


def languages(session: Session, household_ids: Sequence[int] | None = None) -> dict[int, str]:
    """The language of all households, or of some, by id."""
    statement = select(Household.id, Household.language)
    if household_ids is not None:
        statement = statement.where(col(Household.id).in_(household_ids))
    rows = session.exec(statement).all()
    return {household_id: language for household_id, language in rows if household_id is not None}


def by_ref(session: Session, ref: str) -> Household | None:
    """The household with the retailer's number `ref`."""
    return session.exec(select(Household).where(Household.ref == ref)).first()


def refs(session: Session, household_ids: Sequence[int]) -> dict[int, str]:
    """The retailer's numbers of some households, by id."""
    statement = select(Household.id, Household.ref).where(col(Household.id).in_(household_ids))
    return {key: ref for key, ref in session.exec(statement).all() if key is not None}


CONTACT = {
    "household_id": pl.Int64,
    "ref": pl.String,
    "name": pl.String,
    "street": pl.String,
    "extra": pl.String,
    "postcode": pl.String,
    "city": pl.String,
    "region": pl.String,
    "country": pl.String,
    "carrier_order": pl.String,
    "mail_consent": pl.Boolean,
    "came_back": pl.Boolean,
}
"""How a household is reached; `came_back` says that mail to this address was returned."""


def contacts(session: Session, household_ids: Sequence[int]) -> pl.DataFrame:
    """How some households are reached, by household_id: the columns of `CONTACT`."""
    # Staged, because a statement takes only so many parameters and a cycle has a million lists.
    stage(
        session,
        "staged_household_id",
        pl.DataFrame({"household_id": household_ids}, {"household_id": pl.Int64}),
    )
    rows = session.execute(
        text(
            """SELECT h.id, h.ref, c.name, c.street, c.extra, c.postcode, c.city, c.region,
                      c.country, c.carrier_order, c.mail_consent, c.undeliverable_at IS NOT NULL
               FROM staged_household_id s JOIN household h ON h.id = s.household_id
               JOIN contact c ON c.household_id = h.id ORDER BY h.id"""
        )
    )
    parts = [pl.DataFrame(schema=CONTACT)]
    while chunk := rows.fetchmany(_FETCH_ROWS):
        whole = [(*row[:-2], bool(row[-2]), bool(row[-1])) for row in chunk]
        parts.append(pl.DataFrame(whole, schema=CONTACT, orient="row"))
    return pl.concat(parts)


def mail_consent(session: Session, household_id: int) -> bool:
    """Whether a household agreed to be sent mail."""
    contact = session.get(Contact, household_id)
    return contact is not None and contact.mail_consent


def mark_undeliverable(session: Session, household_ids: Sequence[int], *, at: datetime) -> None:
    """Mail to these households came back; nothing is sent to them until their address changes."""
    session.execute(
        update(Contact)
        .where(
            col(Contact.household_id).in_(household_ids), col(Contact.undeliverable_at).is_(None)
        )
        .values(undeliverable_at=at)
    )
