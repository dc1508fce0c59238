"""Keys of programs and tills: made and shown once, bound to somebody, revoked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.admin import keys, people
from service.engine.rights import Right
from service.errors import InvalidInput, NotFound
from service.pages import names, page
from service.pages.confirming import Confirmed, Question, ask, require_shown
from service.pages.flash import Message, Tone
from service.pages.languages import mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.store.session import Database
from service.store.tables.access import ApiKey, Role

router = APIRouter(prefix="/keys")

PATH = "/keys"

_COLUMNS = (
    Column("number", mark("Key"), lambda row, _: Cell(str(row["key"].id))),
    Column("hint", mark("Ends with"), lambda row, _: Cell(row["key"].hint)),
    Column("role", mark("For"), lambda row, language: Cell(
        names.key_role(language, row["key"].role))),
    Column("store", mark("Store"), lambda row, _: Cell(row["key"].store_id or "")),
    Column("person", mark("Person"), lambda row, _: Cell(row["person"])),
    Column("made", mark("Made"), lambda row, _: Cell(row["key"].created_at.isoformat())),
    Column("revoked", mark("Revoked"), lambda row, _: Cell(
        row["key"].revoked_at.isoformat() if row["key"].revoked_at else "")),
)  # fmt: skip
Manages = Annotated[Member, Depends(may(Right.MANAGE_KEYS))]
Word = Annotated[str, Form(max_length=200)]


@router.get("")
def every(request: Request, database: DatabaseDep, _by: Manages) -> Response:
    """Every key ever made, and the form that makes one."""
    return _every(request, database)


@router.get(".csv")
def every_as_csv(database: DatabaseDep, member: Manages) -> Response:
    """The same keys as a file, without what they are."""
    named = {each.person.id: each.person.name for each in people.list_people(database)}
    rows = [
        {"key": key, "person": named.get(key.person_id or 0, "")}
        for key in reversed(keys.list_keys(database))
    ]
    return csv_file("keys", iter([rows]), _COLUMNS, member.language)


@router.post("")
def make(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Manages,
    role: Word = "",
    store: Word = "",
    supplier: Word = "",
    mine: Annotated[bool, Form()] = False,
) -> Response:
    """Make a key, which is shown once."""
    if role not in set(Role):
        return _every(request, database, member.language.text("Choose what the key is for."))
    try:
        number, key = keys.add_key(
            database,
            settings,
            role=Role(role),
            store_id=store.strip() or None,
            supplier=supplier.strip() or None,
            person_id=member.signed_in.person.id if mine else None,
            by=member.by,
        )
    except (InvalidInput, NotFound) as error:
        return _every(request, database, page.say(request, error))
    return page.show(request, "key_made.html", number=number, key=key)


@router.get("/{key}/revoke")
def ask_revoke(request: Request, key: int, database: DatabaseDep, member: Manages) -> Response:
    """What revoking means."""
    text, found = member.language.text, _key(database, key)
    return ask(
        request,
        Question(
            title=text("Revoke key %(number)s?", number=key),
            text=text(
                "Whatever uses it is refused within seconds. It cannot be made valid again: a new "
                "key has to be put where this one is."
            ),
            button=text("Revoke"),
            path=f"{PATH}/{key}/revoke",
            back=PATH,
            shown=found.hint,
            facts=[
                (text("Ends with"), found.hint),
                (text("For"), names.key_role(member.language, found.role)),
                (text("Store"), found.store_id or ""),
            ],
        ),
    )


@router.post("/{key}/revoke")
def revoke(
    request: Request, key: int, database: DatabaseDep, member: Manages, confirmed: Confirmed = ""
) -> Response:
    """Revoke a key: running services refuse it within seconds."""
    require_shown(_key(database, key).hint, confirmed)
    keys.revoke_key(database, key, by=member.by)
    said = member.language.text("Key %(number)s is revoked.", number=key)
    return page.go_to(request, PATH, Message(said, Tone.WARNING))


@router.get("/{key}/bind")
def choose_person(request: Request, key: int, database: DatabaseDep, member: Manages) -> Response:
    """Whose a key could be."""
    return _bind(request, database, member, key)


@router.post("/{key}/bind")
def bind(
    request: Request,
    key: int,
    database: DatabaseDep,
    member: Manages,
    person: Word = "",
) -> Response:
    """Bind a key to somebody, or to nobody, for what is done with it from now on."""
    if person and not (person.isascii() and person.isdigit() and len(person) < 19):
        raise NotFound("There is no such person.")
    try:
        keys.bind_key(database, key, int(person) if person else None, by=member.by)
    except InvalidInput as error:
        return _bind(request, database, member, key, page.say(request, error))
    said = member.language.text("Key %(number)s is bound.", number=key)
    return page.go_to(request, PATH, Message(said))


def _bind(
    request: Request, database: Database, member: Member, number: int, error: str = ""
) -> Response:
    everybody = [each.person for each in people.list_people(database)]
    mine = member.signed_in.person.id
    may_choose = member.signed_in.may(Right.MANAGE_PEOPLE)
    return page.show(
        request,
        "key_bind.html",
        status=422 if error else 200,
        key=_key(database, number),
        choices=[
            each for each in everybody if not each.disabled and (may_choose or each.id == mine)
        ],
        error=error,
    )


def _key(database: Database, number: int) -> ApiKey:
    for each in keys.list_keys(database):
        if each.id == number:
            return each
    raise NotFound("There is no such key.")


def _every(request: Request, database: DatabaseDep, error: str = "") -> Response:
    named = {each.person.id: each.person.name for each in people.list_people(database)}
    return page.show(
        request,
        "keys.html",
        status=422 if error else 200,
        keys=list(reversed(keys.list_keys(database))),
        people=named,
        roles=[str(role) for role in Role],
        error=error,
    )
