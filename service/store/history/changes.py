"""Baskets that change after they were sealed: their lines in the file count no more."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

from service.store.bulk import append, day_value, is_sqlite
from service.store.history import manifest, place
from service.store.history.lines import LINE
from service.store.history.manifest import Piece, month_of

_AT_ONCE = 10_000


class _Held(NamedTuple):
    """A sealed basket whose row is held, and where its lines are."""

    basket_id: int
    piece: Piece


def open_again(session: Session, basket_ids: Sequence[int]) -> None:
    """Have the lines of some baskets in the database, to be changed there.

    To be called before any line of a basket changes that was there before. All of them are held
    until the transaction ends, those that are not sealed too: nobody seals meanwhile what they
    were. Raises Misconfigured when lines left the database and their file is not whole.
    """
    held = _hold(session, basket_ids)
    for piece in sorted({each.piece for each in held}):
        file = manifest.current(session, piece)
        if file is not None and file.is_alone:
            mine = [each.basket_id for each in held if each.piece == piece]
            lines = place.place_of(session).scan(file).filter(pl.col("basket_id").is_in(mine))
            append(session, "basket_line", lines.select([*LINE]).collect())
    _execute(
        session,
        "UPDATE basket SET sealed = false WHERE id IN :keys",
        [each.basket_id for each in held],
    )


def open_all(session: Session) -> None:
    """Have all lines in the database, to be changed there; nobody seals until this ends.

    Raises Misconfigured when lines left the database and a file is not whole.
    """
    if not is_sqlite(session):
        session.execute(text("LOCK TABLE basket IN SHARE ROW EXCLUSIVE MODE"))
    month = month_of(session, "b.purchased_at")
    sealed = text(
        f"""SELECT b.id FROM basket b
            WHERE b.sealed AND b.sealed_shard = :shard AND {month} = :month"""
    )
    for file in manifest.alone(session):
        values = {"shard": file.shard, "month": day_value(session, file.month)}
        open_again(session, session.execute(sealed, values).scalars().all())
    session.execute(text("UPDATE basket SET sealed = false WHERE sealed"))


def note_gone(session: Session, basket_ids: Sequence[int]) -> None:
    """Some baskets are about to be removed: what a file holds of them counts no more."""
    _hold(session, basket_ids)
    _execute(
        session,
        f"""INSERT INTO history_change (basket_id, month, shard)
            SELECT b.id, {month_of(session, "b.purchased_at")}, b.sealed_shard FROM basket b
            WHERE b.id IN :keys AND b.sealed_shard IS NOT NULL ON CONFLICT DO NOTHING""",
        basket_ids,
    )


def _hold(session: Session, basket_ids: Sequence[int]) -> list[_Held]:
    """Those of some baskets that are sealed; all of them are held until the transaction ends."""
    locked = "" if is_sqlite(session) else "FOR UPDATE"
    found = []
    for start in range(0, len(basket_ids), _AT_ONCE):
        rows = session.execute(
            text(
                f"""SELECT b.id, {month_of(session, "b.purchased_at")} AS month, b.sealed_shard,
                           b.sealed
                    FROM basket b WHERE b.id IN :keys ORDER BY b.id {locked}"""
            )
            .columns(month=Date())
            .bindparams(bindparam("keys", expanding=True)),
            {"keys": list(basket_ids[start : start + _AT_ONCE])},
        )
        found += [_Held(key, Piece(month, shard)) for key, month, shard, sealed in rows if sealed]
    return found


def _execute(session: Session, statement: str, keys: Sequence[int]) -> None:
    for start in range(0, len(keys), _AT_ONCE):
        session.execute(
            text(statement).bindparams(bindparam("keys", expanding=True)),
            {"keys": list(keys[start : start + _AT_ONCE])},
        )
