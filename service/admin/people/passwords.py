"""Passwords: Argon2id digests, and which passwords are refused (NIST SP 800-63B-4, 3.1.1.2)."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from threading import Lock

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher
from zxcvbn import zxcvbn

from service.errors import InvalidInput, Problem
from service.notice import Count, Notice

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 200
# RFC 9106 wants more memory where one log-in at a time is checked; this is OWASP's least, so that
# forty at once take 760 MB and not 2.6 GB.
_MEMORY_KIB = 19_456
_PASSES = 2
# The estimate takes time that grows with the square of the length, and a long password is no
# better known for its end.
_ESTIMATED_CHARACTERS = 64
_NO_WORD = re.compile(r"\W+")
# It keeps the names in a variable of its own between two calls.
_ESTIMATING = Lock()
# The highest of five classes: those guessed within 10^10 tries are refused, such as "Winter2026!!".
_LEAST_SCORE = 4


def require_good(password: str, *, about: Sequence[str]) -> None:
    """Raises InvalidInput for a password that is short, long, common or easily derived.

    `about` are names that belong to the person and the house, which make no password.
    """
    if len(password) < LEAST_CHARACTERS:
        raise _bad(
            _length(password), Notice("use at least %(number)s", number=Count(LEAST_CHARACTERS))
        )
    if len(password) > MOST_CHARACTERS:
        raise _bad(
            _length(password), Notice("use at most %(number)s", number=Count(MOST_CHARACTERS))
        )
    words = [word for name in about for word in (name, *_NO_WORD.split(name)) if word]
    with _ESTIMATING:
        found = zxcvbn(password[:_ESTIMATED_CHARACTERS], user_inputs=words)
    if found["score"] < _LEAST_SCORE:
        raise _bad(
            Notice("It is common, or follows from words and patterns that are tried first"),
            Notice(
                "use several words that do not belong together, or let a password manager make one"
            ),
        )


def digest(password: str) -> str:
    """The Argon2id digest of a password."""
    return _hasher().hash(_normal(password))


def verify(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether a password is right, and a new digest where the stored one is of older strength.

    Without a stored digest it takes as long and is wrong, so that nobody learns who has one.
    """
    if len(password) > MOST_CHARACTERS:
        password = ""
    try:
        is_right, newer = _hasher().verify_and_update(_normal(password), stored or _nobodys())
    except PwdlibError:
        return False, None
    return is_right and stored is not None, newer


def _normal(password: str) -> str:
    # One password typed on two keyboards may come in two forms.
    return unicodedata.normalize("NFKC", password)


def _length(password: str) -> Notice:
    return Notice("It has %(number)s characters", number=Count(len(password)))


def _bad(detail: Notice, remedy: Notice) -> InvalidInput:
    return InvalidInput(
        "This password cannot be used. %(detail)s; %(remedy)s.",
        [Problem("password", str(detail), str(remedy))],
        detail=detail,
        remedy=remedy,
    )


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1),))


@cache
def _nobodys() -> str:
    return digest("the password of nobody")
