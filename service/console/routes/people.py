"""People who may log in: invite, give roles, end sessions, reset, disable."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.admin import people
from service.admin.people import NewPerson, Person, PersonRole
from service.engine.rights import Right
from service.errors import Conflict, InvalidInput, NotFound
from service.pages import labels, page
from service.pages.confirming import Confirmed, Question, ask, require_shown
from service.pages.flash import Message
from service.pages.languages import LANGUAGES, SOURCE, mark
from service.pages.listing import Cell, Column, csv_file
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may, recognise

router = APIRouter(prefix="/people")

PATH = "/people"

_SHUT_OUT = mark("Shut out")
_COLUMNS = (
    Column("name", mark("Name"), lambda row, _: Cell(row["details"].person.name)),
    Column("email", mark("E-mail address"), lambda row, _: Cell(row["details"].person.email)),
    Column("roles", mark("Roles"), lambda row, language: Cell(
        ", ".join(labels.role(language, each) for each in row["details"].person.roles))),
    Column("state", mark("State"), lambda row, language: Cell(
        language.text(_SHUT_OUT) if row["details"].person.disabled else "")),
    Column("last_seen", mark("Last seen"), lambda row, _: Cell(
        row["details"].last_seen_at.isoformat() if row["details"].last_seen_at else "")),
)  # fmt: skip
Manages = Annotated[Member, Depends(may(Right.MANAGE_PEOPLE))]
Word = Annotated[str, Form(max_length=300)]
Roles = Annotated[list[PersonRole] | None, Form(max_length=len(PersonRole))]


@router.get("")
def everybody(request: Request, database: DatabaseDep, _by: Manages) -> Response:
    """Everybody, and the form that invites somebody."""
    return _everybody(request, database)


@router.get(".csv")
def everybody_as_csv(database: DatabaseDep, member: Manages) -> Response:
    """The same people as a file."""
    rows = [{"details": each} for each in people.list_people(database)]
    return csv_file("people", iter([rows]), _COLUMNS, member.language)


@router.post("")
def invite(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Manages,
    name: Word = "",
    email: Word = "",
    language: Word = SOURCE,
    role: Roles = None,
) -> Response:
    """Invite somebody; the link is shown once."""
    new = NewPerson(name, email, role or (), language if language in LANGUAGES else SOURCE)
    try:
        made = people.invite(database, settings, new, by=member.by, now=_now())
    except (InvalidInput, Conflict) as error:
        return _everybody(request, database, page.say(request, error))
    return page.show(request, "person_link.html", made=made)


@router.get("/{person}")
def one(request: Request, person: int, database: DatabaseDep, _by: Manages) -> Response:
    """One person: roles, ways to log in, and where they are logged in."""
    details = next(
        (each for each in people.list_people(database) if each.person.id == person), None
    )
    if details is None:
        raise NotFound("There is no such person.")
    sessions = people.list_sessions(database, person, now=_now())
    return page.show(
        request, "person.html", details=details, sessions=sessions, roles=list(PersonRole)
    )


@router.post("/{person}/roles")
def set_roles(
    request: Request, person: int, database: DatabaseDep, member: Manages, role: Roles = None
) -> Response:
    """Give somebody other roles."""
    people.set_roles(database, person, role or (), by=member.by, now=_now())
    return _back(request, person, member.language.text("The roles are changed."))


@router.post("/{person}/end-sessions")
def end_sessions(request: Request, person: int, database: DatabaseDep, member: Manages) -> Response:
    """Log somebody out everywhere."""
    people.get_person(database, person)
    people.end_all_sessions(database, person, now=_now(), by=member.by)
    return _back(request, person, member.language.text("They are logged out everywhere."))


@router.get("/{person}/reset")
def ask_reset(request: Request, person: int, database: DatabaseDep, member: Manages) -> Response:
    """What a reset takes."""
    text, whose = member.language.text, people.get_person(database, person)
    return _ask(
        request,
        whose,
        "reset",
        title=text("Reset %(name)s?", name=whose.name),
        text=text(
            "Password, app and passkeys are gone and they are logged out everywhere; a link to "
            "begin again is shown to you once. This cannot be taken back."
        ),
        button=text("Reset"),
    )


@router.post("/{person}/reset")
def reset(
    request: Request,
    person: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Manages,
    confirmed: Confirmed = "",
) -> Response:
    """Take every way to log in, and show a link to begin anew, once."""
    require_shown(people.get_person(database, person).email, confirmed)
    made = people.reset(database, settings, person, by=member.by, now=_now())
    return page.show(request, "person_link.html", made=made)


@router.get("/{person}/disable")
def ask_disable(request: Request, person: int, database: DatabaseDep, member: Manages) -> Response:
    """What shutting somebody out means."""
    text, whose = member.language.text, people.get_person(database, person)
    return _ask(
        request,
        whose,
        "disable",
        title=text("Shut %(name)s out?", name=whose.name),
        text=text(
            "They are logged out everywhere at once, cannot log in, and their keys are refused. "
            "They can be let in again."
        ),
        button=text("Shut out"),
    )


@router.post("/{person}/disable")
def disable(
    request: Request, person: int, database: DatabaseDep, member: Manages, confirmed: Confirmed = ""
) -> Response:
    """Shut somebody out at once."""
    require_shown(people.get_person(database, person).email, confirmed)
    people.disable(database, person, by=member.by, now=_now())
    return _back(request, person, member.language.text("They are shut out."))


@router.post("/{person}/enable")
def enable(request: Request, person: int, database: DatabaseDep, member: Manages) -> Response:
    """Let somebody in again."""
    people.enable(database, person, by=member.by, now=_now())
    return _back(request, person, member.language.text("They may log in again."))


def _everybody(request: Request, database: DatabaseDep, error: str = "") -> Response:
    return page.show(
        request,
        "people.html",
        status=422 if error else 200,
        everybody=people.list_people(database),
        roles=list(PersonRole),
        error=error,
    )


def _ask(request: Request, whose: Person, act: str, **said: Any) -> Response:
    back = f"{PATH}/{whose.id}"
    question = Question(
        path=f"{back}/{act}",
        back=back,
        shown=whose.email,
        facts=[(recognise(request).language.text("E-mail address"), whose.email)],
        **said,
    )
    return ask(request, question)


def _back(request: Request, person: int, said: str) -> Response:
    return page.go_to(request, f"{PATH}/{person}", Message(said))


def _now() -> datetime:
    return datetime.now(UTC)
