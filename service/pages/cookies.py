"""The cookies of a site of pages, and where they may be set.

Over https, and on a machine's own address, they have the prefix `__Host-`: a browser takes them
only with `Secure` and for this host alone. Over plain http elsewhere nobody can log in, unless
LARDER_CONSOLE_URL or LARDER_PORTAL_URL, whichever is of the site, itself says `http://` and that
host: then they have no prefix.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from service.admin.person import address_of
from service.pages.site import site_of
from service.settings import Settings

SESSION = "session"
FORM = "form"
FLASH = "flash"
PROVIDER = "provider"
LANGUAGE = "language"

_YEAR_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True)
class Jar:
    """Where the cookies of a request are: how they are called, and whether they may be set.

    `site` begins their names, so that no site of pages takes the cookies of another.
    """

    site: str
    secure: bool
    open: bool

    def name(self, cookie: str) -> str:
        """The name that a browser knows a cookie by."""
        name = f"{self.site}-{cookie}"
        return f"__Host-{name}" if self.secure else name

    def read(self, request: Request, cookie: str) -> str:
        """What a cookie holds; empty where there is none."""
        return request.cookies.get(self.name(cookie), "")

    def set(self, response: Response, cookie: str, value: str, *, seconds: int | None) -> None:
        """Set a cookie for so long, or until the browser is closed (None)."""
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=seconds,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def remember_language(self, response: Response, tag: str) -> None:
        """Keep the language of somebody who is not logged in."""
        self.set(response, LANGUAGE, tag, seconds=_YEAR_SECONDS)

    def clear(self, response: Response, cookie: str) -> None:
        """Remove a cookie."""
        response.delete_cookie(
            self.name(cookie), path="/", secure=self.secure, httponly=True, samesite="lax"
        )


def jar_of(request: Request, settings: Settings) -> Jar:
    """The cookies of a request, by its scheme and host and where the site is said to be."""
    host = request.url.hostname or ""
    site = site_of(request)
    people = site.people
    said = urlsplit(settings.public_url if people is None else address_of(settings, people))
    is_said = host == said.hostname
    secure = (
        request.url.scheme == "https" or is_loopback(host) or (is_said and said.scheme == "https")
    )
    return Jar(site.cookies, secure=secure, open=secure or is_said)


def is_loopback(host: str) -> bool:
    """Whether a name or address can only be this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
