"""Codes of an authenticator app: TOTP (RFC 6238) of six digits, half a minute each, by SHA-1.

The secret is stored encrypted under a key made of LARDER_SECRET_KEY, since it must be read again.
"""

import base64
import hashlib
import hmac
import re
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from service.digests import token_digest
from service.errors import Misconfigured
from service.secret_key import both
from service.settings import Settings
from service.store.tables.person import PersonRow

STEP_SECONDS = 30
_DIGITS = 6
_SECRET_BYTES = 20
# Clocks of phones and servers may be half a minute apart, and typing takes time.
_STEPS_AROUND = 1
_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> bytes:
    """A random secret of 160 bits (RFC 4226, R6)."""
    return secrets.token_bytes(_SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """The code of a step (RFC 4226, 5.3)."""
    mac = hmac.digest(secret, struct.pack(">Q", step), hashlib.sha1)
    offset = mac[-1] & 0xF
    (number,) = struct.unpack(">I", mac[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**_DIGITS:0{_DIGITS}d}"


def step_of(secret: bytes, code: str, *, now: datetime, after: int) -> int | None:
    """The step whose code this is, around now; None when it is wrong, or not after `after`.

    Blanks in the code are ignored. No code is accepted twice (RFC 6238, 5.2).
    """
    digits = "".join(code.split())
    if not _CODE.fullmatch(digits):
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(present - _STEPS_AROUND, present + _STEPS_AROUND + 1):
        if hmac.compare_digest(code_at(secret, step), digits) and step > after:
            found = step
    return found


def accept_code(settings: Settings, row: PersonRow, code: str, *, now: datetime) -> bool:
    """Whether this is the person's code now, which cannot be used again; a wrong one is counted."""
    assert row.totp_secret is not None, "codes are asked for where there is a secret"
    step = step_of(unseal(settings, row.totp_secret), code, now=now, after=row.totp_step)
    if step is None:
        row.second_failures += 1
        return False
    row.totp_step = step
    row.second_failures = 0
    return True


def typed(secret: bytes) -> str:
    """A secret as people type it into an app: base 32, in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address(secret: bytes, *, issuer: str, email: str) -> str:
    """The otpauth address that an app reads from a QR code."""
    # A colon parts issuer and account, so that neither may hold one.
    issuer = issuer.replace(":", " ")
    label = f"{quote(issuer)}:{quote(email, safe='@')}"
    parameters = {"secret": typed(secret).replace(" ", ""), "issuer": issuer}
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"


def seal(settings: Settings, secret: bytes) -> str:
    """A secret as it is stored."""
    return _ciphers(settings).encrypt(secret).decode()


def unseal(settings: Settings, stored: str) -> bytes:
    """A secret that was stored. Raises Misconfigured when LARDER_SECRET_KEY is another by now."""
    try:
        return _ciphers(settings).decrypt(stored.encode())
    except InvalidToken:
        raise Misconfigured(
            "LARDER_SECRET_KEY is not the one that second factors were stored under: "
            "set it back, or `larder users reset` who uses one."
        ) from None


def renewed(settings: Settings, stored: str) -> str:
    """A secret under the key, whichever of the two it was under. Raises as `unseal` does."""
    return seal(settings, unseal(settings, stored))


def _ciphers(settings: Settings) -> MultiFernet:
    """That of the key, which encrypts, and that of the one before it."""
    keys = [bytes.fromhex(token_digest(key, "cipher", "totp")) for key in both(settings.secret_key)]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
