"""The service desk: why was it refused, and goodwill."""

import secrets
from datetime import UTC, date, datetime
from typing import Annotated, Any, Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.desk import cases, goodwill, outcomes
from service.desk.goodwill import GoodwillReason, GoodwillWanted
from service.engine.rights import Right
from service.errors import Conflict, InvalidInput, NotFound
from service.pages import page
from service.pages.amounts import read_cents
from service.pages.flash import Message, Tone
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.settings import Settings
from service.store.session import Database
from service.store.tables.goodwill import Goodwill, GoodwillState
from service.store.till import Reference

router = APIRouter(prefix="/desk")

PATH = "/desk"
_SHOWN = 20
_LARGEST_ID = 2**63 - 1


class ReceiptNumbers(Protocol):
    """What is printed on a receipt."""

    @property
    def store_id(self) -> str: ...
    @property
    def terminal(self) -> str: ...
    @property
    def business_date(self) -> date: ...
    @property
    def number(self) -> str: ...


Explains = Annotated[Member, Depends(may(Right.EXPLAIN_REFUSALS))]
Gives = Annotated[Member, Depends(may(Right.GIVE_GOODWILL))]
Word = Annotated[str, Form(max_length=500)]


@router.get("")
def desk(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Explains
) -> Response:
    """Where a receipt or a list code is typed, and the newest goodwill."""
    return _desk(request, database, settings, member)


@router.get("/receipt")
def receipt(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Explains,
    store: str = "",
    terminal: str = "",
    number: str = "",
    day: str = "",
) -> Response:
    """What became of each line of a receipt; its address is what is printed on it."""
    typed = {"store": store, "terminal": terminal, "number": number, "day": day}
    typed = {name: value.strip()[:64] for name, value in typed.items()}
    text = member.language.text
    try:
        on = date.fromisoformat(typed["day"])
    except ValueError:
        said = text("Choose the day of the receipt.")
        typed["day"] = ""
        return _desk(request, database, settings, member, typed=typed, wrong_receipt=said)
    at = Reference(typed["store"], typed["terminal"], on, typed["number"])
    try:
        found = outcomes.explain_receipt(database, outcomes.find_receipt(database, at))
    except NotFound:
        said = text(
            "No till has sent this receipt. Compare store, till, number and day; a sale that a "
            "file brought shows nothing of lists."
        )
        return _desk(request, database, settings, member, typed=typed, wrong_receipt=said)
    return page.show(
        request,
        "desk_receipt.html",
        sale=found,
        link=receipt_path,
        **_giving(database, settings, member, found.goodwill, receipt_path(found.at)),
    )


@router.post("/list")
def find_list(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Explains,
    code: Word = "",
) -> Response:
    """Lead to the list with a code. The code itself is in no address."""
    try:
        number = outcomes.find_list(database, code)
    except (InvalidInput, NotFound):
        said = member.language.text(
            "No list has this code. It is the number under the bars, of 28 digits."
        )
        return _desk(request, database, settings, member, wrong_code=said, status=422)
    return page.go_to(request, f"{PATH}/lists/{number}")


@router.get("/lists/{number}")
def one_list(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Explains,
    day: str = "",
) -> Response:
    """What each offer of a list would get on a day, and what it got before."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        on = _today(settings)
    found = outcomes.explain_list(database, settings, _known(number), on=on)
    return page.show(
        request,
        "desk_list.html",
        found=found,
        link=receipt_path,
        **_giving(database, settings, member, found.goodwill, f"{PATH}/lists/{number}"),
    )


@router.post("/goodwill")
def give(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Gives,
    reason: Annotated[GoodwillReason, Form()],
    amount: Word = "",
    note: Word = "",
    asked: Word = "",
    sale: Word = "",
    of_list: Annotated[int | None, Form(alias="list", ge=1, le=_LARGEST_ID)] = None,
    line: Annotated[str, Form(max_length=10)] = "",
    to: Annotated[str, Form(max_length=1000)] = PATH,
) -> Response:
    """Give goodwill, or let it wait for a second person."""
    language = member.language
    cents = read_cents(amount, settings.currency)
    wanted = GoodwillWanted(
        request=asked or secrets.token_urlsafe(16),
        amount_cents=cents,
        reason=reason,
        note=note,
        redemption_id=sale or None,
        list_id=of_list,
        list_line=int(line) if line.isdecimal() else None,
    )
    try:
        given = goodwill.give(database, settings, wanted, by=member.by, now=_now())
    except (Conflict, InvalidInput) as error:
        refused = Message(page.say(request, error), Tone.ERROR)
        return page.go_to(request, _way_back(request, to), refused)
    money = language.money(given.amount_cents, settings.currency)
    if given.state == GoodwillState.WAITING:
        said = language.text(
            "%(money)s wait for a second person: nothing is given yet.", money=money
        )
        return page.go_to(request, _way_back(request, to), Message(said, Tone.WARNING))
    said = language.text("%(money)s are given: pay them out to the customer now.", money=money)
    return page.go_to(request, _way_back(request, to), Message(said))


@router.post("/goodwill/{number}/{act}")
def decide(
    request: Request,
    number: int,
    act: str,
    database: DatabaseDep,
    member: Gives,
    to: Annotated[str, Form(max_length=1000)] = PATH,
) -> Response:
    """Approve or decline what waits, or take back what was given."""
    text = member.language.text
    acts = {
        "approve": (goodwill.approve, text("Given: pay it out to the customer now.")),
        "decline": (goodwill.decline, text("Declined: nothing is given.")),
        "take-back": (goodwill.take_back, text("Taken back: the ledger has the amount again.")),
    }
    if act not in acts:
        raise NotFound("There is no such page.")
    do, said = acts[act]
    try:
        do(database, _known(number), by=member.by, now=_now())
    except Conflict:
        sorry = text("Somebody else was faster, or you asked for it yourself: look again.")
        return page.go_to(request, _way_back(request, to), Message(sorry, Tone.ERROR))
    return page.go_to(request, _way_back(request, to), Message(said))


def _desk(
    request: Request,
    database: Database,
    settings: Settings,
    member: Member,
    *,
    typed: dict[str, str] | None = None,
    wrong_receipt: str = "",
    wrong_code: str = "",
    status: int = 200,
) -> Response:
    gives = member.signed_in.may(Right.GIVE_GOODWILL)
    waiting = goodwill.show(database, state=GoodwillState.WAITING, limit=_SHOWN) if gives else ()
    newest = goodwill.show(database, limit=_SHOWN) if gives else ()
    return page.show(
        request,
        "desk.html",
        status=status,
        typed=typed or {"store": "", "terminal": "", "number": "", "day": str(_today(settings))},
        wrong_receipt=wrong_receipt,
        wrong_code=wrong_code,
        asked=cases.waiting(database),
        waiting=waiting,
        newest=[row for row in newest if row.state != GoodwillState.WAITING],
        gives=gives,
        to=PATH,
    )


def _giving(
    database: Database, settings: Settings, member: Member, given: Any, to: str
) -> dict[str, Any]:
    """What the form for goodwill and its table need."""
    rows: list[Goodwill] = list(given)
    holds = (GoodwillState.WAITING, GoodwillState.GIVEN)
    return {
        "given": rows,
        "held_lines": {row.list_line for row in rows if row.state in holds},
        "gives": member.signed_in.may(Right.GIVE_GOODWILL),
        "left": goodwill.left_today(database, settings, member.signed_in.person.id, now=_now()),
        "alone": settings.goodwill_alone_cents,
        "asked": secrets.token_urlsafe(16),
        "reasons": list(GoodwillReason),
        "to": to,
    }


def receipt_path(at: ReceiptNumbers) -> str:
    """The path of a receipt."""
    query = {
        "store": at.store_id, "terminal": at.terminal, "number": at.number,
        "day": at.business_date.isoformat(),
    }  # fmt: skip
    return f"{PATH}/receipt?{urlencode(query)}"


def _way_back(request: Request, to: str) -> str:
    """A page of the desk to lead back to."""
    own = page.own_path(request, page.address(request, to))
    return own.removeprefix(page.address(request, ""))


def _known(number: int) -> int:
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such page.")
    return number


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.timezone)).date()


def _now() -> datetime:
    return datetime.now(UTC)
