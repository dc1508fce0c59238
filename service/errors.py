"""The error tree. Every error knows its HTTP status and problem type (RFC 9457)."""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.notice import Notice, Value


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of an input: where it is, what is wrong, and what to do about it."""

    where: str
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.detail}"
        return f"{text} ({self.remedy})" if self.remedy else text


class LarderError(Exception):
    """The base class. `status` is the HTTP status, `type` the last part of the problem type.

    `notice` is what went wrong, to be said in any language: a text and the values in it. `detail`
    is the same in English.
    """

    status = 500
    title = "Internal error"
    type = "internal"

    def __init__(
        self, said: str | Notice, /, problems: Sequence[Problem] = (), **values: Value
    ) -> None:
        self.notice = said if isinstance(said, Notice) else Notice(said, **values)
        self.detail = str(self.notice)
        super().__init__(self.detail)
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by what it holds, not by its arguments: errors cross between processes."""
        return _revive, (type(self), self.detail), self.__dict__


def _revive(kind: type[LarderError], detail: str) -> LarderError:
    error = kind.__new__(kind, detail)
    error.args = (detail,)
    return error


class InvalidInput(LarderError):
    """The input is not valid; `problems` says where and why."""

    status = 422
    title = "The input is not valid"
    type = "invalid-input"


class FileTooLarge(LarderError):
    """Reading a file takes more memory or time than a file may take; nothing was done."""

    status = 413
    title = "Content Too Large"
    type = "file-too-large"


class UnsupportedType(LarderError):
    """What was sent is of a type that is not read here; `headers` say what is.

    RFC 9110, 15.5.16.
    """

    status = 415
    title = "Unsupported Media Type"
    type = "unsupported-type"

    def __init__(self, detail: str, *, headers: Mapping[str, str]) -> None:
        super().__init__(detail)
        self.headers = dict(headers)


class NotFound(LarderError):
    """What the request names does not exist, or the caller may not see it."""

    status = 404
    title = "Not found"
    type = "not-found"


class Conflict(LarderError):
    """The request contradicts the present state of what it names."""

    status = 409
    title = "Conflict with the present state"
    type = "conflict"


class NotAccepted(Conflict):
    """A file was read with assumptions that nobody accepted; `digest` accepts what was `asked`."""

    title = "Notes must be accepted"
    type = "not-accepted"

    def __init__(self, detail: str, *, asked: Sequence[str], digest: str) -> None:
        super().__init__(detail)
        self.asked = tuple(asked)
        self.digest = digest


class Unauthorized(LarderError):
    """No valid key was presented."""

    status = 401
    title = "Unauthorized"
    type = "unauthorized"


class Forbidden(LarderError):
    """The key is valid but may not do this."""

    status = 403
    title = "Forbidden"
    type = "forbidden"


class Throttled(LarderError):
    """The caller presented too many unknown codes; it may try again after `retry_seconds`."""

    status = 429
    title = "Too many unknown codes"
    type = "throttled"

    def __init__(self, detail: str, *, retry_seconds: int) -> None:
        super().__init__(detail)
        self.retry_seconds = retry_seconds


class Busy(LarderError):
    """Too many requests for the same thing at once; nothing was done, and it can be sent again."""

    status = 503
    title = "Too busy just now"
    type = "busy"


class WorkersDied(LarderError):
    """Processes that did parts of some work died again and again; what was finished is kept."""

    status = 503
    title = "Workers died"
    type = "workers-died"


class Misconfigured(LarderError):
    """A setting is missing or contradicts another."""

    status = 503
    title = "Not configured"
    type = "misconfigured"


def without_message(error: BaseException) -> str:
    """The types and tracebacks of an error and its causes, for a log.

    Messages are left out, because they may quote list codes, cards and phone numbers. Only the
    detail of a LarderError and the code of a database error are included.
    """
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        detail = getattr(seen, "sqlstate", None) or getattr(seen, "sqlite_errorname", "")
        if isinstance(seen, LarderError):
            detail = seen.detail
        kind = f"{type(seen).__module__}.{type(seen).__qualname__} {detail}".rstrip()
        parts.append(kind + "\n" + "".join(traceback.format_tb(seen.__traceback__)))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "while handling ".join(reversed(parts))
