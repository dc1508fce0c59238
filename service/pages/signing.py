"""What a browser keeps for a site and cannot change: messages, and the tokens of forms."""

import hmac

from service.digests import token_digest
from service.secret_key import both
from service.settings import Settings


def form_token(settings: Settings, site: str, holder: str) -> str:
    """The token of the forms that are shown to the holder of a cookie."""
    return token_digest(settings.secret_key, f"{site}-form", holder)


def form_tokens(settings: Settings, site: str, holder: str) -> list[str]:
    """`form_token`, and that of a form that was shown under the key before."""
    return [token_digest(key, f"{site}-form", holder) for key in both(settings.secret_key)]


def sign(settings: Settings, site: str, text: str) -> str:
    """A text with the signature of a site before it."""
    return f"{token_digest(settings.secret_key, f'{site}-kept', text)}.{text}"


def signed(settings: Settings, site: str, kept: str) -> str:
    """The text that was signed; empty for one that was not signed for this site."""
    digest, _, text = kept.partition(".")
    expected = token_digest(settings.secret_key, f"{site}-kept", text)
    return text if same(digest, expected) else ""


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
