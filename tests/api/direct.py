"""The application asked directly, without a network or a client: ten thousand times in seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from fastapi import FastAPI
from starlette.types import Message

T = TypeVar("T")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[[str, bytes, dict[str, str]], Awaitable[Answer]]


def with_app(app: FastAPI, act: Callable[[Ask], Awaitable[T]]) -> T:
    """Start the application, let `act` post to it, stop it."""

    async def run() -> T:
        async with app.router.lifespan_context(app):
            return await act(asker(app))

    return asyncio.run(run())


def asker(app: FastAPI) -> Ask:
    """Posts to an application that is started."""

    async def post(path: str, body: bytes, headers: dict[str, str]) -> Answer:
        sent = {"content-length": str(len(body)), **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        came: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            came.append(message)

        await app(scope, receive, send)
        start, *parts = came
        told = {k.decode().lower(): v.decode("latin-1") for k, v in start["headers"]}
        return Answer(start["status"], told, b"".join(part.get("body", b"") for part in parts))

    return post
