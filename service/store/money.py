"""Amounts of money wherever the database holds them, in columns and in documents.

Every column whose name ends in `_cents` is an amount in minor units; in a document every member
whose name does. What holds amounts under other names is listed here.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Float, Integer, Table, func, text, update
from sqlalchemy.engine import CursorResult
from sqlmodel import Session, SQLModel, col, select

from service.store.tables.money_conversion import MoneyConversion

SUFFIX = "_cents"
DOCUMENTS: dict[tuple[str, str], str] = {
    ("offer", "terms"): "members",
    ("offer", "face_values"): "amounts",
    ("offer", "parties"): "members",
    ("list_line", "terms"): "members",
    ("shopping_list", "document"): "members",
    ("redemption", "answer"): "members",
    ("redemption", "void_answer"): "members",
    ("redemption_line", "parts"): "parts",
    ("till_return", "answer"): "members",
    ("till_event", "detail"): "members",
    ("audit_event", "detail"): "members",
    ("bank_receipt", "parts"): "members",
    ("offer_event", "detail"): "members",
    ("cycle", "summary"): "members",
    ("remittance_advice", "parts"): "members",
    ("run", "arguments"): "members",
    ("run", "result"): "members",
}
"""Documents that hold amounts, and how: in members, as a list of amounts, or as parts of a line."""
WITHOUT_MONEY = frozenset(
    {
        ("acknowledgement", "problems"), ("batch", "manifest"), ("batch", "summary"),
        ("bank_receipt", "text"),
        ("claim_dispute", "answer_note"), ("claim_dispute", "note"),
        ("content", "body"), ("cycle", "usage_bounds"), ("cycle_left_out", "detail"),
        ("forecast", "model"), ("offer", "given"), ("offer", "targets"), ("offer", "texts"),
        ("lift_release", "content"), ("lift_release", "knowledge"), ("lift_release", "reports"),
        ("lift_report", "figures"), ("lift_rows", "p_values"), ("outcome_window", "silent"),
        ("person", "roles"), ("programme_sum", "sums"), ("response", "evidence"),
        ("response", "model"), ("run", "problem"), ("till_return_line", "units"),
    }
)  # fmt: skip
"""Documents without amounts in minor units; what was typed or printed stays as it was."""

_INT4 = 2**31 - 1
_INT8 = 2**63 - 1
_MEMBER = re.compile(r'("\w+_cents"\s*:\s*)(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=\s*[,}])')
_BATCH_ROWS = 5_000


class NotExact(Exception):
    """An amount that has no exact value in the other unit: where it is, and how many there are."""

    def __init__(self, where: str, count: int, reason: str) -> None:
        super().__init__(where)
        self.where, self.count, self.reason = where, count, reason


def tables() -> tuple[Table, ...]:
    """The tables that hold money, by name."""
    of_documents = {table for table, _ in DOCUMENTS}
    found = SQLModel.metadata.tables.items()
    return tuple(
        table for name, table in sorted(found) if name in of_documents or money_columns(table)
    )


def money_columns(table: Table) -> list[Column[Any]]:
    """The columns of a table that are amounts in minor units."""
    return [column for column in table.columns if column.name.endswith(SUFFIX)]


def exponent_of(session: Session, table: Table) -> int | None:
    """The minor unit that a table was last converted to; None when it never was."""
    of_table = col(MoneyConversion.table_name) == table.name
    newest = col(MoneyConversion.id).desc()
    found = select(MoneyConversion).where(of_table).order_by(newest).limit(1)
    conversion = session.exec(found).first()
    return conversion.to_exponent if conversion is not None else None


def lock(session: Session) -> None:
    """Let nobody write any money until the transaction ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        names = ", ".join(table.name for table in (*tables(), MoneyConversion.__table__))  # type: ignore[attr-defined]
        session.connection().execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def convert(session: Session, table: Table, *, from_exponent: int, to_exponent: int) -> int:
    """Convert every amount of a table and record that; the number of amounts changed.

    Raises NotExact when one of them has no exact value, or is too large for its column.
    """
    power = to_exponent - from_exponent
    with unguarded(session, table):
        amounts = sum(_convert_column(session, column, power) for column in money_columns(table))
        for (of, name), kind in DOCUMENTS.items():
            if of == table.name:
                amounts += _convert_documents(session, table, name, _CONVERT[kind], power)
    session.add(
        MoneyConversion(
            table_name=table.name, from_exponent=from_exponent, to_exponent=to_exponent,
            amounts=amounts, converted_at=datetime.now(UTC),
        )
    )  # fmt: skip
    session.flush()
    return amounts


@contextmanager
def unguarded(session: Session, table: Table) -> Iterator[None]:
    """Without the triggers that let nobody change a table's rows; nobody else may meanwhile."""
    run = session.connection().exec_driver_sql
    if session.get_bind().dialect.name == "postgresql":
        run(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
        yield
        run(f"ALTER TABLE {table.name} ENABLE TRIGGER USER")
        return
    guards = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    found = run(guards, (table.name,)).fetchall()
    for name, _ in found:
        run(f"DROP TRIGGER {name}")
    yield
    for _, definition in found:
        run(definition)


def _convert_column(session: Session, column: Column[Any], power: int) -> int:
    connection = session.connection()
    factor: int = 10 ** abs(power)
    where = f"{column.table.name}.{column.name}"
    changed = (column.is_not(None)) & (column != 0)
    if isinstance(column.type, Float):
        scaled = column * float(factor) if power > 0 else column / float(factor)
    elif power > 0:
        limit = (_INT4 if type(column.type) is Integer else _INT8) // factor
        beyond = (
            select(func.count())
            .select_from(column.table)
            .where((column > limit) | (column < -limit))
        )
        if count := connection.execute(beyond).scalar():
            raise NotExact(where, count, "are too large for the other unit")
        scaled = column * factor
    else:
        partial = select(func.count()).select_from(column.table).where(column % factor != 0)
        if count := connection.execute(partial).scalar():
            raise NotExact(where, count, f"are no multiples of {factor:,}")
        # A whole number over a whole one stays whole in both databases' integer division.
        scaled = column.op("/")(factor)
    result: CursorResult[Any] = connection.execute(
        update(column.table).where(changed).values({column.name: scaled})
    )
    return result.rowcount


def _convert_documents(
    session: Session, table: Table, name: str, convert_one: "_Convert", power: int
) -> int:
    """Convert the documents of a column, some rows at a time, as texts."""
    keys = [column.name for column in table.primary_key.columns]
    matches = " AND ".join(f"{key} = :{key}" for key in keys)
    change = text(f"UPDATE {table.name} SET {name} = :document WHERE {matches}")
    amounts = 0
    for rows in _rows(session, table.name, keys, name):
        changes = []
        for *values, document in rows:
            key = dict(zip(keys, values, strict=True))
            try:
                converted, count = convert_one(document, power)
            except NotExact as error:
                shown = ", ".join(map(str, values))
                where = f"{table.name}.{name} of {shown}"
                raise NotExact(where, error.count, error.reason) from None
            if count:
                changes.append({**key, "document": converted})
                amounts += count
        if changes:
            session.connection().execute(change, changes)
    return amounts


def _rows(
    session: Session, table: str, keys: Sequence[str], name: str
) -> Iterator[Sequence[Sequence[Any]]]:
    """All rows with a document, by their key, read after the last of those before."""
    listed = ", ".join(keys)
    after: dict[str, Any] = {}
    while True:
        beyond = f"AND ({listed}) > ({', '.join(f':{key}' for key in keys)})" if after else ""
        page = text(
            f"SELECT {listed}, {name} FROM {table} WHERE {name} IS NOT NULL {beyond} "
            f"ORDER BY {listed} LIMIT {_BATCH_ROWS}"
        )
        rows = session.connection().execute(page, after).all()
        if not rows:
            return
        yield rows
        after = dict(zip(keys, rows[-1], strict=False))


_Convert = Callable[[str, int], tuple[str, int]]


def _members(document: str, power: int) -> tuple[str, int]:
    """The text with every member that is an amount converted, all else byte for byte as it was."""
    return _MEMBER.subn(lambda found: found[1] + _scaled(found[2], power), document)


def _amounts(document: str, power: int) -> tuple[str, int]:
    amounts = json.loads(document)
    return json.dumps([int(_scaled(str(each), power)) for each in amounts]), len(amounts)


def _parts(document: str, power: int) -> tuple[str, int]:
    """Parts are [basket line, supplier's amounts, retailer's amounts, points if any]."""
    parts = json.loads(document)
    count = 0
    for part in parts:
        for place in (1, 2):
            part[place] = [int(_scaled(str(each), power)) for each in part[place]]
            count += len(part[place])
    return json.dumps(parts, separators=(",", ":")), count


def _scaled(number: str, power: int) -> str:
    """A number times ten to the power; a whole one must stay whole."""
    value = Decimal(number).scaleb(power)
    if not number.lstrip("-").isdigit():
        return repr(float(value))
    if value != value.to_integral_value():
        raise NotExact("", 1, f"are no multiples of {10**-power:,}")
    return str(int(value))


_CONVERT: dict[str, _Convert] = {"members": _members, "amounts": _amounts, "parts": _parts}
