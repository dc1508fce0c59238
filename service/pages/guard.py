"""Middleware: the headers of every answer, and the refusal of requests that other sites sent.

Scripts run by the nonce of their page alone; styles, pictures and requests are of this origin.
"""

import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
_YEAR_SECONDS = 31_536_000


class Guard:
    """Answers `refuse` to what another site sent, and adds the headers to every answer.

    `policy` is what pages may load (CSP), with the place of a nonce. The nonce of a page is
    `request.state.nonce`. Pages are not kept by anything between.
    """

    def __init__(
        self, app: ASGIApp, *, refuse: Callable[[Request], Response], policy: str = _POLICY
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy.format(nonce=nonce)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
            await send(message)

        if scope["method"] in _SAFE or is_own(scope):
            await self._app(scope, receive, send_with_headers)
            return
        await self._refuse(Request(scope))(scope, receive, send_with_headers)


def is_own(scope: Scope) -> bool:
    """Whether a page of this origin sent a request that may change something.

    By what the browser says: `Sec-Fetch-Site`, else `Origin`. One that says neither is refused.
    The scheme is not compared: behind a proxy the service may not know it.
    """
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == headers.get("host", "")
