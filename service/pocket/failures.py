"""What the pocket says when something goes wrong."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from service.errors import LarderError, Throttled, Unauthorized
from service.pages.languages import mark
from service.pocket import page
from service.unexpected import HideUnexpectedErrors

logger = logging.getLogger("larder.pocket")

_OPEN = mark("Open your list with the code on your letter")
_OPEN_HINT = mark("Point your phone's camera at the square code on the letter.")
_TITLES = {
    HTTPStatus.UNAUTHORIZED: (_OPEN, _OPEN_HINT),
    HTTPStatus.NOT_FOUND: (_OPEN, mark("This code is not known, or its list is gone.")),
    HTTPStatus.TOO_MANY_REQUESTS: (
        mark("Too many tries"), mark("Wait a few minutes, then try again.")
    ),
}  # fmt: skip
_OTHER = (
    mark("That did not work"),
    mark("Nothing is lost. Go back and try again; your list on paper is good as it is."),
)


def install(app: FastAPI) -> None:
    """Answer every error with a page, or with JSON to scripts."""
    app.add_exception_handler(LarderError, _larder_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(HideUnexpectedErrors, answer=_unexpected, logger=logger)


async def too_large(request: Request, _limit: int) -> Response:
    """What a body that is too large gets."""
    return await run_in_threadpool(_said, request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def foreign(request: Request) -> Response:
    """What a request gets that another site sent."""
    return _said(request, HTTPStatus.FORBIDDEN)


def _unexpected(request: Request) -> Response:
    return _said(request, HTTPStatus.INTERNAL_SERVER_ERROR)


async def _larder_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LarderError)
    response = await run_in_threadpool(_said, request, HTTPStatus(error.status))
    if isinstance(error, Throttled):
        response.headers["Retry-After"] = str(error.retry_seconds)
    if isinstance(error, Unauthorized) and _wants_page(request):
        response.status_code = HTTPStatus.OK
    return response


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await run_in_threadpool(_said, request, HTTPStatus(error.status_code))


async def _invalid(request: Request, _error: Exception) -> Response:
    return await run_in_threadpool(_said, request, HTTPStatus.UNPROCESSABLE_ENTITY)


def _said(request: Request, status: HTTPStatus) -> Response:
    title, hint = _TITLES.get(status, _OTHER)
    language = page.spoken_by(request)
    if not _wants_page(request):
        return JSONResponse({"error": language.text(title)}, status)
    return page.show(
        request, "alone.html", status=status, title=language.text(title), hint=language.text(hint),
        sends_codes=title == _OPEN and request.app.state.settings.sends_messages,
    )  # fmt: skip


def _wants_page(request: Request) -> bool:
    return "application/json" not in request.headers.get("accept", "")
