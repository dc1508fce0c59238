"""One question to the service at a time: how long to wait for an answer, and what counts as one."""

import json
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from math import inf
from typing import Any

import httpx2

PAUSES_SECONDS = (0.2, 0.4)
"""Between the tries of one call, which are one more."""
REPLAYS = "/v1/replays"

_JSON = "application/json"
_NDJSON = "application/x-ndjson"
_PROBLEM = "application/problem+json"
_OURS = "urn:larder:problem:"
_NOT_FINAL = (408, 425, 429)
"""Refusals that another try may not meet."""
_TOO_LARGE = 413

Body = dict[str, Any]


class TillRefusedError(Exception):
    """The service refused the request; `problem` is its RFC 9457 document."""

    def __init__(self, status: int, problem: Body) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class UnreachableError(Exception):
    """The service gave no answer, or none in time; whether it took effect is not known.

    `status` is 0 when there was no answer at all. `wait_seconds` is how long the service asks not
    to be called again; 0 when it did not say.
    """

    def __init__(self, why: str, *, status: int = 0, wait_seconds: float = 0) -> None:
        super().__init__(why)
        self.status = status
        self.wait_seconds = wait_seconds


class _AskedToWaitError(UnreachableError):
    """429: another try at once would be refused as well."""


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust, read once: it takes 17 ms, for every till of a process."""
    return httpx2.create_ssl_context()


class Wire:
    """The connection to the service, kept open between calls."""

    def __init__(
        self,
        address: str,
        key: str,
        *,
        timeout_seconds: float,
        sleep: Callable[[float], None],
        transport: httpx2.BaseTransport | None,
    ) -> None:
        self._http = httpx2.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout_seconds,
            transport=transport,
            verify=_certificates(),
        )
        self._seconds = timeout_seconds
        self._sleep = sleep
        self._is_away = False

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def send(self, path: str, body: Body) -> Body:
        """The answer, and the same bytes are sent again while there is none.

        Raises TillRefusedError, and UnreachableError after three tries or the time they may take;
        after one try while the service is away, so that no customer waits long for nothing.
        """
        content = json.dumps(body, allow_nan=False).encode()
        give_up = time.monotonic() + (1 + len(PAUSES_SECONDS)) * self._seconds + 1
        pauses = [] if self._is_away else list(PAUSES_SECONDS)
        while True:
            try:
                return self._try(path, content)
            except _AskedToWaitError:
                raise
            except UnreachableError as error:
                pause = max(pauses.pop(0), error.wait_seconds) if pauses else inf
                if time.monotonic() + pause > give_up:
                    self._is_away = True
                    raise
            self._sleep(pause)

    def replay(self, sales: Iterable[Body], *, seconds: float) -> Iterator[Body]:
        """The answer to each sale, as it comes.

        Raises UnreachableError when the answers break off or take longer than `seconds`, and
        TillRefusedError for the whole: 401 and 403 speak of the key, 413 and 422 of the body.
        """
        content = b"".join(json.dumps(sale, allow_nan=False).encode() + b"\n" for sale in sales)
        with self._post(REPLAYS, content, kind=_NDJSON, seconds=seconds) as (answer, parts):
            if answer.status_code != 200:
                refused = _refusal(answer, b"".join(parts))
                if refused and refused.status in (401, 403, _TOO_LARGE, 422):
                    raise refused
                raise _no_answer(answer)
            for line in _lines(parts):
                result = _object(line)
                if result is None or not {"index", "status"} <= result.keys():
                    raise UnreachableError("the answer to a replay cannot be read")
                yield result

    def _try(self, path: str, content: bytes) -> Body:
        with self._post(path, content, kind=_JSON, seconds=self._seconds) as (answer, parts):
            text = b"".join(parts)
        result = _object(text)
        if answer.status_code == 200 and result is not None:
            return result
        raise _refusal(answer, text) or _no_answer(answer)

    @contextmanager
    def _post(
        self, path: str, content: bytes, *, kind: str, seconds: float
    ) -> Iterator[tuple[httpx2.Response, Iterator[bytes]]]:
        ends = time.monotonic() + seconds
        headers = {"Content-Type": kind}
        try:
            with self._http.stream("POST", path, content=content, headers=headers) as answer:
                self._is_away = self._is_away and answer.status_code >= 500
                yield answer, _until(ends, answer)
        except httpx2.RequestError as error:
            raise UnreachableError(type(error).__name__) from error


def _until(ends: float, answer: httpx2.Response) -> Iterator[bytes]:
    """The parts of an answer. The timeout alone is for each part, and would never end a trickle."""
    for part in answer.iter_bytes():
        yield part
        if time.monotonic() > ends:
            raise httpx2.ReadTimeout("the answer takes too long")


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines. Only a line feed ends one: texts may have the other separators of Unicode."""
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        yield from lines
    if rest:
        raise UnreachableError("the answer to a replay breaks off")


def _refusal(answer: httpx2.Response, text: bytes) -> TillRefusedError | None:
    """What the service refuses for good; None when it was a proxy's answer, or may pass."""
    status = answer.status_code
    if not 400 <= status < 500 or status in _NOT_FINAL:
        return None
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    problem = _object(text) if kind == _PROBLEM else None
    if problem is not None and str(problem.get("type")).startswith(_OURS):
        return TillRefusedError(status, problem)
    if status == _TOO_LARGE:
        return TillRefusedError(
            status, problem or {"status": status, "title": "Content Too Large", "detail": ""}
        )
    return None


def _no_answer(answer: httpx2.Response) -> UnreachableError:
    asked = answer.headers.get("Retry-After", "")
    kind = _AskedToWaitError if answer.status_code == 429 else UnreachableError
    return kind(
        f"answered {answer.status_code}",
        status=answer.status_code,
        wait_seconds=float(asked) if asked.isdecimal() else 0,
    )


def _object(text: bytes) -> Body | None:
    try:
        result = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return result if isinstance(result, dict) else None
