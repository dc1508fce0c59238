"""The error tree. Every error knows its HTTP status and problem type (RFC 9457)."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in what was given: where it stands, what is wrong, what to do about it."""

    where: str
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.detail}"
        return f"{text} ({self.remedy})" if self.remedy else text


class LarderError(Exception):
    """The root. `status` is the HTTP status, `type` the last part of the problem type."""

    status = 500
    title = "Internal error"
    type = "internal"

    def __init__(self, detail: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = tuple(problems)


class InvalidInput(LarderError):
    """What was sent or loaded cannot be understood; `problems` says where."""

    status = 422
    title = "The input is not valid"
    type = "invalid-input"


class NotFound(LarderError):
    """The thing named does not exist, or not for this caller."""

    status = 404
    title = "Not found"
    type = "not-found"


class Conflict(LarderError):
    """The request contradicts the state of the thing it names."""

    status = 409
    title = "Conflict with the present state"
    type = "conflict"


class Unauthorized(LarderError):
    """No valid key was presented."""

    status = 401
    title = "Unauthorized"
    type = "unauthorized"


class Forbidden(LarderError):
    """The key is valid but not for this."""

    status = 403
    title = "Forbidden"
    type = "forbidden"


class Throttled(LarderError):
    """The caller asked for too many things that are not there; `retry_seconds` says how long."""

    status = 429
    title = "Too many unknown codes"
    type = "throttled"

    def __init__(self, detail: str, *, retry_seconds: int) -> None:
        super().__init__(detail)
        self.retry_seconds = retry_seconds


class Busy(LarderError):
    """Too many wanted the same at once; nothing was done, and the request can be sent again."""

    status = 503
    title = "Too busy just now"
    type = "busy"


class Misconfigured(LarderError):
    """A setting is missing or contradicts another."""

    status = 503
    title = "Not configured"
    type = "misconfigured"


def without_message(error: BaseException) -> str:
    """Where an error and what caused it were raised, and their types, for a log.

    What an error says may quote list codes, cards and phone numbers; only our own is kept.
    """
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        said = getattr(seen, "sqlstate", None) or getattr(seen, "sqlite_errorname", "")
        if isinstance(seen, LarderError):
            said = seen.detail
        kind = f"{type(seen).__module__}.{type(seen).__qualname__} {said}".rstrip()
        parts.append(kind + "\n" + "".join(traceback.format_tb(seen.__traceback__)))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "while handling ".join(reversed(parts))
