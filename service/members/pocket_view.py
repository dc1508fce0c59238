"""What the page in the pocket shows: the list by department, what is used, and what comes next."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlmodel import Session

from service.desk import outcomes
from service.desk.outcomes import PastOutcome
from service.engine.answers import Question
from service.engine.records import ListDocument, OfferLine, ReminderLine
from service.engine.redeem import RefusalReason
from service.engine.wishes import WishAct
from service.errors import NotFound
from service.members.pocket import Holder, gets_letters
from service.members.pocket_shown import (
    Budget,
    Department,
    NextList,
    NextNeed,
    PastList,
    PocketState,
    PocketView,
    Refused,
    ShownLine,
)
from service.members.suits import Judged, Suits, judge
from service.members.told import Told
from service.members.told import read as read_told
from service.settings import Settings
from service.store import household_cases, lists, pocket, receipts
from service.store.lists import LineUse
from service.store.offers import products
from service.store.session import Database
from service.store.tables.consent import Purpose
from service.store.tables.household_case import HouseholdCase
from service.store.tables.pocket import WordKind
from service.store.tables.shopping_list import ListState, ShoppingList

Words = Mapping[WordKind, Mapping[int, str]]
"""What is said of lines, by kind and line."""


def state(database: Database, holder: Holder) -> PocketState:
    """What phones ask for again and again. Raises NotFound when the list is gone."""
    with database.read() as session:
        row = _shown_list(session, holder)
        lines = lists.lines_and_uses(session, row.id)
        words = pocket.words(session, row.id)
        draft = lists.draft_id(session, holder.household_id) if holder.is_known else None
        return PocketState(
            list_id=row.id,
            next_id=draft or 0,
            ticked=[*words[WordKind.TICK]],
            hidden=[*words[WordKind.HIDE]],
            notes=words[WordKind.NOTE] if holder.is_known else {},
            used=[each.line for each in lines if each.offer_id and each.used >= each.uses],
            saved_cents=pocket.saved_cents(session, row.id),
            items=pocket.items(session, holder.household_id) if holder.is_known else (),
        )


def look(database: Database, settings: Settings, holder: Holder, *, today: date) -> PocketView:
    """What a browser of a household sees today. Raises NotFound when the list is gone."""
    with database.read() as session:
        row = _shown_list(session, holder)
        document = ListDocument.from_json(row.document)
        uses = {each.line: each for each in lists.lines_and_uses(session, row.id)}
        words = pocket.words(session, row.id)
        if not holder.is_known:
            words[WordKind.NOTE] = {}
        told = read_told(session, settings, holder.household_id) if holder.is_known else None
        unwanted = set() if told is None else _unwanted(told, today)
        judged = judge(session, holder.household_id, document) if holder.is_known else {}
        departments = _departments(document, uses, words, unwanted, judged, settings.walking_order)
        is_open = row.state == ListState.ISSUED and today <= row.valid_to
        return PocketView(
            list_id=row.id,
            language=document.language,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            has_begun=row.valid_from <= today,
            has_ended=not is_open,
            code=document.list_code if is_open else "",
            departments=departments,
            saved_cents=pocket.saved_cents(session, row.id),
            is_known=holder.is_known,
            items=pocket.items(session, holder.household_id) if holder.is_known else (),
            next_list=_next(session, holder) if holder.is_known else None,
            past=_past(session, holder, row.id) if holder.is_known else (),
            refused=_refused(session, holder) if holder.is_known else (),
            gets_letters=gets_letters(session, holder.household_id)
            if told is None
            else told.agrees[Purpose.LETTER],
            budget=None if told is None else _budget(told, departments),
            is_general=document.is_general,
            told=told,
        )


def _shown_list(session: Session, holder: Holder) -> ShoppingList:
    """The list of the letter, or for a known browser the newest open one."""
    row = pocket.newest_list(session, holder.household_id) if holder.is_known else None
    row = row or lists.get(session, holder.list_id)
    if row is None:
        raise NotFound("This list is gone.")
    return row


def _departments(
    document: ListDocument,
    uses: Mapping[int, LineUse],
    words: Words,
    unwanted: set[str],
    judged: Judged,
    order: Sequence[str],
) -> list[Department]:
    """The lines by department, in the order in which the store is walked, then by name.

    What is printed stays on paper; of what the household does not want, or what does not suit it,
    the page reminds nobody.
    """
    found: dict[str, list[ShownLine]] = {}
    for offer in document.offers:
        found.setdefault(offer.department, []).append(
            _offer(offer, uses, words, judged.get(offer.line))
        )
    for reminder in document.reminders:
        suits = judged.get(reminder.line)
        if reminder.item in unwanted or suits is Suits.NO:
            continue
        found.setdefault(reminder.department, []).append(_reminder(reminder, words, suits))
    places = {name.casefold(): place for place, name in enumerate(order)}
    names = sorted(found, key=lambda name: (places.get(name.casefold(), len(places)), name))
    return [Department(name, found[name]) for name in names]


def _budget(told: Told, departments: Sequence[Department]) -> Budget | None:
    said = told.answers.get(Question.BUDGET)
    if said is None or said.number is None:
        return None
    lines = [line for department in departments for line in department.lines]
    known = [line.price_cents for line in lines if line.price_cents is not None]
    return Budget(said.number, sum(known), len(known), len(lines))


def _offer(
    offer: OfferLine, uses: Mapping[int, LineUse], words: Words, suits: Suits | None
) -> ShownLine:
    use = uses.get(offer.line)
    return ShownLine(
        line=offer.line,
        name=offer.title,
        detail=" · ".join(text for text in (offer.detail, offer.goods) if text),
        value=offer.value_text,
        legal=offer.legal,
        size=offer.size,
        why=offer.item,
        price_cents=offer.price_cents,
        uses_left=max(0, use.uses - use.used) if use is not None else 0,
        ticked=offer.line in words[WordKind.TICK],
        hidden=offer.line in words[WordKind.HIDE],
        note=words[WordKind.NOTE].get(offer.line, ""),
        offer_id=offer.offer_id,
        suits=suits,
    )


def _reminder(line: ReminderLine, words: Words, suits: Suits | None) -> ShownLine:
    return ShownLine(
        line=line.line,
        name=line.item,
        detail=line.product if line.product != line.item else "",
        value="",
        legal="",
        size=line.size,
        why=line.reason,
        price_cents=line.price_cents,
        uses_left=None,
        ticked=line.line in words[WordKind.TICK],
        hidden=line.line in words[WordKind.HIDE],
        note=words[WordKind.NOTE].get(line.line, ""),
        suits=suits,
    )


def _unwanted(told: Told, today: date) -> set[str]:
    """The items that a household does not want today."""
    return {
        each.item
        for each in told.wishes
        if each.row.act == WishAct.NEVER
        or (each.row.act == WishAct.NOT_NOW and (each.row.until is None or each.row.until > today))
    }


def _next(session: Session, holder: Holder) -> NextList | None:
    draft = lists.draft_of(session, holder.household_id)
    if draft is None:
        return None
    document = ListDocument.from_json(draft.document)
    needs = sorted(
        (NextNeed(line.item, line.expected_on) for line in document.reminders),
        key=lambda need: (need.expected_on is None, need.expected_on or date.min, need.item),
    )
    return NextList(draft.id, draft.valid_from, len(document.offers), needs)


def _refused(session: Session, holder: Holder) -> list[Refused]:
    """What did not come off though goods of it were bought, the newest first.

    That nothing of an offer was bought, nobody asks about.
    """
    refused = [
        each
        for each in outcomes.refusals_of(session, holder.household_id)
        if each.outcome.text and each.outcome.reason != RefusalReason.NOT_IN_BASKET
    ][:_MOST_REFUSED]
    if not refused:
        return []
    ids = receipts.ids_by_code(session, {each.outcome.list_code or "" for each in refused})
    asked = {
        (case.redemption_id, case.list_id, case.list_line): case
        for case in household_cases.of_household(session, holder.household_id)
    }
    given = household_cases.given(session, holder.household_id) if asked else {}
    goods = products.counting_for(
        session,
        {_line_of(each, ids) for each in refused if each.outcome.reason in _WHICH_COUNT},
        limit=_MOST_GOODS + 1,
    )
    return [_refusal(each, ids, goods, asked, given) for each in refused]


def _line_of(each: PastOutcome, ids: Mapping[str, int]) -> tuple[int, int]:
    """The list and line that a refusal is of; `ids` are lists by code."""
    return ids[each.outcome.list_code or ""], each.outcome.list_line or 0


def _refusal(
    each: PastOutcome,
    ids: Mapping[str, int],
    named: Mapping[tuple[int, int], Sequence[str]],
    asked: Mapping[tuple[str, int, int], HouseholdCase],
    given: Mapping[int, int],
) -> Refused:
    outcome = each.outcome
    list_id, line = _line_of(each, ids)
    case = asked.get((each.redemption_id, list_id, line))
    goods = named.get((list_id, line), ()) if outcome.reason in _WHICH_COUNT else ()
    return Refused(
        on=each.at.business_date,
        store_id=each.at.store_id,
        number=each.at.number,
        text=outcome.text,
        reason=outcome.reason,
        sale=each.redemption_id,
        list_id=list_id,
        line=line,
        case=case,
        given_cents=given.get(case.id, 0) if case else 0,
        goods=goods[:_MOST_GOODS],
        has_more=len(goods) > _MOST_GOODS,
    )


def _past(session: Session, holder: Holder, shown_id: int) -> list[PastList]:
    found = [
        row
        for row in lists.of_household(session, holder.household_id)
        if row.state in (ListState.ISSUED, ListState.EXPIRED) and row.id != shown_id
    ]
    return [_past_list(session, row) for row in found[:_MOST_PAST]]


def _past_list(session: Session, row: ShoppingList) -> PastList:
    lines = [each for each in lists.lines_and_uses(session, row.id) if each.kind == "offer"]
    used = sum(each.used > 0 for each in lines)
    return PastList(row.id, row.valid_from, row.valid_to, len(lines), used)


_MOST_PAST = 10
_MOST_REFUSED = 12
_MOST_GOODS = 5
_WHICH_COUNT = (
    RefusalReason.EXCLUDED_PRODUCT,
    RefusalReason.QUANTITY_SHORT,
    RefusalReason.SPEND_SHORT,
)
