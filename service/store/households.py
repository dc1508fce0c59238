"""Queries on households, their contact data and their identities."""

from collections.abc import Collection, Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import text, update
from sqlmodel import Session, col, select

from service.engine.texts import clean
from service.store.bulk import is_sqlite, stage
from service.store.tables.household import Contact, Household

_FETCH_ROWS = 50_000
_CONTACT = (
    "name",
    "street",
    "extra",
    "postcode",
    "city",
    "region",
    "country",
    "mail_consent",
    "consent_at",
    "consent_source",
    "carrier_order",
    "email",
    "phone_sealed",
)
_ADDRESS = ("street", "extra", "postcode", "city", "country")
# Numbers follow on from the highest there is, so that the same files give the same numbers on
# every database: a sequence would skip some at each repetition. Random draws use these numbers.
_NEW = """INSERT INTO household (id, ref, language)
    SELECT top.id + row_number() OVER (ORDER BY s.place), s.ref, s.language
    FROM staged_household s
    CROSS JOIN (SELECT coalesce(max(id), 0) AS id FROM household) top
    WHERE NOT EXISTS (SELECT 1 FROM household h WHERE h.ref = s.ref)"""
_LOCK_TABLE = "LOCK TABLE household IN SHARE ROW EXCLUSIVE MODE"
_ADVANCE_SEQUENCE = (
    "SELECT setval(pg_get_serial_sequence('household', 'id'), max(id)) FROM household"
)
_LANGUAGE = """UPDATE household SET language = s.language FROM staged_household s
    WHERE household.ref = s.ref AND household.language <> s.language"""
# A row value, since SQLite would look through all staged rows for each identity otherwise.
_DELETE_OLDER = """DELETE FROM identity WHERE (kind, digest) IN (
        SELECT kind, digest FROM staged_older)"""
_IDENTITIES = """INSERT INTO identity (kind, digest, household_id, key_mark)
    SELECT s.kind, s.digest, h.id, s.key_mark
    FROM staged_identity s JOIN household h ON h.ref = s.ref
    WHERE true
    ON CONFLICT (kind, digest) DO UPDATE SET household_id = excluded.household_id,
        key_mark = excluded.key_mark"""


def upsert_households(
    session: Session,
    households: pl.DataFrame,
    identities: pl.DataFrame,
    older: pl.DataFrame,
    *,
    renewed: Collection[str],
) -> None:
    """Add or update households by `ref`, with contact and identities.

    `households`: ref, language and the columns of a contact; `ref` is unique in the frame. An
    existing household changes only in the columns in `renewed`. `identities`: kind, digest, ref,
    key_mark.
    A card that is listed with another household moves to it. `older`: kind and digest of other
    forms of the same cards and phones; these rows are deleted.
    """
    placed = households.sort(pl.col("ref").str.len_chars(), "ref").with_row_index("place")
    stage(session, "staged_household", placed.with_columns(pl.col("place").cast(pl.Int64)))
    stage(session, "staged_identity", identities)
    stage(session, "staged_older", older)
    if is_sqlite(session):
        session.execute(text(_NEW))
    else:
        for statement in (_LOCK_TABLE, _NEW, _ADVANCE_SEQUENCE):
            session.execute(text(statement))
    if "language" in renewed:
        session.execute(text(_LANGUAGE))
    session.execute(text(_contacts(renewed)))
    session.execute(text(_DELETE_OLDER))
    session.execute(text(_IDENTITIES))


def ensure(session: Session, refs: Sequence[str], *, language: str) -> None:
    """Add the households that do not exist yet, without contact data and consent."""
    unknown = dict.fromkeys(_CONTACT, "") | {"mail_consent": False}
    upsert_households(
        session,
        pl.DataFrame({"ref": refs}, {"ref": pl.String}).with_columns(
            pl.lit(language).alias("language"),
            *(pl.lit(value).alias(name) for name, value in unknown.items() if name != "consent_at"),
            pl.lit(None, pl.Datetime("us", "UTC")).alias("consent_at"),
        ),
        pl.DataFrame(schema=dict.fromkeys(("kind", "digest", "ref", "key_mark"), pl.String)),
        pl.DataFrame(schema=dict.fromkeys(("kind", "digest"), pl.String)),
        renewed=(),
    )


def _contacts(renewed: Collection[str]) -> str:
    columns = ", ".join(_CONTACT)
    values = ", ".join(f"s.{column}" for column in _CONTACT)
    changes = [f"{column} = excluded.{column}" for column in _CONTACT if column in renewed]
    address = [f"contact.{column} = excluded.{column}" for column in _ADDRESS if column in renewed]
    if address:
        same = " AND ".join(address)
        changes.append(f"undeliverable_at = CASE WHEN {same} THEN contact.undeliverable_at END")
    action = f"UPDATE SET {', '.join(changes)}" if changes else "NOTHING"
    return f"""INSERT INTO contact (household_id, {columns})
        SELECT h.id, {values} FROM staged_household s JOIN household h ON h.ref = s.ref WHERE true
        ON CONFLICT (household_id) DO {action}"""


def ids_by_ref(session: Session) -> dict[str, int]:
    """Every household's id by the retailer's own number for it."""
    return dict(session.exec(select(Household.ref, Household.id)).all())


def languages(session: Session, household_ids: Sequence[int] | None = None) -> dict[int, str]:
    """The language of all households, or of some, by id: `en-US`, `de-AT`.

    A language without a region is that of the country of the address, where one is known.
    """
    statement = select(Household.id, Household.language, Contact.country).join(
        Contact, col(Contact.household_id) == col(Household.id), isouter=True
    )
    if household_ids is not None:
        statement = statement.where(col(Household.id).in_(household_ids))
    return {
        household_id: _regional(language, country)
        for household_id, language, country in session.exec(statement)
    }


def _regional(language: str, country: str | None) -> str:
    if not country or "-" in language or "_" in language:
        return language
    return f"{language}-{country}"


def by_ref(session: Session, ref: str) -> Household | None:
    """The household with the retailer's number `ref`."""
    return session.exec(select(Household).where(Household.ref == clean(ref))).first()


def refs(session: Session, household_ids: Sequence[int]) -> dict[int, str]:
    """The retailer's numbers of some households, by id."""
    statement = select(Household.id, Household.ref).where(col(Household.id).in_(household_ids))
    return dict(session.exec(statement).all())


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
"""The columns of `contacts`; `came_back` is true when mail to this address was returned."""


def contacts(session: Session, household_ids: Sequence[int]) -> pl.DataFrame:
    """The contact data of some households, by household_id; see `CONTACT`."""
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


def change_ways(
    session: Session, household_id: int, *, email: str | None, phone_sealed: str | None
) -> None:
    """Change where a household may be written to; None leaves it as it is."""
    given = {"email": email, "phone_sealed": phone_sealed}
    changes = {name: value for name, value in given.items() if value is not None}
    if changes:
        statement = update(Contact).where(col(Contact.household_id) == household_id)
        session.execute(statement.values(**changes))


def mail_consent(session: Session, household_id: int) -> bool:
    """Whether a household agreed to be sent mail."""
    contact = session.get(Contact, household_id)
    return contact is not None and contact.mail_consent


def mark_undeliverable(session: Session, household_ids: Sequence[int], *, at: datetime) -> None:
    """Record that mail to these households was returned.

    Nothing is sent to them until their address changes.
    """
    session.execute(
        update(Contact)
        .where(
            col(Contact.household_id).in_(household_ids), col(Contact.undeliverable_at).is_(None)
        )
        .values(undeliverable_at=at)
    )


def region_names(session: Session) -> list[str]:
    """Every region that a household's address has, in order."""
    found = session.execute(
        text("SELECT DISTINCT region FROM contact WHERE region <> '' ORDER BY region")
    )
    return [name for (name,) in found]


def regions(session: Session, household_ids: Sequence[int] | None = None) -> pl.DataFrame:
    """The region of each household's address, where it has one: household_id, region."""
    some = ", ".join(str(int(each)) for each in household_ids or ()) or "NULL"
    chosen = "" if household_ids is None else f"AND household_id IN ({some})"
    rows = session.execute(
        text(
            f"""SELECT household_id, region FROM contact WHERE region <> '' {chosen}
                ORDER BY household_id"""
        )
    )
    schema = {"household_id": pl.Int64, "region": pl.String}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
