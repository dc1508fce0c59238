"""Texts that are stored so that only the holder of LARDER_SECRET_KEY can read them again.

AES-256-GCM under a key of its own for each purpose (HKDF-SHA256, RFC 5869), with a random nonce:
the same text is stored otherwise each time, so nobody sees that two are equal.
"""

import base64
import binascii
import os
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from service.errors import Misconfigured
from service.secret_key import both

PHONES = "phone"
"""The purpose of telephone numbers to write to."""
MESSAGES = "message"
"""The purpose of messages that have not gone out yet."""
ASKED = "asked"
"""The purpose of cards and numbers by which somebody asks for a code."""

_NONCE_BYTES = 12
_KEY_BYTES = 32


class Sealer:
    """Seals and opens the texts of one purpose."""

    def __init__(self, key: SecretStr, purpose: str) -> None:
        self._ciphers = [_cipher(each, purpose) for each in both(key)]
        self._purpose = purpose.encode()

    def seal(self, text: str) -> str:
        """A text as it is stored; nothing stays nothing."""
        if not text:
            return ""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, text.encode(), self._purpose)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, stored: str) -> str:
        """A text that was stored. Raises Misconfigured when it was under another key."""
        return self._opened(stored)[0]

    def renewed(self, stored: str) -> str | None:
        """A text sealed again under the key, if it was under the one before; else None.

        Raises Misconfigured as `open` does.
        """
        text, place = self._opened(stored)
        return self.seal(text) if place else None

    def _opened(self, stored: str) -> tuple[str, int]:
        """A text, and the place of the key that it was under."""
        if not stored:
            return "", 0
        try:
            raw = base64.urlsafe_b64decode(stored)
        except (ValueError, binascii.Error):
            raw = b""
        nonce, sealed = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        for place, cipher in enumerate(self._ciphers):
            with suppress(InvalidTag, ValueError):
                return cipher.decrypt(nonce, sealed, self._purpose).decode(), place
        raise Misconfigured(
            "LARDER_SECRET_KEY is not the one that telephone numbers were stored under: set it "
            "back, give it as LARDER_SECRET_KEY_BEFORE, or load them again."
        )


def _cipher(key: SecretStr, purpose: str) -> AESGCM:
    info = f"larder:sealed:{purpose}".encode()
    derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info)
    return AESGCM(derived.derive(key.get_secret_value().encode()))
