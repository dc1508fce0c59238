"""Unexpected errors of a web application: answered in its own words, logged without theirs.

The server would log the message, and messages of the database quote rows.
"""

import logging
from collections.abc import Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import without_message


class HideUnexpectedErrors:
    """Middleware that gives `answer` to unexpected errors and logs them without their messages."""

    def __init__(
        self, app: ASGIApp, *, answer: Callable[[Request], Response], logger: logging.Logger
    ) -> None:
        self._app = app
        self._answer = answer
        self._logger = logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request. Raises RuntimeError when an error occurs after the answer began."""
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except ClientDisconnect:
            # It does not wait for an answer any more; nothing broke here.
            self._logger.info("a client left before %s was answered", scope["path"])
        except Exception as error:
            if scope["type"] != "http":
                raise
            self._logger.error("unexpected error at %s: %s", scope["path"], without_message(error))
            if begun:
                raise RuntimeError("The answer broke off; the log says why.") from None
            await self._answer(Request(scope))(scope, receive, send)
