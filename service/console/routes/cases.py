"""What households ask the service desk: one case, and its answer."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.console.routes.desk import PATH, receipt_path
from service.desk import cases, goodwill
from service.engine.rights import Right
from service.errors import Conflict, InvalidInput, NotFound
from service.pages import page
from service.pages.amounts import read_cents
from service.pages.flash import Message, Tone
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.store.tables.goodwill import GoodwillState

router = APIRouter(prefix="/desk/cases")

_LARGEST_ID = 2**63 - 1

Explains = Annotated[Member, Depends(may(Right.EXPLAIN_REFUSALS))]


@router.get("/{number}")
def case(
    request: Request, number: int, database: DatabaseDep, settings: SettingsDep, member: Explains
) -> Response:
    """A case: what was refused, in the sale with all its lines, and where the answer is typed."""
    found = cases.look(database, _known(number))
    person = member.signed_in.person.id
    return page.show(
        request,
        "desk_case.html",
        case=found.case,
        sale=found.sale,
        link=receipt_path,
        gives=member.signed_in.may(Right.GIVE_GOODWILL),
        left=goodwill.left_today(database, settings, person, now=datetime.now(UTC)),
        alone=settings.goodwill_alone_cents,
    )


@router.post("/{number}")
def answer(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Explains,
    text: Annotated[str, Form(max_length=2000)] = "",
    amount: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Answer a case, with goodwill where an amount is typed."""
    language = member.language
    cents = read_cents(amount, settings.currency) if amount.strip() else 0
    here = f"{PATH}/cases/{_known(number)}"
    try:
        given = cases.answer(
            database, settings, number, text, amount_cents=cents, by=member.by,
            now=datetime.now(UTC),
        )  # fmt: skip
    except (Conflict, InvalidInput) as error:
        return page.go_to(request, here, Message(page.say(request, error), Tone.ERROR))
    if given is None:
        return page.go_to(
            request, PATH, Message(language.text("Answered: the household reads it on its page."))
        )
    money = language.money(given.amount_cents, settings.currency)
    if given.state == GoodwillState.WAITING:
        said = language.text(
            "Answered; %(money)s wait for a second person: nothing is given yet.", money=money
        )
        return page.go_to(request, PATH, Message(said, Tone.WARNING))
    said = language.text("Answered, with %(money)s: the household reads it.", money=money)
    return page.go_to(request, PATH, Message(said))


def _known(number: int) -> int:
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such page.")
    return number
