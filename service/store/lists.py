"""Queries on shopping lists."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import delete, insert, text, update
from sqlmodel import Session, col, func, select

from service.engine.codes import gtin_text
from service.engine.records import ListDocument
from service.store import history, sums
from service.store.bulk import day_value, stage
from service.store.offers.goods import stage_counting
from service.store.tables.cycle import Cycle
from service.store.tables.household import Household
from service.store.tables.redemption import RedemptionLine
from service.store.tables.shopping_list import (
    ListLine,
    ListPage,
    ListState,
    PageState,
    ShoppingList,
)

_OFFERS_OF = """SELECT DISTINCT l.offer_id FROM shopping_list s JOIN list_line l ON l.list_id = s.id
    WHERE s.cycle_id = {cycle} AND l.offer_id IS NOT NULL"""
_EXPECTED = {
    "cell": pl.String,
    "expected_uses": pl.Float64,
    "expected_gain": pl.Float64,
    "terms": pl.String,
}
_BESIDE = {"recipe_key": pl.String, "page_digest": pl.String}


def issue(session: Session, lists: pl.DataFrame, lines: pl.DataFrame) -> None:
    """Write issued lists and their lines in bulk, and delete the households' drafts.

    `lists`: code, household_id, cycle_id, valid_from, valid_to, document, written_at, and
    optionally recipe_key and page_digest (of the code of the list's page). `lines`:
    code, line, kind, item_id, offer_id, text, reason, face_value_cents, uses, reserved_cents,
    p_purchase; and optionally the expectations for offers (cell, expected_uses, expected_gain) and
    the `terms` of a line where they differ from its offer's.
    """
    stage(session, "staged_list", _completed(lists, _BESIDE))
    stage(session, "staged_list_line", _completed(lines, _EXPECTED))
    _remove_drafts(session, "household_id IN (SELECT household_id FROM staged_list)")
    session.execute(
        text(
            """INSERT INTO shopping_list (code, household_id, cycle_id, state, valid_from, valid_to,
                                          document, written_at, recipe_key)
               SELECT code, household_id, cycle_id, 'issued', valid_from, valid_to, document,
                      written_at, recipe_key
               FROM staged_list ORDER BY household_id"""
        )
    )
    session.execute(
        text(
            """INSERT INTO list_line (list_id, line, kind, item_id, offer_id, text, reason,
                                      face_value_cents, uses, reserved_cents, p_purchase, cell,
                                      expected_uses, expected_gain, terms)
               SELECT s.id, l.line, l.kind, l.item_id, l.offer_id, l.text, l.reason,
                      l.face_value_cents, l.uses, l.reserved_cents, l.p_purchase, l.cell,
                      l.expected_uses, l.expected_gain, l.terms
               FROM staged_list_line l JOIN shopping_list s ON s.code = l.code
               ORDER BY s.id, l.line"""
        )
    )
    sums.issue_copies(session)
    session.execute(
        text(
            f"""INSERT INTO list_page (code_digest, list_id, state, written_at)
                SELECT l.page_digest, s.id, '{PageState.OPEN}', l.written_at
                FROM staged_list l JOIN shopping_list s ON s.code = l.code
                WHERE l.page_digest IS NOT NULL ORDER BY s.id"""
        )
    )


def _completed(frame: pl.DataFrame, optional: dict[str, Any]) -> pl.DataFrame:
    """A frame with nulls for the optional columns that it lacks."""
    unknown = {name: kind for name, kind in optional.items() if name not in frame.columns}
    return frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in unknown.items())


def drafted_households(session: Session, *, until: date) -> list[int]:
    """The households with a draft of a day up to `until`, in ascending order."""
    household = col(ShoppingList.household_id)
    statement = (
        select(household)
        .where(ShoppingList.state == ListState.DRAFT, col(ShoppingList.valid_from) <= until)
        .order_by(household)
    )
    return list(session.exec(statement).all())


def remove_drafts(session: Session, household_ids: Sequence[int] | None, *, until: date) -> int:
    """Remove the drafts of days up to `until`, of all households or of some; their number."""
    where = "valid_from <= :until"
    if household_ids is not None:
        ids = pl.DataFrame({"household_id": household_ids}, {"household_id": pl.Int64})
        stage(session, "staged_drafted", ids)
        where += " AND household_id IN (SELECT household_id FROM staged_drafted)"
    return _remove_drafts(session, where, until=day_value(session, until))


def _remove_drafts(session: Session, where: str, **values: Any) -> int:
    """Remove drafts with their lines; their number."""
    session.execute(
        text(
            f"""DELETE FROM list_line WHERE list_id IN (
                    SELECT id FROM shopping_list WHERE state = 'draft' AND {where})"""
        ),
        values,
    )
    result = session.execute(
        text(f"DELETE FROM shopping_list WHERE state = 'draft' AND {where}"), values
    )
    removed: int = result.rowcount  # type: ignore[attr-defined]
    return removed


def write_draft(session: Session, draft: ShoppingList, lines: Sequence[dict[str, Any]]) -> int:
    """Write a household's draft in place of its earlier one; its id."""
    earlier = select(ShoppingList.id).where(
        ShoppingList.household_id == draft.household_id, ShoppingList.state == ListState.DRAFT
    )
    session.execute(delete(ListLine).where(col(ListLine.list_id).in_(earlier)))
    session.execute(
        delete(ShoppingList).where(
            col(ShoppingList.household_id) == draft.household_id,
            col(ShoppingList.state) == ListState.DRAFT,
        )
    )
    session.add(draft)
    session.flush()
    if lines:
        session.execute(insert(ListLine), [{"list_id": draft.id, **line} for line in lines])
    return draft.id


def get(session: Session, list_id: int) -> ShoppingList | None:
    """One list."""
    return session.get(ShoppingList, list_id)


def draft_of(session: Session, household_id: int) -> ShoppingList | None:
    """A household's draft."""
    statement = select(ShoppingList).where(
        ShoppingList.household_id == household_id, ShoppingList.state == ListState.DRAFT
    )
    return session.exec(statement).first()


def draft_id(session: Session, household_id: int) -> int | None:
    """The number of a household's draft, another one whenever it is written again."""
    statement = select(ShoppingList.id).where(
        ShoppingList.household_id == household_id, ShoppingList.state == ListState.DRAFT
    )
    return session.exec(statement).first()


def of_household(session: Session, household_id: int) -> Sequence[ShoppingList]:
    """A household's lists, newest first."""
    statement = select(ShoppingList).where(ShoppingList.household_id == household_id)
    return session.exec(statement.order_by(col(ShoppingList.id).desc())).all()


def of_cycle(session: Session, cycle_id: int) -> pl.DataFrame:
    """The lists a cycle made, in any state but draft: list_id, household_id, is_issued.

    They are ordered by household, so that a list's place among them never changes.
    """
    rows = session.execute(
        text(
            """SELECT id, household_id, CASE WHEN state = 'issued' THEN 1 ELSE 0 END
               FROM shopping_list WHERE cycle_id = :cycle AND state <> 'draft'
               ORDER BY household_id, id"""
        ),
        {"cycle": cycle_id},
    )
    schema = {"list_id": pl.Int64, "household_id": pl.Int64, "is_issued": pl.Int64}
    found = pl.DataFrame(list(map(tuple, rows)), schema=schema, orient="row")
    return found.with_columns(pl.col("is_issued") == 1)


def lock_of_cycle(session: Session, cycle_id: int) -> tuple[list[int], list[int]]:
    """The lists of a cycle that are not voided, and those of them that are issued; all locked."""
    statement = (
        select(ShoppingList.id, ShoppingList.state)
        .where(
            ShoppingList.cycle_id == cycle_id,
            col(ShoppingList.state).in_([ListState.ISSUED, ListState.EXPIRED]),
        )
        .order_by(col(ShoppingList.id))
        .with_for_update()
    )
    found = session.exec(statement).all()
    return [key for key, _ in found], [key for key, state in found if state == ListState.ISSUED]


def all_open(session: Session, cycle_id: int) -> bool:
    """Whether no list of a cycle has ended or was ever used; voided ones do not count."""
    for question in (
        """SELECT 1 FROM shopping_list
           WHERE cycle_id = :cycle AND state = 'expired' LIMIT 1""",
        """SELECT 1 FROM shopping_list s JOIN redemption_line r ON r.list_id = s.id
           WHERE s.cycle_id = :cycle AND s.state = 'issued' LIMIT 1""",
    ):
        if session.execute(text(question), {"cycle": cycle_id}).first() is not None:
            return False
    return True


def any_used(session: Session, list_ids: Sequence[int]) -> bool:
    """Whether a line of some lists was ever used, also in a sale that was voided since."""
    stage(session, "staged_id", pl.DataFrame({"list_id": list_ids}, {"list_id": pl.Int64}))
    found = session.execute(
        text(
            """SELECT 1 FROM redemption_line r JOIN staged_id s ON s.list_id = r.list_id LIMIT 1"""
        )
    )
    return found.first() is not None


def last_recipes(session: Session, household_ids: Sequence[int], *, before: date) -> dict[int, str]:
    """The key of the recipe on each household's newest list from before a date, where it had one.

    Lists that were voided never were the household's.
    """
    ids = pl.DataFrame({"household_id": household_ids}, {"household_id": pl.Int64})
    stage(session, "staged_household", ids)
    rows = session.execute(
        text(
            """SELECT l.household_id, l.recipe_key
               FROM (SELECT s.household_id, max(s.id) AS list_id
                     FROM shopping_list s JOIN staged_household h ON h.household_id = s.household_id
                     WHERE s.state IN ('issued', 'expired') AND s.valid_from < :day
                     GROUP BY s.household_id) n
               JOIN shopping_list l ON l.id = n.list_id
               WHERE l.recipe_key IS NOT NULL"""
        ),
        {"day": day_value(session, before)},
    )
    return dict(tuple(row) for row in rows)


def documents(session: Session, list_ids: Sequence[int]) -> dict[int, str]:
    """What was printed on some lists, by list."""
    ids = pl.DataFrame({"list_id": list_ids}, {"list_id": pl.Int64})
    stage(session, "staged_id", ids)
    rows = session.execute(
        text(
            """SELECT l.id, l.document FROM staged_id s JOIN shopping_list l ON l.id = s.list_id"""
        )
    )
    return dict(tuple(row) for row in rows)


def void(session: Session, list_ids: Sequence[int]) -> None:
    """Put lists into the state `voided`; their codes are refused from now on, and their pages."""
    sums.end_lists(session, list_ids, voided=True)
    stage(session, "staged_id", pl.DataFrame({"list_id": list_ids}, {"list_id": pl.Int64}))
    session.execute(
        text(
            """UPDATE shopping_list SET state = 'voided'
               WHERE id IN (SELECT list_id FROM staged_id)"""
        )
    )
    session.execute(
        text(
            f"""UPDATE list_page SET state = '{PageState.REVOKED}'
                WHERE list_id IN (SELECT list_id FROM staged_id)"""
        )
    )


def revoke_pages(session: Session, household_id: int) -> int:
    """Let no code open a page of a household's lists any more; how many did."""
    own = select(ShoppingList.id).where(ShoppingList.household_id == household_id)
    revoked = update(ListPage).where(
        col(ListPage.list_id).in_(own), col(ListPage.state) == PageState.OPEN
    )
    result = session.execute(
        revoked.values(state=PageState.REVOKED).execution_options(synchronize_session=False)
    )
    found: int = result.rowcount  # type: ignore[attr-defined]
    return found


def lock_open_of(session: Session, household_id: int) -> list[int]:
    """The issued lists of a household, locked in their order until the transaction ends."""
    statement = (
        select(ShoppingList.id)
        .where(ShoppingList.household_id == household_id, ShoppingList.state == ListState.ISSUED)
        .order_by(col(ShoppingList.id))
        .with_for_update()
    )
    return list(session.exec(statement).all())


def forget_codes(session: Session, household_id: int) -> None:
    """Take codes and greetings from a household's lists: paper leads to nobody now."""
    statement = select(ShoppingList).where(ShoppingList.household_id == household_id)
    for row in session.exec(statement).all():
        row.code = f"erased-{row.id}"
        if row.document:
            nobody_s = replace(ListDocument.from_json(row.document).as_draft(), greeting="")
            row.document = nobody_s.to_json()
        session.add(row)
    session.flush()


def add_page(session: Session, list_code: str, code_digest: str, *, at: datetime) -> None:
    """Let a code open the page of a list that was printed without one."""
    of_list = select(ShoppingList.id).where(ShoppingList.code == list_code)
    page = ListPage(
        code_digest=code_digest,
        list_id=session.exec(of_list).one(),
        state=PageState.OPEN.value,
        written_at=at,
    )
    session.add(page)
    session.flush()


def of_page(session: Session, code_digests: Sequence[str]) -> ShoppingList | None:
    """The list whose page has one of these digests of its code; None where none is open."""
    statement = (
        select(ShoppingList)
        .join(ListPage, col(ListPage.list_id) == col(ShoppingList.id))
        .where(col(ListPage.code_digest).in_(code_digests), ListPage.state == PageState.OPEN)
    )
    return session.exec(statement).first()


def codes_in_use(session: Session, drawn: pl.DataFrame) -> set[str]:
    """Which of these codes are in use already: code, household_id.

    A draft of that household does not count: the new list replaces it.
    """
    stage(session, "staged_code", drawn)
    rows = session.execute(
        text(
            """SELECT s.code FROM staged_code c JOIN shopping_list s ON s.code = c.code
               WHERE s.state <> 'draft' OR s.household_id <> c.household_id"""
        )
    )
    return {code for (code,) in rows}


def reasons(session: Session, list_id: int) -> list[tuple[int, str, str]]:
    """Why each line of a list is there: (line, text, reason), by line."""
    statement = (
        select(ListLine.line, ListLine.text, ListLine.reason)
        .where(ListLine.list_id == list_id)
        .order_by(col(ListLine.line))
    )
    return list(session.exec(statement).all())


class LineUse(NamedTuple):
    """A line of a list, and how often it was used."""

    line: int
    kind: str
    text: str
    offer_id: int | None
    face_value_cents: int
    uses: int
    used: int


def lines_and_uses(session: Session, list_id: int) -> list[LineUse]:
    """The lines of a list in order, each with the uses it allows and those made of it."""
    rows = session.execute(
        text(
            """SELECT l.line, l.kind, l.text, l.offer_id, l.face_value_cents, l.uses,
                      (SELECT coalesce(sum(r.uses), 0) FROM redemption_line r
                       WHERE r.list_id = l.list_id AND r.list_line = l.line AND r.live) AS used
               FROM list_line l WHERE l.list_id = :list ORDER BY l.line"""
        ),
        {"list": list_id},
    )
    return [LineUse(**row) for row in rows.mappings()]


def redeemed_lines(session: Session, list_id: int) -> list[int]:
    """The lines of a list that are used at least once."""
    statement = (
        select(RedemptionLine.list_line)
        .where(RedemptionLine.list_id == list_id, col(RedemptionLine.live))
        .distinct()
        .order_by(col(RedemptionLine.list_line))
    )
    return list(session.exec(statement).all())


_RESERVED = """SELECT l.offer_id,
           sum(l.reserved_cents * (l.uses - (
               SELECT coalesce(sum(r.uses), 0) FROM redemption_line r
               WHERE r.list_id = l.list_id AND r.list_line = l.line AND r.live))) AS cents
    FROM {lists} s JOIN list_line l ON l.list_id = s.list_id
    WHERE l.kind = 'offer' GROUP BY l.offer_id"""
_ENDED = """(SELECT id AS list_id FROM shopping_list
             WHERE state = 'issued' AND valid_to < :ended_before)"""
RESERVED_BY_ENDED = _RESERVED.format(lists=_ENDED)
"""SQL: offer_id, cents that issued lists still hold whose last day was before `:ended_before`."""


def reserved_by_ended(session: Session, *, before: date) -> int:
    """The cents that issued lists still hold whose last day was before a date."""
    total = session.execute(
        text(f"SELECT coalesce(sum(cents), 0) FROM ({RESERVED_BY_ENDED}) held"),
        {"ended_before": day_value(session, before)},
    ).scalar_one()
    return int(total)


def count_ended(session: Session, *, before: date) -> int:
    """How many issued lists had their last day before a date."""
    statement = select(func.count()).where(
        ShoppingList.state == ListState.ISSUED, col(ShoppingList.valid_to) < before
    )
    return session.exec(statement).one()


def expire(session: Session, *, before: date, limit: int, after: int = 0) -> list[int]:
    """Close up to `limit` issued lists whose last day was before a date; their ids in order.

    Only lists after an id, so that a sweep does not read again those it has closed.
    """
    statement = (
        select(ShoppingList.id)
        .where(
            ShoppingList.state == ListState.ISSUED,
            col(ShoppingList.valid_to) < before,
            col(ShoppingList.id) > after,
        )
        .order_by(col(ShoppingList.id))
        .limit(limit)
        .with_for_update()
    )
    ids = list(session.exec(statement).all())
    sums.end_lists(session, ids, voided=False)
    session.execute(
        update(ShoppingList)
        .where(col(ShoppingList.id).in_(ids))
        .values(state=ListState.EXPIRED, reopenings=ShoppingList.reopenings + 1)
    )
    return ids


def open_reservations(session: Session, list_ids: Sequence[int]) -> list[tuple[int, int]]:
    """What lists still reserve of each offer's budget: (offer, cents), by offer.

    A line reserves per use; its unused uses still reserve their part.
    """
    ids = pl.DataFrame({"list_id": list_ids}, {"list_id": pl.Int64})
    stage(session, "staged_id", ids)
    rows = session.execute(text(f"{_RESERVED.format(lists='staged_id')} ORDER BY l.offer_id"))
    return [(offer_id, int(cents)) for offer_id, cents in rows]


def usage(session: Session, cycle_id: int, *, until: date) -> dict[str, int]:
    """How a cycle's lists were used up to a day: counts of lines and households.

    A line counts as bought when a basket of the household, within the list's validity, holds its
    item (reminders) or redeems it (offers).
    """
    stage_counting(session, _OFFERS_OF.format(cycle=int(cycle_id)))
    cycle = session.get(Cycle, cycle_id)
    lines = history.TABLE if cycle is None else history.of_days(session, cycle.valid_from, until)
    row = session.execute(
        text(
            f"""SELECT count(*) AS lines,
                      sum(CASE WHEN l.kind = 'offer' THEN 1 ELSE 0 END) AS offers,
                      sum(CASE WHEN l.kind = 'offer' AND EXISTS (
                              SELECT 1 FROM redemption_line r WHERE r.list_id = l.list_id
                              AND r.list_line = l.line AND r.live) THEN 1 ELSE 0 END) AS redeemed,
                      sum(CASE WHEN EXISTS (
                              SELECT 1 FROM basket b JOIN {lines} x ON x.basket_id = b.id
                              JOIN product p ON p.gtin = x.gtin
                              WHERE b.household_id = s.household_id
                                AND b.business_date BETWEEN s.valid_from AND s.valid_to
                                AND b.business_date <= :until
                                AND (p.item_id = l.item_id OR EXISTS (
                                    SELECT 1 FROM staged_goods o
                                    WHERE o.offer_id = l.offer_id AND o.gtin = x.gtin))
                              ) THEN 1 ELSE 0 END) AS bought
               FROM list_line l JOIN shopping_list s ON s.id = l.list_id
               WHERE s.cycle_id = :cycle"""
        ),
        {"cycle": cycle_id, "until": day_value(session, until)},
    ).one()
    households = session.execute(
        text(
            """SELECT count(DISTINCT s.household_id) FROM redemption_line r
               JOIN shopping_list s ON s.id = r.list_id WHERE s.cycle_id = :cycle AND r.live"""
        ),
        {"cycle": cycle_id},
    ).scalar_one()
    counts = {name: int(value or 0) for name, value in row._mapping.items()}
    return {**counts, "households_redeeming": households}


def codes_by_ref(session: Session, cycle_id: int) -> dict[str, str]:
    """The codes of a cycle's lists by the retailer's numbers of their households."""
    statement = (
        select(Household.ref, ShoppingList.code)
        .join(Household, col(Household.id) == col(ShoppingList.household_id))
        .where(ShoppingList.cycle_id == cycle_id)
    )
    return dict(session.exec(statement).all())


def open_offer(session: Session, cycle_id: int) -> dict[str, str]:
    """One list of a cycle with an unused offer on single pieces, and a basket that would use it.

    Keys: code, valid_to, gtin, pieces, amount_cents; empty when every offer is used.
    """
    stage_counting(session, _OFFERS_OF.format(cycle=int(cycle_id)))
    row = session.execute(
        text(
            """SELECT s.code, s.valid_to, p.gtin, p.price_cents
               FROM shopping_list s JOIN list_line l ON l.list_id = s.id
               JOIN staged_goods o ON o.offer_id = l.offer_id
               JOIN product p ON p.gtin = o.gtin
               WHERE s.cycle_id = :cycle AND p.price_cents > l.face_value_cents
                 AND NOT EXISTS (SELECT 1 FROM redemption_line r
                                 WHERE r.list_id = s.id AND r.list_line = l.line AND r.live)
               ORDER BY s.id, l.line, p.gtin LIMIT 1"""
        ),
        {"cycle": cycle_id},
    ).first()
    if row is None:
        return {}
    pieces = 4
    return {
        "code": row.code,
        "valid_to": str(row.valid_to),
        "gtin": gtin_text(row.gtin),
        "pieces": str(pieces),
        "amount_cents": str(pieces * row.price_cents),
    }
