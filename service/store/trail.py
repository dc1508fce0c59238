"""One trail of who did what: to deals, and to all else, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from service.store.tables.audit import AuditEvent
from service.store.tables.offer import OfferEvent

DEAL = "deal"
"""What a deal is called among the things that something is done to."""

BEGIN = 2**63 - 1


class Edge(NamedTuple):
    """Where a page ends: the last event of either kind that was shown."""

    audit_id: int = BEGIN
    offer_event_id: int = BEGIN


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
    """What is looked for; what is empty does not matter. `until` is a moment."""

    person_id: int | None = None
    subject: str = ""
    subject_id: str = ""
    act: str = ""
    until: datetime | None = None


def page(
    session: Session, wanted: Search, *, edge: Edge, limit: int
) -> tuple[Sequence[Deed], Edge | None]:
    """A page of what matches, and where it ends; None when there is no more.

    Both tables are read by their own number, so that the page costs the same at any depth.
    """
    found = list(
        merge(_others(session, wanted, edge, limit), _deals(session, wanted, edge, limit),
              key=lambda each: each[0].happened_at, reverse=True)
    )  # fmt: skip
    shown = found[:limit]
    if len(found) <= limit:
        return [deed for deed, _, _ in shown], None
    ids = {of: number for _, of, number in shown}
    return (
        [deed for deed, _, _ in shown],
        Edge(ids.get(AuditEvent, edge.audit_id), ids.get(OfferEvent, edge.offer_event_id)),
    )


def _others(
    session: Session, wanted: Search, edge: Edge, limit: int
) -> list[tuple[Deed, type, int]]:
    if wanted.subject == DEAL:
        return []
    statement = select(AuditEvent).where(col(AuditEvent.id) < edge.audit_id)
    if wanted.subject:
        statement = statement.where(AuditEvent.subject == wanted.subject)
    if wanted.subject_id:
        statement = statement.where(AuditEvent.subject_id == wanted.subject_id)
    statement = _narrowed(statement, AuditEvent, wanted)
    rows = session.exec(statement.order_by(col(AuditEvent.id).desc()).limit(limit + 1)).all()
    return [
        (Deed(row.happened_at, row.actor, row.act, row.subject, row.subject_id, row.detail),
         AuditEvent, row.id)
        for row in rows
    ]  # fmt: skip


def _deals(
    session: Session, wanted: Search, edge: Edge, limit: int
) -> list[tuple[Deed, type, int]]:
    if wanted.subject not in ("", DEAL):
        return []
    statement = select(OfferEvent).where(col(OfferEvent.id) < edge.offer_event_id)
    if wanted.subject_id:
        number = wanted.subject_id
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            return []
        statement = statement.where(OfferEvent.offer_id == int(number))
    statement = _narrowed(statement, OfferEvent, wanted)
    rows = session.exec(statement.order_by(col(OfferEvent.id).desc()).limit(limit + 1)).all()
    return [
        (Deed(row.happened_at, row.actor, row.act, DEAL, str(row.offer_id), dict(row.detail)),
         OfferEvent, row.id)
        for row in rows
    ]  # fmt: skip


def _narrowed(statement: Any, table: Any, wanted: Search) -> Any:
    if wanted.person_id is not None:
        statement = statement.where(table.person_id == wanted.person_id)
    if wanted.act:
        statement = statement.where(table.act == wanted.act)
    if wanted.until is not None:
        statement = statement.where(table.happened_at < wanted.until)
    return statement
