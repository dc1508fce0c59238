"""Responses with a file or a range of it; what cannot be sent is a problem document."""

from http import HTTPStatus
from typing import Any, ClassVar

from fastapi.responses import FileResponse
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from service.api.description import may_answer
from service.api.problems import problem

_REFUSED = {
    HTTPStatus.BAD_REQUEST: "The Range header cannot be understood.",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "The file ends before this range begins.",
}
_ANY: dict[str, Any] = {
    "content": {"application/pdf": {}, "text/csv": {}, "application/json": {}, "*/*": {}}
}


class RangeFileResponse(FileResponse):
    """A response with a file that honours `Range` and `If-Range` (RFC 9110, 14)."""

    RESPONSES: ClassVar[dict[int | str, dict[str, Any]]] = {
        200: {"description": "The file", **_ANY},
        206: {"description": "The requested part", **_ANY},
        **may_answer(*_REFUSED),
    }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or a problem document when it cannot be sent."""
        refused: list[Message] = []

        async def as_problem(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _REFUSED:
                refused.append(message)
            if not refused:
                await send(message)

        await super().__call__(scope, receive, as_problem)
        if refused:
            status = HTTPStatus(refused[0]["status"])
            headers = [(k, v) for k, v in refused[0]["headers"] if k == b"content-range"]
            response = problem(
                Request(scope),
                status=status,
                title=status.phrase,
                detail=_REFUSED[status],
                headers={name.decode(): value.decode() for name, value in headers},
            )
            await response(scope, receive, send)
