"""Keyed digests of cards, phones, API keys, addresses and guesses, and the serials of lists.

The database stores digests instead of the values themselves.
"""

import hashlib
import hmac
import re
from pathlib import Path

from pydantic import SecretStr

from service.secret_key import both

_SERIAL_DIGITS = 12
_PAGE_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAGE_LENGTH = 26
_NOT_PHONE = re.compile(r"[^0-9]")
_NOT_CARD = re.compile(r"[^0-9A-Za-z]")


def normal_identity(kind: str, value: str) -> str:
    """A card or phone number without blanks and punctuation; empty when nothing is left."""
    return (_NOT_PHONE if kind == "phone" else _NOT_CARD).sub("", value).upper()


def identity_digest(key: SecretStr, kind: str, value: str) -> str:
    """The stored digest of a card or phone number: HMAC-SHA256, 64 hex digits."""
    return _digest(key, f"identity:{kind}:{normal_identity(kind, value)}")


def ref_digest(key: SecretStr, ref: str) -> str:
    """The stored digest of the retailer's number of a household that was erased: 64 hex digits."""
    return _digest(key, f"household:{ref}")


def api_key_digest(key: SecretStr, presented: str) -> str:
    """The stored digest of an API key: HMAC-SHA256, 64 hex digits."""
    return _digest(key, f"api-key:{presented}")


def token_digest(key: SecretStr, purpose: str, token: str) -> str:
    """The stored digest of a random token that a person holds for a purpose: 64 hex digits."""
    return _digest(key, f"{purpose}:{token}")


def address_digest(key: SecretStr, normal_address: str) -> str:
    """The stored digest of the address a piece was mailed to: 32 hex digits, to recognise it."""
    return _digest(key, f"address:{normal_address}")[:32]


def guess_digest(key: SecretStr, presented: str) -> str:
    """The stored digest of what was presented and is not known: 32 hex digits, to recognise it."""
    return _digest(key, f"guess:{presented}")[:32]


def key_mark(key: SecretStr) -> str:
    """What tells digests under one key from those under another: 8 hex digits."""
    return _digest(key, "mark")[:8]


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, read in blocks: 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_serial(key: SecretStr, *parts: str | int) -> str:
    """Twelve digits that only the holder of the key can predict.

    The same key and parts give the same serial, so a repeated cycle prints the same codes.
    """
    message = "list:" + ":".join(str(part) for part in parts)
    return f"{int(_digest(key, message)[:30], 16) % 10**_SERIAL_DIGITS:0{_SERIAL_DIGITS}d}"


def page_code(key: SecretStr, list_code: str) -> str:
    """The code of a list's page: 26 letters and digits that only the holder of the key can predict.

    They carry 130 bits, so that nobody finds one by trying. Letters that look like digits are left
    out (Crockford's base 32, in lower case).
    """
    number = int(_digest(key, f"page:{list_code}")[:33], 16)
    return "".join(_PAGE_LETTERS[number >> 5 * place & 31] for place in range(_PAGE_LENGTH))


def page_digest(key: SecretStr, code: str) -> str:
    """The stored digest of the code of a list's page: 64 hex digits."""
    return _digest(key, f"page-code:{code}")


def page_digests(key: SecretStr, code: str) -> list[str]:
    """What may be stored of the code of a list's page: under the key, and the one before it."""
    return [page_digest(each, code) for each in both(key)]


def _digest(key: SecretStr, message: str) -> str:
    secret = key.get_secret_value().encode()
    return hmac.digest(secret, message.encode(), "sha256").hex()
