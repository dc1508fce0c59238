"""Keys of programs and tills: made and shown once, revoked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.admin import keys, people
from service.console import page
from service.console.flash import Message, Tone
from service.console.visitor import DatabaseDep, Member, SettingsDep, may
from service.engine.rights import Right
from service.errors import InvalidInput, NotFound
from service.store.tables.access import Role

router = APIRouter(prefix="/keys")

PATH = "/keys"

Manages = Annotated[Member, Depends(may(Right.MANAGE_KEYS))]
Word = Annotated[str, Form(max_length=200)]


@router.get("")
def every(request: Request, database: DatabaseDep, _by: Manages) -> Response:
    """Every key ever made, and the form that makes one."""
    return _every(request, database)


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


@router.post("/{key}/revoke")
def revoke(request: Request, key: int, database: DatabaseDep, member: Manages) -> Response:
    """Revoke a key: running services refuse it within seconds."""
    keys.revoke_key(database, key, by=member.by)
    said = member.language.text("Key %(number)s is revoked.", number=key)
    return page.go_to(request, PATH, Message(said, Tone.WARNING))


def _every(request: Request, database: DatabaseDep, error: str = "") -> Response:
    names = {each.person.id: each.person.name for each in people.list_people(database)}
    return page.show(
        request,
        "keys.html",
        status=422 if error else 200,
        keys=list(reversed(keys.list_keys(database))),
        people=names,
        roles=[str(role) for role in Role],
        error=error,
    )
