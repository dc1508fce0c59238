"""One trail of who did what: to deals, and to all else, the newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from typing import Any, NamedTuple

from sqlalchemy import or_
from sqlmodel import Session, col, select

from service.store.session import Database
from service.store.tables.audit import AuditEvent
from service.store.tables.offer import OfferEvent

DEAL = "deal"
"""What a deal is called among the things that something is done to."""


class Place(NamedTuple):
    """The place of an event in its own trail: several may have happened in the same moment."""

    happened_at: datetime
    id: int


BEGIN = Place(datetime.max.replace(tzinfo=UTC), 2**63 - 1)
"""Before the newest event."""


class Edge(NamedTuple):
    """Where a page ends: the last event of either kind that was shown."""

    audit: Place = BEGIN
    deals: Place = BEGIN


class Deed(NamedTuple):
    """One act: who did what to which, and when."""

    happened_at: datetime
    actor: str
    act: str
    subject: str
    subject_id: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; what is empty does not matter. `since` counts, `until` does not."""

    person_id: int | None = None
    subject: str = ""
    subject_id: str = ""
    act: str = ""
    since: datetime | None = None
    until: datetime | None = None


def page(
    session: Session, wanted: Search, *, edge: Edge, limit: int
) -> tuple[Sequence[Deed], Edge | None]:
    """A page of what matches, and where it ends; None when there is no more.

    Both tables are read along an index by moment, so that the page costs the same at any depth.
    """
    others = _others(session, wanted, edge.audit, limit)
    deals = _deals(session, wanted, edge.deals, limit)
    found = [*merge(others, deals, key=lambda each: each[0].happened_at, reverse=True)]
    shown = found[:limit]
    if len(found) <= limit:
        return [deed for deed, _, _ in shown], None
    last = {of: Place(deed.happened_at, number) for deed, of, number in shown}
    return (
        [deed for deed, _, _ in shown],
        Edge(last.get(AuditEvent, edge.audit), last.get(OfferEvent, edge.deals)),
    )


def read_all(
    database: Database, wanted: Search, *, most: int, at_once: int
) -> Iterator[Sequence[Deed]]:
    """All that matches, at most so many, in pages: no session is open between two of them."""
    edge: Edge | None = Edge()
    while edge is not None and most > 0:
        with database.read() as session:
            found, edge = page(session, wanted, edge=edge, limit=min(at_once, most))
        most -= len(found)
        yield found


def _others(
    session: Session, wanted: Search, edge: Place, limit: int
) -> list[tuple[Deed, type, int]]:
    if wanted.subject == DEAL:
        return []
    statement = select(AuditEvent)
    if wanted.subject:
        statement = statement.where(AuditEvent.subject == wanted.subject)
    if wanted.subject_id:
        statement = statement.where(AuditEvent.subject_id == wanted.subject_id)
    rows = session.exec(_newest(statement, AuditEvent, wanted, edge).limit(limit + 1)).all()
    return [
        (Deed(row.happened_at, row.actor, row.act, row.subject, row.subject_id, row.detail),
         AuditEvent, row.id)
        for row in rows
    ]  # fmt: skip


def _deals(
    session: Session, wanted: Search, edge: Place, limit: int
) -> list[tuple[Deed, type, int]]:
    if wanted.subject not in ("", DEAL):
        return []
    statement = select(OfferEvent)
    if wanted.subject_id:
        number = wanted.subject_id
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            return []
        statement = statement.where(OfferEvent.offer_id == int(number))
    rows = session.exec(_newest(statement, OfferEvent, wanted, edge).limit(limit + 1)).all()
    return [
        (Deed(row.happened_at, row.actor, row.act, DEAL, str(row.offer_id), dict(row.detail)),
         OfferEvent, row.id)
        for row in rows
    ]  # fmt: skip


def _newest(statement: Any, table: Any, wanted: Search, edge: Place) -> Any:
    """What matches and comes after an edge, the newest first."""
    statement = statement.where(
        table.happened_at <= edge.happened_at,
        or_(table.happened_at < edge.happened_at, table.id < edge.id),
    )
    if wanted.person_id is not None:
        statement = statement.where(table.person_id == wanted.person_id)
    if wanted.act:
        statement = statement.where(table.act == wanted.act)
    if wanted.since is not None:
        statement = statement.where(table.happened_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(table.happened_at < wanted.until)
    return statement.order_by(col(table.happened_at).desc(), col(table.id).desc())
