"""What became of each line of a receipt or of a list, and why.

A receipt shows what the till was answered then; a list shows what it would get on a day, and what
its lines got before. Nothing is decided here: the reasons are those of the till's own rules.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from service.checkout import look_again
from service.engine import codes
from service.engine.texts import clean
from service.errors import InvalidInput, NotFound
from service.settings import Settings
from service.store import catalogue, goodwill, households, lists, receipts
from service.store.session import Database
from service.store.tables.goodwill import Goodwill
from service.store.tables.redemption import Redemption, RedemptionState, TillConflict
from service.store.tables.shopping_list import ListState, ShoppingList
from service.store.till import Reference

_NEWEST_SALES = 50


class LineResult(StrEnum):
    """What became of a line in a sale: used, refused, or given offline and in dispute.

    What would become of it on a day: open, or closed for a reason.
    """

    USED = "used"
    REFUSED = "refused"
    DISPUTED = "disputed"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """One line, or one thing that was presented and led to no line.

    `reason` is a refusal reason, empty for what was used or is open; `detail` is what the cashier
    was told. `presented` is the kind of what was shown, where nothing is known of a line.
    """

    result: LineResult
    text: str = ""
    list_code: str | None = None
    list_line: int | None = None
    reason: str = ""
    detail: str = ""
    uses: int = 0
    amount_cents: int = 0
    points: int = 0
    presented: str = ""


@dataclass(frozen=True, slots=True)
class PastOutcome:
    """What a line of a list got in a sale."""

    at: Reference
    redemption_id: str
    outcome: LineOutcome


@dataclass(frozen=True, slots=True)
class ReceiptOutcome:
    """A sale: what each line that was shown got, and the lists they are of, by code.

    `returns` is how often goods came back.
    """

    redemption_id: str
    at: Reference
    state: RedemptionState
    sold_at: datetime
    household_id: int | None
    total_discount_cents: int
    lines: Sequence[LineOutcome]
    lists: Mapping[str, int]
    returns: int
    goodwill: Sequence[Goodwill]


@dataclass(frozen=True, slots=True)
class ListOutcome:
    """A list on a day: what each line would get then, and what it got in earlier sales."""

    list_id: int
    code: str
    state: ListState
    household_id: int
    household: str
    valid_from: date
    valid_to: date
    on: date
    lines: Sequence[LineOutcome]
    past: Mapping[int, Sequence[PastOutcome]]
    goodwill: Sequence[Goodwill]


def find_receipt(database: Database, at: Reference) -> str:
    """The sale that a receipt names, of a return the sale it belongs to.

    Raises NotFound, which says whether the basket is known from history alone.
    """
    wanted = Reference(
        clean(at.store_id).strip(), clean(at.terminal).strip(), at.business_date,
        clean(at.number).strip(),
    )  # fmt: skip
    with database.read() as session:
        found = receipts.by_reference(session, wanted)
        if found is not None:
            return found.id
        if receipts.is_in_history(session, wanted):
            raise NotFound(
                "This sale came in with a file of baskets: no list was shown to this service."
            )
    raise NotFound("No till has sent a receipt with these numbers.")


def explain_receipt(database: Database, redemption_id: str) -> ReceiptOutcome:
    """What each line that was shown in a sale got. Raises NotFound."""
    with database.read() as session:
        found = receipts.get(session, redemption_id)
        if found is None or found.state == RedemptionState.RETURNED:
            raise NotFound("There is no such receipt.")
        outcomes = _with_disputes(
            session,
            _answered(session, [found])[found.id],
            receipts.disputes_of(session, found.id),
        )
        named = [each.list_code for each in outcomes if each.list_code]
        return ReceiptOutcome(
            redemption_id=found.id,
            at=_reference(found),
            state=RedemptionState(found.state),
            sold_at=found.redeemed_at,
            household_id=found.household_id,
            total_discount_cents=found.total_discount_cents,
            lines=outcomes,
            lists=receipts.ids_by_code(session, named) if named else {},
            returns=len(receipts.returns_of(session, found.id)),
            goodwill=goodwill.of_receipt(session, found.id),
        )


def find_list(database: Database, text: str) -> int:
    """The list with a code, however it was typed or scanned. Raises InvalidInput, NotFound."""
    code = str(codes.parse_list_code(text))
    with database.read() as session:
        found = receipts.list_by_code(session, code)
    if found is None or found.state == ListState.DRAFT:
        raise NotFound("No list was printed with this code.")
    return found.id


def household_of_list(database: Database, text: str) -> int:
    """The household that a list was printed for. Raises as `find_list` does."""
    list_id = find_list(database, text)
    with database.read() as session:
        found = lists.get(session, list_id)
    if found is None:
        raise NotFound("There is no such list.")
    return found.household_id


def refusals_of(session: Session, household_id: int) -> list[PastOutcome]:
    """What was refused in the household's newest sales, the newest first."""
    sales = receipts.newest_of_household(session, household_id, since=date.min, limit=_NEWEST_SALES)
    answered = _answered(session, sales)
    return [
        PastOutcome(_reference(sale), sale.id, outcome)
        for sale in sales
        for outcome in answered[sale.id]
        if outcome.result is LineResult.REFUSED
    ]


def explain_list(database: Database, settings: Settings, list_id: int, *, on: date) -> ListOutcome:
    """What each offer of a list would get on a day, and what it got before. Raises NotFound."""
    with database.read() as session:
        found = lists.get(session, list_id)
        if found is None or found.state == ListState.DRAFT:
            raise NotFound("There is no such list.")
        stores = catalogue.store_ids(session)
        refs = households.refs(session, [found.household_id])
        offers = [
            LineOutcome(LineResult.OPEN, each.text, found.code, each.line)
            for each in lists.lines_and_uses(session, list_id)
            if each.offer_id is not None
        ]
        past = _past(session, found)
        given = goodwill.of_list(session, list_id)
    if not stores:
        raise InvalidInput("No store is known yet: no till has a key, and no basket was loaded.")
    now = json.loads(look_again(database, settings, store_id=stores[0], on=on, code=found.code))
    return ListOutcome(
        list_id=list_id,
        code=found.code,
        state=ListState(found.state),
        household_id=found.household_id,
        household=refs[found.household_id],
        valid_from=found.valid_from,
        valid_to=found.valid_to,
        on=on,
        lines=_on_the_day(offers, now),
        past=past,
        goodwill=given,
    )


def _on_the_day(offers: Iterable[LineOutcome], now: Mapping[str, Any]) -> list[LineOutcome]:
    left = {each["list_line"]: each["uses_left"] for one in now["lists"] for each in one["lines"]}
    refused = {each["list_line"]: each for each in now["refused"]}
    lines = []
    for each in offers:
        why = refused.get(each.list_line)
        if why is None:
            lines.append(
                LineOutcome(
                    LineResult.OPEN, each.text, each.list_code, each.list_line,
                    uses=left.get(each.list_line, 0),
                )
            )  # fmt: skip
        else:
            lines.append(replace(_refused(why, each.text), result=LineResult.CLOSED))
    return lines


def _past(session: Session, found: ShoppingList) -> dict[int, list[PastOutcome]]:
    """What the lines of a list got in the household's newest sales, the newest first."""
    sales = receipts.newest_of_household(
        session, found.household_id, since=found.valid_from, limit=_NEWEST_SALES
    )
    answered = _answered(session, sales)
    past: dict[int, list[PastOutcome]] = {}
    for sale in sales:
        for outcome in answered[sale.id]:
            if outcome.list_code == found.code and outcome.list_line is not None:
                one = PastOutcome(_reference(sale), sale.id, outcome)
                past.setdefault(outcome.list_line, []).append(one)
    return past


def _answered(session: Session, sales: Sequence[Redemption]) -> dict[str, list[LineOutcome]]:
    """What the till was answered in each of some sales."""
    answers = {sale.id: json.loads(sale.answer) if sale.answer else {} for sale in sales}
    named = [
        each["list_code"]
        for answer in answers.values()
        for each in answer.get("refused", ())
        if each["list_code"]
    ]
    texts = receipts.texts_of(session, named) if named else {}
    return {sale_id: _lines(answer, texts) for sale_id, answer in answers.items()}


def _lines(answer: Mapping[str, Any], texts: Mapping[tuple[str, int], str]) -> list[LineOutcome]:
    used = [
        LineOutcome(
            LineResult.USED, each["text"], each["list_code"], each["list_line"],
            uses=each["uses"], amount_cents=each["amount_cents"], points=each["points"],
        )
        for each in answer.get("applied", ())
    ]  # fmt: skip
    refused = [
        _refused(each, texts.get((each["list_code"], each["list_line"]), ""))
        for each in answer.get("refused", ())
    ]
    return sorted(used + refused, key=lambda each: (each.list_code or "", each.list_line or 0))


def _refused(each: Mapping[str, Any], text: str) -> LineOutcome:
    shown = each.get("presented")
    return LineOutcome(
        LineResult.REFUSED, text, each["list_code"], each["list_line"],
        reason=each["reason"], detail=each["detail"], presented=shown["kind"] if shown else "",
    )  # fmt: skip


def _with_disputes(
    session: Session, lines: list[LineOutcome], disputes: Sequence[TillConflict]
) -> list[LineOutcome]:
    """The lines, and after them what the till gave offline and would not have got."""
    given = []
    for each in disputes:
        of_list = lists.get(session, each.list_id) if each.list_id is not None else None
        code = of_list.code if of_list else None
        texts = receipts.texts_of(session, [code]) if code else {}
        text = texts.get((code or "", each.list_line or 0), "")
        given.append(
            LineOutcome(
                LineResult.DISPUTED, text, code, each.list_line, reason=each.reason,
                amount_cents=each.amount_cents,
            )
        )  # fmt: skip
    return [*lines, *given]


def _reference(sale: Redemption) -> Reference:
    return Reference(sale.store_id, sale.terminal, sale.business_date, sale.number)
