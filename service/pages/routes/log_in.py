"""Log in: password, second factor, passkey, invitation, and sign out."""

from datetime import UTC, datetime
from enum import Enum, auto
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from service.admin import people
from service.admin.people import NeedsSecond, NewSession, ProviderAnswer, Refused
from service.errors import InvalidInput, NotFound
from service.pages import flash, page
from service.pages.cookies import PROVIDER, SESSION
from service.pages.flash import Message
from service.pages.languages import LANGUAGES, Language
from service.pages.proving import Long, Word, too_many_tries
from service.pages.signing import sign, signed
from service.pages.visitor import (
    DatabaseDep,
    FromDep,
    SettingsDep,
    VisitorDep,
    recognise,
    settings_of,
)

router = APIRouter()

_PROVIDER_SECONDS = 600


class Way(Enum):
    """How somebody logs in: it decides what a refusal says."""

    PASSWORD = auto()
    SECOND = auto()
    PASSKEY = auto()
    PROVIDER = auto()


class ProviderQuery(BaseModel):
    """What a provider puts into the address (RFC 6749, RFC 9207), or where to go afterwards."""

    to: str = Field(default="", max_length=1000)
    state: str = Field(default="", max_length=1000)
    code: str = Field(default="", max_length=4000)
    iss: str = Field(default="", max_length=1000)
    error: str = Field(default="", max_length=200)


@router.get("/log-in")
def log_in_page(request: Request, visitor: VisitorDep, to: str = "") -> Response:
    """The page to log in with; whoever is logged in already is led on."""
    if visitor.signed_in is not None:
        return page.lead(page.own_path(request, to))
    return _page(request, to=to)


@router.post("/log-in")
def log_in(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    visitor: FromDep,
    email: Word = "",
    password: Word = "",
    to: Word = "",
) -> Response:
    """Log in with a password; who has a second factor is asked for it next."""
    if not recognise(request).jar.open:
        return _page(request, to=to, email=email, status=422)
    answer = people.log_in(
        database, settings, email=email, password=password, visitor=visitor, now=_now()
    )
    return _answer(request, answer, to=to, email=email)


@router.post("/log-in/second")
def second(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    visitor: FromDep,
    ticket: Word = "",
    code: Word = "",
    to: Word = "",
) -> Response:
    """The code of an authenticator app, after the right password."""
    answer = people.give_second(
        database, settings, ticket=ticket, code=code, visitor=visitor, now=_now()
    )
    return _answer(request, answer, to=to, way=Way.SECOND)


@router.post("/log-in/passkey/options")
def passkey_options(database: DatabaseDep, settings: SettingsDep) -> dict[str, str]:
    """What the browser is asked, to log in with a passkey."""
    asked = people.passkey_log_in_options(database, settings, now=_now())
    return {"ticket": asked.ticket, "options": asked.options}


@router.post("/log-in/passkey")
def passkey(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    visitor: FromDep,
    ticket: Word = "",
    credential: Long = "",
    to: Word = "",
) -> Response:
    """Log in with a passkey."""
    answer = people.passkey_log_in(
        database, settings, ticket=ticket, credential=credential, visitor=visitor, now=_now()
    )
    return _answer(request, answer, to=to, way=Way.PASSKEY)


@router.get("/log-in/provider")
def provider(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    visitor: FromDep,
    answer: Annotated[ProviderQuery, Query()],
) -> Response:
    """Go to the provider that the house uses, and come back from it."""
    jar = recognise(request).jar
    if not answer.state and not answer.error:
        start = people.provider_start(database, settings, now=_now())
        away = page.lead(start.url)
        held = sign(settings, jar.site, f"{start.state} {answer.to}")
        jar.set(away, PROVIDER, held, seconds=_PROVIDER_SECONDS)
        return away
    state, _, to = signed(settings, jar.site, jar.read(request, PROVIDER)).partition(" ")
    found = people.provider_finish(
        database,
        settings,
        ProviderAnswer(answer.state, state, answer.code, answer.iss, answer.error),
        visitor=visitor,
        now=_now(),
    )
    response = _answer(request, found, to=to, way=Way.PROVIDER)
    jar.clear(response, PROVIDER)
    return response


@router.get("/invitations/{token}")
def invitation_page(
    request: Request, token: str, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """The page on which somebody who was invited sets a password."""
    return _invitation(request, token, database, settings)


@router.post("/invitations/{token}")
def accept(
    request: Request,
    token: str,
    database: DatabaseDep,
    settings: SettingsDep,
    visitor: FromDep,
    password: Word = "",
    again: Word = "",
) -> Response:
    """Set the password, and log in with it."""
    text = recognise(request).language.text
    if password != again:
        return _invitation(request, token, database, settings, text("The two are not the same."))
    try:
        person = people.accept(database, settings, token, password, now=_now())
    except InvalidInput as error:
        return _invitation(request, token, database, settings, page.say(request, error))
    except NotFound:
        return _invitation(request, token, database, settings)
    answer = people.log_in(
        database, settings, email=person.email, password=password, visitor=visitor, now=_now()
    )
    return _answer(request, answer, to="")


@router.post("/log-out")
def log_out(
    request: Request, database: DatabaseDep, settings: SettingsDep, visitor: VisitorDep
) -> Response:
    """End this session."""
    people.end_session(database, settings, visitor.jar.read(request, SESSION), now=_now())
    response = page.lead(page.address(request, "/log-in"))
    visitor.jar.clear(response, SESSION)
    said = Message(visitor.language.text("You are logged out."))
    flash.leave(response, visitor.jar, settings, said)
    return response


@router.post("/language")
def choose_language(
    request: Request, visitor: VisitorDep, language: Word = "", to: Word = ""
) -> Response:
    """Show the site in another language, in this browser."""
    response = page.lead(page.own_path(request, to))
    if language in LANGUAGES:
        visitor.jar.remember_language(response, language)
    return response


def _page(
    request: Request, *, to: str, email: str = "", error: str = "", status: int = 200
) -> Response:
    return page.show(
        request, "log_in.html", status=status, to=to, email=email, error=error,
        is_open=recognise(request).jar.open,
        has_provider=bool(settings_of(request).oidc_issuer),
    )  # fmt: skip


def _answer(
    request: Request,
    answer: NewSession | NeedsSecond | Refused,
    *,
    to: str,
    email: str = "",
    way: Way = Way.PASSWORD,
) -> Response:
    language = recognise(request).language
    if isinstance(answer, NewSession):
        jar = recognise(request).jar
        response = page.lead(page.own_path(request, to))
        left = int((answer.expires_at - _now()).total_seconds())
        jar.set(response, SESSION, answer.token, seconds=left)
        return response
    if isinstance(answer, NeedsSecond):
        return page.show(
            request,
            "second_factor.html",
            status=422 if way is Way.SECOND else 200,
            asked=answer,
            to=to,
            error=language.text("This code is wrong or was used; wait for the next one.")
            if way is Way.SECOND
            else "",
        )
    error = _refusal(language, answer, way)
    return _page(request, to=to, email=email, error=error, status=422)


def _refusal(language: Language, answer: Refused, way: Way) -> str:
    if too_many := too_many_tries(language, answer):
        return too_many
    return {
        Way.PASSWORD: language.text("E-mail address and password do not belong together."),
        Way.SECOND: language.text("This took too long or too many tries. Begin again."),
        Way.PASSKEY: language.text("This passkey is not known here."),
        Way.PROVIDER: language.text("Your company account does not belong to anybody here."),
    }[way]


def _invitation(
    request: Request, token: str, database: DatabaseDep, settings: SettingsDep, error: str = ""
) -> Response:
    person = people.invited(database, settings, token, now=_now())
    return page.show(
        request,
        "invitation.html",
        status=404 if person is None else 422 if error else 200,
        invited=person,
        token_of_link=token,
        error=error,
    )


def _now() -> datetime:
    return datetime.now(UTC)
