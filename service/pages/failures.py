"""Pages for what goes wrong: each says what happened and what to do next."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.errors import Busy, LarderError
from service.pages import names, page
from service.pages.languages import mark
from service.pages.visitor import NotSignedIn, recognise
from service.unexpected import HideUnexpectedErrors

logger = logging.getLogger("larder.pages")

_TITLES = {
    HTTPStatus.FORBIDDEN: mark("This form is too old"),
    HTTPStatus.NOT_FOUND: mark("There is no such page"),
    HTTPStatus.CONFLICT: mark("Something has changed"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: mark("This is too large"),
    HTTPStatus.UNPROCESSABLE_ENTITY: mark("This cannot be understood"),
    HTTPStatus.SERVICE_UNAVAILABLE: mark("Too busy just now"),
}
_HINTS = {
    HTTPStatus.FORBIDDEN: mark("Open the page again and send it once more."),
    HTTPStatus.NOT_FOUND: mark("It may have moved, or it is not for your role."),
    HTTPStatus.CONFLICT: mark("Look at the page again: somebody else may have been faster."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: mark("Go back and send less, or send it in parts."),
    HTTPStatus.UNPROCESSABLE_ENTITY: mark("Go back and change what you sent."),
    HTTPStatus.SERVICE_UNAVAILABLE: mark("Try again in a moment."),
}
_FOREIGN = mark("This was not sent from a page of this service")
_OTHER = mark("Something went wrong")
_NOT_YET = mark("There is nothing to show yet")
_OTHER_HINT = mark("It is safe to try again. If it stays, tell whoever runs the service.")
# Only texts that were written for people who use pages are shown to them.
_SHOWN = (
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


def install(app: FastAPI) -> None:
    """Answer every error of a site with a page."""
    app.add_exception_handler(NotSignedIn, _lead_to_log_in)
    app.add_exception_handler(LarderError, _larder_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(HideUnexpectedErrors, answer=_unexpected, logger=logger)


def _unexpected(request: Request) -> Response:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return page.show_alone(request, status=status, title=_OTHER, hint=_OTHER_HINT)


def foreign(request: Request) -> Response:
    """The answer to what no page of the site sent. It sets no cookie."""
    return page.show_alone(
        request, status=HTTPStatus.FORBIDDEN, title=_FOREIGN, hint=_HINTS[HTTPStatus.FORBIDDEN]
    )


async def too_large(request: Request, limit: int) -> Response:
    """The answer to a form or a file of more bytes than `limit`."""
    return await run_in_threadpool(_too_large, request, limit)


def _too_large(request: Request, limit: int) -> Response:
    language = recognise(request).language
    most = names.size(language, limit)
    said = language.text("At most %(size)s can be sent here.", size=most)
    return _page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)


async def _lead_to_log_in(request: Request, _error: Exception) -> Response:
    path = page.address(request, "/log-in")
    if request.headers.get("hx-request"):
        # The whole page is for the log-in, not the part that was asked for.
        return Response(status_code=200, headers={"HX-Redirect": path})
    return await run_in_threadpool(page.to_log_in, request)


async def _larder_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LarderError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, Busy):
        logger.error("%s: %s", request.url.path, error.detail)
    return await run_in_threadpool(_page, request, error.status, page.say(request, error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await run_in_threadpool(_page, request, error.status_code, "")


async def _invalid(request: Request, _error: Exception) -> Response:
    return await run_in_threadpool(_page, request, HTTPStatus.UNPROCESSABLE_ENTITY, "")


def _page(request: Request, status: int, detail: str) -> Response:
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        # A guest learns nothing of which pages there are.
        if recognise(request).signed_in is None:
            return page.to_log_in(request)
        status = HTTPStatus.NOT_FOUND
    language = recognise(request).language
    title = _TITLES.get(HTTPStatus(status), _OTHER)
    hint = _HINTS.get(HTTPStatus(status), _OTHER_HINT)
    if status == HTTPStatus.CONFLICT and request.method == "GET":
        # Nobody changed anything: what a page would show is not there.
        title, hint = _NOT_YET, ""
    return page.show(
        request,
        "error.html",
        status=status,
        title=language.text(title),
        hint=language.text(hint) if hint else "",
        detail=detail if status in _SHOWN else "",
    )
