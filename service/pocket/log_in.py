"""Logging in without a letter: by card or number, and the code that is sent."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from service.members import log_in, pocket
from service.pages.cookies import SESSION, jar_of
from service.pocket import page

router = APIRouter()

_ASKED = "log-in"
_DAY_SECONDS = 86_400


@router.post("/code")
def ask(request: Request, number: Annotated[str, Form(min_length=4, max_length=60)]) -> Response:
    """Send a code, if anybody has this card and may be written to; the answer does not say."""
    token = log_in.ask(
        request.app.state.database, request.app.state.settings, number,
        address=page.address_of(request), now=datetime.now(UTC),
    )  # fmt: skip
    response = page.go_to(request, "/code")
    jar = jar_of(request, request.app.state.settings)
    jar.set(response, _ASKED, token, seconds=log_in.CODE_MINUTES * 60)
    return response


@router.get("/code")
def type_code(request: Request, said: str = "") -> Response:
    """Where the code is typed."""
    return page.show(request, "code.html", minutes=log_in.CODE_MINUTES, said=said)


@router.post("/log-in")
def enter(request: Request, code: Annotated[str, Form(min_length=1, max_length=40)]) -> Response:
    """Open the household's page for whoever typed the code."""
    settings = request.app.state.settings
    jar = jar_of(request, settings)
    opened = log_in.enter(
        request.app.state.database, settings, jar.read(request, _ASKED), code,
        address=page.address_of(request), now=datetime.now(UTC),
    )  # fmt: skip
    if opened is None:
        return page.go_to(request, "/code?said=wrong")
    response = page.go_home(request, "known")
    jar.clear(response, _ASKED)
    jar.set(response, SESSION, opened, seconds=pocket.SESSION_DAYS * _DAY_SECONDS)
    return response
