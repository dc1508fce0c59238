"""Bodies that are too large are refused while they come in, announced or not."""

from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems
from service.settings import Settings

_UPLOADS = frozenset(
    {"/v1/acknowledgements", "/v1/deals", "/v1/deals/previews", "/v1/deals/remarks", "/v1/replays"}
)


class LimitBody:
    """Counts the bytes of every body, chunked ones too, and answers 413 when they are too many.

    `uploads` are paths besides those of the interface that take a file.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, uploads: Collection[str] = ()) -> None:
        self._app = app
        self._uploads = _UPLOADS | {*uploads}
        self._body = settings.max_body_bytes
        self._upload = settings.max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request whose body is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._upload if scope["path"] in self._uploads else self._body
        if self._announced(scope) > limit:
            await _refuse(scope, receive, send, limit)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise HTTPException(413, _told(limit))
            return message

        await self._app(scope, counted, send)

    @staticmethod
    def _announced(scope: Scope) -> int:
        for name, value in scope["headers"]:
            if name == b"content-length":
                return int(value) if value.isdigit() else 0
        return 0


async def _refuse(scope: Scope, receive: Receive, send: Send, limit: int) -> None:
    response = problems.problem(
        Request(scope), status=413, title="Content Too Large", detail=_told(limit)
    )
    await response(scope, receive, send)


def _told(limit: int) -> str:
    return f"A body may have {limit} bytes here."
