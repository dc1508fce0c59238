"""What is older than it has to be kept, and the statements that remove it.

A row stays, however old it is, as long as something needs it: an open claim or dispute, a limit
that sales made offline share, or a cycle whose outcomes are not all counted.
"""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

from service.engine.clearing.claim import ClaimState
from service.engine.lift.before import BEFORE_DAYS
from service.engine.lift.outcomes import WINDOWS
from service.errors import Conflict
from service.store import history
from service.store.tables import metadata
from service.store.tables.retention import Kind, Retention
from service.store.tables.types import UtcMoment

_SETTLED = f"('{ClaimState.PAID}', '{ClaimState.CLOSED}')"
# Of the sale r: an amount that no claim holds, or one that may still be argued about; a discount
# given offline that is in dispute; uses whose order among other sales decides who bears them.
_NEEDED = f"""(
    EXISTS (SELECT 1 FROM ledger_entry e LEFT JOIN claim_entry x ON x.entry_id = e.id
            LEFT JOIN claim c ON c.id = x.claim_id
            WHERE e.posting = r.id AND e.account = 'supplier_receivable'
              AND (c.id IS NULL OR c.state NOT IN {_SETTLED} OR c.dispute_until >= :today))
    OR EXISTS (SELECT 1 FROM till_conflict t WHERE t.redemption_id = r.id AND t.ended_at IS NULL)
    OR EXISTS (SELECT 1 FROM redemption_line n JOIN offline_use u ON u.redemption_line_id = n.id
               WHERE n.redemption_id = r.id AND NOT u.given_back))"""
# A sale that came to nothing but history and refusals, which go with it: nothing else names it.
_NAMING_SALES = sorted(
    key.parent.table.name
    for table in metadata.tables.values()
    for key in table.foreign_keys
    if key.target_fullname == "redemption.id" and table.name != "refusal"
)
_BARE = f"""SELECT r.id FROM redemption r WHERE r.basket_id IN :keys AND r.state <> 'voided'
    {
    " ".join(
        f"AND NOT EXISTS (SELECT 1 FROM {child} z WHERE z.redemption_id = r.id)"
        for child in _NAMING_SALES
    )
}"""
_OPEN_OF_TRAIL = f"""(
    (a.subject = 'claim' AND EXISTS (
        SELECT 1 FROM claim c WHERE CAST(c.id AS text) = a.subject_id
        AND (c.state NOT IN {_SETTLED} AND c.state <> 'cancelled' OR c.dispute_until >= :today)))
    OR (a.subject = 'dispute' AND EXISTS (
        SELECT 1 FROM claim_dispute d WHERE CAST(d.id AS text) = a.subject_id
        AND d.state = 'open')))"""


class Part(NamedTuple):
    """Rows of a table, `a` in SQL: those that are `old` go, by id, unless one is `needed`."""

    table: str
    old: str
    removal: tuple[str, ...]
    needed: str = "false"
    before_first: int | str = 0


def _by_moment(table: str, column: str, **more: Any) -> Part:
    return Part(
        table, f"{table} a WHERE {column} < :moment", (f"DELETE FROM {table} WHERE id IN :keys",),
        **more,
    )  # fmt: skip


def _of_sale(table: str, day: str) -> Part:
    return Part(
        table, f"{table} a JOIN redemption r ON r.id = a.redemption_id WHERE {day}",
        (f"DELETE FROM {table} WHERE id IN :keys",), _NEEDED,
    )  # fmt: skip


PARTS: dict[Kind, tuple[Part, ...]] = {
    Kind.BASKETS: (
        Part(
            "basket",
            "basket a WHERE a.business_date < :before",
            (
                f"DELETE FROM refusal WHERE redemption_id IN ({_BARE})",
                f"DELETE FROM redemption WHERE id IN ({_BARE})",
                "UPDATE redemption SET basket_id = NULL WHERE basket_id IN :keys",
                "DELETE FROM basket_line WHERE basket_id IN :keys",
                "DELETE FROM basket WHERE id IN :keys",
            ),
            f"EXISTS (SELECT 1 FROM redemption r WHERE r.basket_id = a.id AND {_NEEDED})",
        ),
    ),
    # What offers a list had stays: it is what suppliers were charged for, and limits count it.
    Kind.LISTS: (
        Part(
            "shopping_list",
            """shopping_list a WHERE a.state IN ('expired', 'voided') AND a.valid_to < :before
               AND a.document <> ''""",
            (
                "DELETE FROM pocket_word WHERE list_id IN :keys",
                "DELETE FROM list_page WHERE list_id IN :keys",
                "DELETE FROM list_line WHERE list_id IN :keys AND offer_id IS NULL",
                "UPDATE list_line SET reason = '' WHERE list_id IN :keys",
                "UPDATE shopping_list SET document = '' WHERE id IN :keys",
            ),
            f"""(EXISTS (SELECT 1 FROM redemption_line m JOIN redemption r ON r.id = m.redemption_id
                         WHERE m.list_id = a.id AND {_NEEDED})
                 OR EXISTS (SELECT 1 FROM till_conflict t
                            WHERE t.list_id = a.id AND t.ended_at IS NULL))""",
        ),
    ),
    Kind.REFUSALS: (_of_sale("refusal", "r.business_date < :before"),),
    Kind.AUDIT: (
        _by_moment("audit_event", "a.happened_at", needed=_OPEN_OF_TRAIL),
        _by_moment("household_opening", "a.opened_at"),
        _of_sale("till_event", "a.happened_at < :moment"),
    ),
    Kind.RUNS: (_by_moment("run", "a.finished_at", before_first=""),),
}
"""What of each kind goes; a run that did not end is not old."""


class Age(NamedTuple):
    """What is old: of a day before `before`, or a moment before `moment`, as seen on `today`."""

    before: date
    moment: datetime
    today: date


class Count(NamedTuple):
    """Rows of a table that are old, and how many of them something needs."""

    table: str
    old: int
    needed: int

    @property
    def going(self) -> int:
        """Those that may go."""
        return self.old - self.needed


def count(session: Session, part: Part, age: Age) -> Count:
    """Count what is old of a part."""
    rows = session.execute(
        _prepared(
            f"""SELECT count(*), coalesce(sum(CASE WHEN {part.needed} THEN 1 ELSE 0 END), 0)
                FROM {part.old}""",
            age,
        )
    ).one()
    return Count(part.table, int(rows[0]), int(rows[1]))


def remove_some(
    session: Session, part: Part, age: Age, *, after: int | str, limit: int
) -> list[int | str]:
    """Remove the next rows of a part that nothing needs; their keys, in order."""
    found = session.execute(
        _prepared(
            f"""SELECT a.id FROM {part.old} AND a.id > :after AND NOT {part.needed}
                ORDER BY a.id LIMIT :limit""",
            age,
        ),
        {"after": after, "limit": limit},
    )
    keys = [key for (key,) in found]
    if part.table == "basket":
        history.note_gone(session, keys)
    for statement in part.removal if keys else ():
        session.execute(
            text(statement).bindparams(bindparam("keys", expanding=True)), {"keys": keys}
        )
    return keys


def needed_from(session: Session) -> date | None:
    """The first day whose baskets a cycle needs whose outcomes are not all counted."""
    first = session.execute(
        text(
            """SELECT min(c.valid_from) AS day FROM cycle c
               WHERE c.withdrawn_at IS NULL
                 AND EXISTS (SELECT 1 FROM cycle_pick p
                             WHERE p.cycle_id = c.id AND p.arm = 'exposed')
                 AND NOT EXISTS (SELECT 1 FROM outcome_window w WHERE w.cycle_id = c.id
                                 AND w.first_day = :last AND w.amended)"""
        ).columns(day=Date()),
        {"last": WINDOWS[-1][0]},
    ).scalar_one()
    return None if first is None else first - timedelta(days=BEFORE_DAYS)


def get(session: Session, kind: Kind) -> Retention | None:
    """How far a kind was removed."""
    return session.get(Retention, kind.value)


def kept_from(session: Session, kind: Kind = Kind.BASKETS) -> date | None:
    """The day from which on there is all of a kind; None when nothing was ever removed."""
    row = get(session, kind)
    return None if row is None else row.kept_from


def require_baskets(session: Session, since: date) -> None:
    """Raise Conflict when baskets from a day on are not all there any more."""
    first = kept_from(session)
    if first is not None and since < first:
        raise Conflict(
            "Baskets before %(first)s are kept no more (LARDER_KEEP_BASKETS_DAYS), and this needs "
            "those from %(since)s on.",
            first=first,
            since=since,
        )


def begin(session: Session, kind: Kind, age: Age, *, at: datetime) -> None:
    """Record, before anything goes, that what is older than this may be gone."""
    row = get(session, kind) or Retention(
        kind=kind.value, kept_from=age.before, begun_at=at, removed=0
    )
    row.kept_from = max(row.kept_from, age.before)
    row.begun_at, row.ended_at, row.removed = at, None, 0
    session.add(row)


def finish(session: Session, kind: Kind, *, removed: int, at: datetime) -> None:
    """Record that a pass is over."""
    row = get(session, kind)
    assert row is not None
    row.ended_at, row.removed = at, removed
    session.add(row)


def _prepared(statement: str, age: Age) -> Any:
    types: dict[str, Any] = {"before": Date(), "moment": UtcMoment(), "today": Date()}
    return text(statement).bindparams(
        *[
            bindparam(name, value, type_=types[name])
            for name, value in age._asdict().items()
            if f":{name}" in statement
        ]
    )
