"""Answers every error as `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from service.bodies import said_of
from service.errors import (
    Busy,
    InvalidInput,
    LarderError,
    NotAccepted,
    Throttled,
    UnsupportedType,
)
from service.logs import request_id
from service.unexpected import HideUnexpectedErrors

MEDIA_TYPE = "application/problem+json"

NOT_READY = "The service is not ready for work; its log says why. Send the request again later."

AWAY_SECONDS = 1
"""When to ask again while the database is away or busy: one that restarts takes seconds."""

_MOST_FAULTS = 100
"""So many are named; an answer is not a thousand times as long as what was sent."""

logger = logging.getLogger("larder.api")


def problem(
    request: Request,
    *,
    status: int,
    title: str,
    detail: str,
    kind: str = "about:blank",
    errors: Sequence[dict[str, str]] = (),
    headers: dict[str, str] | None = None,
    members: dict[str, Any] | None = None,
) -> JSONResponse:
    """A problem document. Each of `errors` points into the body of the request.

    `members` are further ones of this kind of problem (RFC 9457, 3.2).
    """
    body: dict[str, Any] = {
        "type": kind,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        # Whoever reports it has the id of the log's lines; it stands in a header of every answer.
        "request": request_id.get(),
    }
    if errors:
        body["errors"] = list(errors)
    body |= members or {}
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


async def too_large(request: Request, limit: int) -> JSONResponse:
    """The answer to a body of more bytes than `limit`."""
    return problem(request, status=413, title="Content Too Large", detail=said_of(limit))


def _unexpected(request: Request) -> JSONResponse:
    return problem(
        request,
        status=500,
        title="Internal error",
        detail="Something went wrong here, not in your request. It is safe to send it again.",
        kind="urn:larder:problem:internal",
    )


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(LarderError, _larder_error)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(HideUnexpectedErrors, answer=_unexpected, logger=logger)


async def _larder_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LarderError)
    detail, found = error.detail, error.problems
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, Busy):
        # Only the operator may see where the database is and how it fails.
        logger.error("%s: %s", request.url.path, error.detail)
        detail, found = NOT_READY, ()
    errors = [
        {"pointer": fault.where, "detail": fault.detail, "remedy": fault.remedy} for fault in found
    ]
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
    if isinstance(error, Throttled):
        headers = {"Retry-After": str(error.retry_seconds)}
    elif error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {"Retry-After": str(AWAY_SECONDS)}
    elif isinstance(error, UnsupportedType):
        headers = error.headers
    members = None
    if isinstance(error, NotAccepted):
        members = {"notes": list(error.asked), "accept": error.digest}
    return problem(
        request,
        status=error.status,
        title=error.title,
        detail=detail,
        kind=f"urn:larder:problem:{error.type}",
        errors=errors,
        headers=headers,
        members=members,
    )


async def invalid_request(request: Request, error: Exception) -> JSONResponse:
    """The answer to a RequestValidationError: the first faults, each with a pointer to it."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    errors = [
        {"pointer": pointer(fault["type"], fault["loc"]), "detail": str(fault["msg"])}
        for fault in found[:_MOST_FAULTS]
    ]
    return problem(
        request,
        status=422,
        title="The input is not valid",
        detail=f"{len(found)} part{'s' * (len(found) != 1)} of the request cannot be understood.",
        kind="urn:larder:problem:invalid-input",
        errors=errors,
    )


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # The framework says so of a body that is not in an encoding of JSON, or is nested too deep.
        return problem(
            request,
            status=422,
            title=InvalidInput.title,
            detail="The body cannot be read as JSON.",
            kind=f"urn:larder:problem:{InvalidInput.type}",
            errors=[{"pointer": "#", "detail": "cannot be read as JSON"}],
        )
    return problem(
        request,
        status=error.status_code,
        title=HTTPStatus(error.status_code).phrase,
        detail=str(error.detail),
        headers=dict(error.headers or {}),
    )


def pointer(kind: str, location: Sequence[Any]) -> str:
    """A JSON pointer into the body as a URI fragment (RFC 6901), or the parameter's name."""
    where, *path = location
    if where == "body":
        # When the body is not JSON, the location is a character offset, not a member.
        parts = [] if kind == "json_invalid" else path
        return "#" + "".join(f"/{_escaped(part)}" for part in parts)
    return f"{where}: {'.'.join(str(part) for part in path)}"


def _escaped(part: Any) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
