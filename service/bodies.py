"""Bodies that are too large are refused while they come in, announced or not."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_DROPPED = 16
"""So many times the limit is read of a refused body, whose sender reads no answer before."""


class LimitBody:
    """Counts the bytes of every body, chunked ones too, and refuses those that are too many.

    `limit_of` gives the bytes that a path may take, None for a path that is limited elsewhere.
    `refuse` answers a body that was announced as larger; one that grows larger as it comes raises
    HTTPException 413. With `drops` the refused body is read and dropped first: a browser that
    still sends shows no answer, but that the connection broke.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit_of: Callable[[str], int | None],
        refuse: Callable[[Request, int], Awaitable[Response]],
        drops: bool = False,
    ) -> None:
        self._app = app
        self._limit_of = limit_of
        self._refuse = refuse
        self._drops = drops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request whose body is small enough."""
        limit = self._limit_of(scope["path"]) if scope["type"] == "http" else None
        if limit is None:
            await self._app(scope, receive, send)
            return
        announced = _announced(scope)
        if announced > limit:
            if self._drops and announced <= limit * _MOST_DROPPED:
                await _drop(receive)
            response = await self._refuse(Request(scope), limit)
            await response(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise HTTPException(413, said_of(limit))
            return message

        await self._app(scope, counted, send)


def said_of(limit: int) -> str:
    """What a refusal says."""
    return f"A body may have {limit} bytes here."


async def _drop(receive: Receive) -> None:
    has_more = True
    while has_more:
        message = await receive()
        has_more = message["type"] == "http.request" and message.get("more_body", False)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
