"""Every request gets an id and is measured; a log of them has no codes or phones in it."""

import itertools
import logging
import os
import re
import time
from typing import Any

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import traces
from service.logs import request_id

logger = logging.getLogger("larder.access")

HEADER = "X-Request-Id"
_NAME = HEADER.lower().encode()
_TAKEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PREFIX = "/v1/"
_ELSEWHERE = "elsewhere"
"""What has no route: addresses that callers make up would be a name each."""


class Seen:
    """Middleware around the application.

    A caller's own id is taken where it looks like one. What is measured and logged is the route,
    as `/v1/lists/{code}`, never the address that was called.
    """

    def __init__(self, app: ASGIApp, *, seconds: Histogram, is_logged: bool) -> None:
        self._app = app
        self._seconds = seconds
        self._children: dict[tuple[str, int], Any] = {}
        self._is_logged = is_logged
        self._process = os.urandom(4).hex()
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        name = _given(scope) or f"{self._process}-{next(self._numbers):x}"
        request_id.set(name)
        header = (_NAME, name.encode())
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        tracer = traces.current()
        if tracer is None:
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                self._note(_verb(scope), status, time.perf_counter() - began)
            return
        # Without a caller's trace it is the first span of one of its own.
        with tracer.span(scope["method"], scope["headers"]) as span:
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                verb = _verb(scope)
                span.say(verb, http__response__status_code=status, larder__request=name)
                self._note(verb, status, time.perf_counter() - began)

    def _note(self, verb: str, status: int, seconds: float) -> None:
        child = self._children.get((verb, status))
        if child is None:
            child = self._seconds.labels(verb, str(status) if status else "left")
            self._children[verb, status] = child
        child.observe(seconds)
        if self._is_logged:
            fields = {"verb": verb, "status": status, "ms": round(seconds * 1000, 1)}
            logger.info("%s %d %.1f ms", verb, status, seconds * 1000, extra={"fields": fields})


def _verb(scope: Scope) -> str:
    """The method and route of a request, never the address that was called."""
    route: str = getattr(scope.get("route"), "path_format", _ELSEWHERE)
    # A route of an included router does not say under what it was included.
    before = scope.get("root_path", "")
    if scope["path"].startswith(_PREFIX) and route[0] == "/" and not route.startswith(_PREFIX):
        before += _PREFIX.removesuffix("/")
    return f"{scope['method']} {before}{route}"


def _given(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _NAME:
            return value.decode() if _TAKEN.fullmatch(value) else ""
    return ""
