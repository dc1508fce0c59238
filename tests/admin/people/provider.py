"""An OpenID Connect provider on this machine, which can be told to do each thing wrong."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from tests.people import NOW

CLIENT, CLIENT_SECRET = "larder", "a secret that only the provider and the console know"


@dataclass
class Provider:
    """What it says of whoever logs in (`claims`), and what it does wrong.

    `described` changes its description, `header` the header of the ID token, `signed_by` its key;
    `requests` is what the token endpoint was asked, `codes` the requests that codes stand for.
    """

    issuer: str
    claims: dict[str, Any] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1"}))
    signed_by: Any = None
    is_unsigned: bool = False
    requests: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def description(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0, 4.2."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        } | self.described

    def authorize(self, url: str) -> dict[str, str]:
        """Log somebody in; what the browser brings back to the console."""
        asked = dict(parse_qsl(urlsplit(url).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def token(self, form: dict[str, str], basic: str) -> tuple[int, dict[str, Any]]:
        """The answer of the token endpoint (RFC 6749, 4.1.4; RFC 7636, 4.6)."""
        self.requests.append(form)
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if basic != base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode():
            return 401, {"error": "invalid_client"}
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["code_challenge_method"] != "S256"
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "4711", "nonce": asked["nonce"],
            "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 300,
        } | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "kid": "1"} | self.header
        key = self.signed_by or self.key
        signed = jwt.encode(header, claims, key, algorithms=[header["alg"]])
        if self.is_unsigned:
            none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            signed = ".".join((none, signed.split(".")[1], ""))
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": signed}


def symmetric_key(text: str) -> OctKey:
    """A key that whoever knows the text can sign with."""
    return OctKey.import_key(text)


@contextmanager
def serving() -> Iterator[Provider]:
    """Such a provider on a port of its own."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.provider = Provider(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield handler.provider  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path == "/authorize":
            back = self.provider.authorize(self.path)
            to = parse_qs(path.query)["redirect_uri"][0]
            self.send_response(302)
            self.send_header("location", f"{to}?{urlencode(back)}")
            self.send_header("content-length", "0")
            self.end_headers()
        elif path.path == "/.well-known/openid-configuration":
            self._answer(200, self.provider.description())
        elif path.path == "/keys":
            self._answer(200, KeySet([self.provider.key]).as_dict(private=False))
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        basic = self.headers.get("authorization", "").removeprefix("Basic ")
        self._answer(*self.provider.token(dict(parse_qsl(body)), basic))

    def _answer(self, status: int, found: dict[str, Any]) -> None:
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
