"""What a household told, on one page: one question at a time, and everything can be changed."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from service.engine.answers import CHOICES, DIETARY, MANY, Answer, Question
from service.engine.wishes import WishAct
from service.errors import InvalidInput, NotFound
from service.members import answers, consents, pocket, told, wishes
from service.members.consents import Said
from service.members.pocket import Holder
from service.members.wishes import Wished
from service.pages.amounts import read_cents
from service.pocket import page, words
from service.pocket.holding import HolderDep, stored
from service.store.tables.consent import ConsentChannel, Purpose

router = APIRouter()

_MOST_WORDS = 20


@router.get("/told")
def show(
    request: Request, holder: HolderDep, ask: Question | None = None, said: str = ""
) -> Response:
    """What the household told, with one question: the one that it chose, or the next."""
    if not holder.is_known:
        return page.go_home(request, "first")
    database, settings = stored(request)
    view = told.look(database, settings, holder)
    if ask is None or ask not in answers.asked(settings):
        ask = view.asks[0] if view.asks else None
    return page.show(
        request, "told.html", language=view.language, told=view, ask=ask, said=said, words=words,
        choices=CHOICES, many=MANY, dietary=DIETARY,
        diet=Purpose.DIET, profile=Purpose.PROFILE,
    )  # fmt: skip


@router.post("/answer")
def answer(
    request: Request,
    holder: HolderDep,
    question: Annotated[Question, Form()],
    words: Annotated[list[str] | None, Form(max_length=_MOST_WORDS)] = None,
    number: Annotated[str, Form(max_length=20)] = "",
    unsaid: Annotated[bool, Form()] = False,
) -> Response:
    """Take an answer; the household's next list follows within seconds."""
    if not holder.is_known:
        return page.go_home(request, "first")
    database, settings = stored(request)
    try:
        said = Answer(question, unsaid=True)
        if not unsaid:
            said = Answer(question, (*(words or ()),), _number(question, number, settings.currency))
        with database.write() as session:
            answers.add(
                session, settings, holder.household_id, said, channel=ConsentChannel.PAGE,
                by=pocket.HOUSEHOLD, now=datetime.now(UTC),
            )  # fmt: skip
    except InvalidInput:
        return _back(request, "unclear", question)
    return _back(request, "wish")


@router.post("/agree")
def agree(
    request: Request,
    holder: HolderDep,
    purpose: Annotated[Purpose, Form()],
    granted: Annotated[bool, Form()],
) -> Response:
    """Take a consent, in the words of the page, or take one back."""
    if not holder.is_known:
        return page.go_home(request, "first")
    if purpose not in told.SHOWN:
        raise NotFound("This is agreed to elsewhere.")
    database, settings = stored(request)
    language = page.spoken_by(request, told.look(database, settings, holder).language)
    said = Said(
        purpose, granted, ConsentChannel.PAGE, place="page",
        wording=language.text(words.PURPOSES[purpose]) if granted else "",
        wording_version=f"{words.VERSION} {language.tag}" if granted else "",
    )  # fmt: skip
    with database.write() as session:
        consents.add_said(
            session, holder.household_id, said, by=pocket.HOUSEHOLD, now=datetime.now(UTC)
        )
    return _back(request, "agreed" if granted else "taken_back")


@router.post("/wish")
def wish(
    request: Request,
    holder: HolderDep,
    act: Annotated[WishAct, Form()],
    item: Annotated[str, Form(max_length=200)] = "",
    brand: Annotated[str, Form(max_length=200)] = "",
    offer_id: Annotated[int | None, Form(ge=1, le=2**63 - 1)] = None,
    page_of: Annotated[str, Form(alias="page")] = "",
) -> Response:
    """Take what the household says of an item, a brand or a deal; its next list follows."""
    if not holder.is_known:
        return page.go_home(request, "first")
    is_taken = _wish(request, holder, Wished(act, item=item, brand=brand, offer_id=offer_id))
    if page_of == "told":
        return _back(request, "wish" if is_taken else "unknown")
    return page.go_home(request, "wish" if is_taken else "")


def _wish(request: Request, holder: Holder, wished: Wished) -> bool:
    database, settings = stored(request)
    try:
        with database.write() as session:
            wishes.add(
                session, settings, holder.household_id, wished, channel=ConsentChannel.PAGE,
                by=pocket.HOUSEHOLD, now=datetime.now(UTC),
            )  # fmt: skip
    except NotFound:
        return False
    return True


def _number(question: Question, text: str, currency: str) -> int | None:
    if not text.strip():
        return None
    if question is Question.BUDGET:
        return read_cents(text, currency)
    return int(text) if text.isascii() and text.isdigit() else None


def _back(request: Request, said: str, ask: Question | None = None) -> Response:
    query = f"?said={said}" + (f"&ask={ask}" if ask else "")
    return RedirectResponse(f"{page.root_of(request)}/told{query}", 303)
