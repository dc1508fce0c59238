"""Queries on the list in the pocket. Each word is kept by one statement: the newest counts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, func, select

from service.store.bulk import is_sqlite
from service.store.tables.pocket import PocketItem, PocketSession, PocketWord, WordKind
from service.store.tables.redemption import RedemptionLine
from service.store.tables.shopping_list import ListState, ShoppingList


def add_session(session: Session, row: PocketSession) -> None:
    """Add a browser that opened a page."""
    session.add(row)
    session.flush()


def session_of(session: Session, token_digests: Sequence[str]) -> PocketSession | None:
    """The browser that holds a token with one of these digests."""
    mine = select(PocketSession).where(col(PocketSession.token_digest).in_(token_digests))
    return session.exec(mine).first()


def see(session: Session, token_digest: str, *, at: datetime) -> None:
    """Record that a browser was here."""
    mine = update(PocketSession).where(col(PocketSession.token_digest) == token_digest)
    session.execute(mine.values(seen_at=at))


def know(session: Session, token_digest: str, *, at: datetime) -> None:
    """Record that whoever holds a token showed a card or number of the household."""
    mine = update(PocketSession).where(col(PocketSession.token_digest) == token_digest)
    session.execute(mine.values(known_at=at))


def end_sessions(
    session: Session, *, token_digest: str = "", before: datetime | None = None
) -> int:
    """End the session of a token, or all that were not seen since a moment; their number."""
    ended = delete(PocketSession)
    if before is not None:
        ended = ended.where(col(PocketSession.seen_at) < before)
    else:
        ended = ended.where(col(PocketSession.token_digest) == token_digest)
    result = session.execute(ended)
    found: int = result.rowcount  # type: ignore[attr-defined]
    return found


def end_sessions_of(session: Session, household_id: int) -> int:
    """End the sessions of all browsers of a household; their number."""
    ended = delete(PocketSession).where(col(PocketSession.household_id) == household_id)
    result = session.execute(ended)
    found: int = result.rowcount  # type: ignore[attr-defined]
    return found


def newest_list(session: Session, household_id: int) -> ShoppingList | None:
    """The newest list of a household that is open."""
    statement = (
        select(ShoppingList)
        .where(ShoppingList.household_id == household_id, ShoppingList.state == ListState.ISSUED)
        .order_by(col(ShoppingList.valid_from).desc(), col(ShoppingList.id).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def newest_printed(session: Session, household_id: int) -> ShoppingList | None:
    """The newest list of a household that was printed and not withdrawn, open or not."""
    printed = (ListState.ISSUED, ListState.EXPIRED)
    statement = (
        select(ShoppingList)
        .where(ShoppingList.household_id == household_id, col(ShoppingList.state).in_(printed))
        .order_by(col(ShoppingList.valid_from).desc(), col(ShoppingList.id).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def words(session: Session, list_id: int) -> dict[WordKind, dict[int, str]]:
    """What is said of the lines of a list, by kind and line: what was taken back is left out."""
    statement = select(PocketWord.kind, PocketWord.line, PocketWord.text).where(
        PocketWord.list_id == list_id, PocketWord.text != ""
    )
    found: dict[WordKind, dict[int, str]] = {kind: {} for kind in WordKind}
    for kind, line, text in session.exec(statement.order_by(col(PocketWord.line))):
        found[WordKind(kind)][line] = text
    return found


def saved_cents(session: Session, list_id: int) -> int:
    """What came off by a list."""
    statement = select(func.coalesce(func.sum(RedemptionLine.amount_cents), 0)).where(
        RedemptionLine.list_id == list_id, col(RedemptionLine.live)
    )
    return int(session.exec(statement).one())


def items(session: Session, household_id: int) -> Sequence[PocketItem]:
    """What a household wrote itself and did not remove, as it was written."""
    statement = select(PocketItem).where(
        PocketItem.household_id == household_id, col(PocketItem.gone).is_(False)
    )
    return session.exec(statement.order_by(func.lower(PocketItem.text), PocketItem.id)).all()


def count_items(session: Session, household_id: int) -> int:
    """How many things a household ever wrote, removed ones too."""
    statement = select(func.count()).where(PocketItem.household_id == household_id)
    return session.exec(statement).one()


def set_word(session: Session, row: PocketWord) -> None:
    """Say something of a line, unless somebody said something newer of that kind of it."""
    _newest(session, row, ["list_id", "line", "kind"], ["text", "said_at", "key"])


def set_item(session: Session, row: PocketItem) -> None:
    """Write, tick or remove something, unless somebody said something newer of it."""
    _newest(session, row, ["household_id", "id"], ["text", "ticked", "gone", "said_at", "key"])


def _newest(session: Session, row: SQLModel, keys: list[str], values: list[str]) -> None:
    table: Table = type(row).__table__  # type: ignore[attr-defined]
    make = sqlite.insert if is_sqlite(session) else postgresql.insert
    new = make(table).values(**row.model_dump())
    older = or_(
        table.c.said_at < new.excluded.said_at,
        (table.c.said_at == new.excluded.said_at) & (table.c.key < new.excluded.key),
    )
    session.execute(
        new.on_conflict_do_update(
            index_elements=keys,
            set_={name: getattr(new.excluded, name) for name in values},
            where=older,
        )
    )
