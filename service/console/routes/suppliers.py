"""Suppliers' people: whom each account has, inviting somebody, and shutting somebody out."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.admin import people
from service.admin.people import NewPerson, Person, PersonDetails
from service.clearing.agreements import list_agreements
from service.engine.rights import Right
from service.errors import Conflict, InvalidInput, NotFound
from service.pages import page
from service.pages.flash import Message
from service.pages.languages import LANGUAGES, SOURCE
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.store.session import Database

router = APIRouter(prefix="/suppliers")

PATH = "/suppliers"

Invites = Annotated[Member, Depends(may(Right.INVITE_SUPPLIERS))]
Word = Annotated[str, Form(max_length=300)]


@router.get("")
def everybody(request: Request, database: DatabaseDep, _by: Invites) -> Response:
    """Every account with its people, and the form that invites somebody."""
    return _show(request, database)


@router.post("")
def invite(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Invites,
    account: Word = "",
    name: Word = "",
    email: Word = "",
    language: Word = SOURCE,
) -> Response:
    """Invite somebody of a supplier; the link is shown once."""
    tag = language if language in LANGUAGES else SOURCE
    new = NewPerson(name, email, (), tag, account=account)
    try:
        made = people.invite(database, settings, new, by=member.by, now=datetime.now(UTC))
    except (InvalidInput, Conflict) as error:
        return _show(request, database, page.say(request, error))
    return page.show(request, "person_link.html", made=made, back=PATH)


@router.post("/people/{contact}/disable")
def disable(request: Request, contact: int, database: DatabaseDep, member: Invites) -> Response:
    """Shut somebody of a supplier out at once; they can be let in again."""
    _require_supplier(database, contact)
    people.disable(database, contact, by=member.by, now=datetime.now(UTC))
    return page.go_to(request, PATH, Message(member.language.text("They are shut out.")))


@router.post("/people/{contact}/enable")
def enable(request: Request, contact: int, database: DatabaseDep, member: Invites) -> Response:
    """Let somebody of a supplier in again."""
    _require_supplier(database, contact)
    people.enable(database, contact, by=member.by, now=datetime.now(UTC))
    return page.go_to(request, PATH, Message(member.language.text("They may log in again.")))


def _require_supplier(database: Database, person: int) -> Person:
    found = people.get_person(database, person)
    if found.account_id is None:
        raise NotFound("There is no such person of a supplier.")
    return found


def _show(request: Request, database: Database, error: str = "") -> Response:
    whose: dict[int, list[PersonDetails]] = {}
    for each in people.list_people(database):
        if each.person.account_id is not None:
            whose.setdefault(each.person.account_id, []).append(each)
    return page.show(
        request,
        "suppliers.html",
        status=422 if error else 200,
        accounts=[account for account, _ in list_agreements(database)],
        whose=whose,
        error=error,
    )
