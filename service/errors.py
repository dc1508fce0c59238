"""The error tree. Every error knows its HTTP status and problem type (RFC 9457)."""

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
