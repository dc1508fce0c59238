"""Random tokens that people hold; the database stores digests of them."""

import secrets
from enum import StrEnum

from service.digests import token_digest
from service.secret_key import both
from service.settings import Settings

_BYTES = 32


class Purpose(StrEnum):
    """What a token is for; a token for one purpose is worth nothing for another."""

    LINK = "person-link"
    SESSION = "person-session"
    CSRF = "person-csrf"
    STEP = "log-in-step"


def new_token() -> str:
    """256 random bits, as letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_BYTES)


def digest_of(settings: Settings, purpose: Purpose, token: str) -> str:
    """What is stored of a token."""
    return token_digest(settings.secret_key, str(purpose), token)


def digests_of(settings: Settings, purpose: Purpose, token: str) -> list[str]:
    """What may be stored of a token: under the key, and under the one before it."""
    return [token_digest(key, str(purpose), token) for key in both(settings.secret_key)]


def csrf_of(settings: Settings, session_token: str) -> str:
    """The token that every form of a session carries; it follows from the session's own."""
    return digest_of(settings, Purpose.CSRF, session_token)


def csrfs_of(settings: Settings, session_token: str) -> list[str]:
    """`csrf_of`, and that of a form that was shown under the key before."""
    return digests_of(settings, Purpose.CSRF, session_token)
