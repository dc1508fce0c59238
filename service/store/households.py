"""Queries on households, how they are reached and how they are recognised."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Integer, column, text
from sqlmodel import Session, col, select

from service.engine.records import Address
from service.store.bulk import stage
from service.store.tables.household import Contact, Household

_UPSERTS = (
    """INSERT INTO household (ref, language)
       SELECT ref, language FROM staged_household WHERE true ORDER BY length(ref), ref
       ON CONFLICT (ref) DO UPDATE SET language = excluded.language""",
    """INSERT INTO contact (household_id, name, street, extra, postcode, city, region, country,
                            mail_consent, consent_at, consent_source)
       SELECT h.id, s.name, s.street, s.extra, s.postcode, s.city, s.region, s.country,
              s.mail_consent, s.consent_at, s.consent_source
       FROM staged_household s JOIN household h ON h.ref = s.ref WHERE true
       ON CONFLICT (household_id) DO UPDATE SET name = excluded.name, street = excluded.street,
           extra = excluded.extra, postcode = excluded.postcode, city = excluded.city,
           region = excluded.region, country = excluded.country,
           mail_consent = excluded.mail_consent, consent_at = excluded.consent_at,
           consent_source = excluded.consent_source""",
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


def mailable(session: Session, household_ids: Sequence[int]) -> dict[int, Address]:
    """The addresses of those of the households that have one and consent to mail."""
    stage(
        session,
        "staged_household_id",
        pl.DataFrame({"household_id": household_ids}, {"household_id": pl.Int64}),
    )
    # Staged, because a statement takes only so many parameters and a cycle has a million lists.
    chosen = text("SELECT household_id FROM staged_household_id").columns(
        column("household_id", Integer)
    )
    statement = select(Contact).where(
        col(Contact.household_id).in_(chosen), col(Contact.mail_consent)
    )
    return {
        contact.household_id: Address(
            name=contact.name,
            street=contact.street,
            extra=contact.extra,
            postcode=contact.postcode,
            city=contact.city,
            region=contact.region,
            country=contact.country,
        )
        for contact in session.exec(statement)
    }
