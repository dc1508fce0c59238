"""A client for tills: retries, an offline queue, and the replay of the queue.

It is a reference for integrators, small enough to rewrite in another language. The queue is a file
with one JSON object per line. What the service could not be given is synced to it before the call
returns, so a power failure loses nothing.
"""

import json
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

RETRIES = 3
FIRST_WAIT_SECONDS = 0.2
REPLAYED_AT_ONCE = 1000

Body = dict[str, Any]


class TillRefusedError(Exception):
    """The service refused the request; `problem` is its RFC 9457 document."""

    def __init__(self, status: int, problem: Body) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class UnreachableError(Exception):
    """The service gave no answer, or none in time; whether it took effect is not known."""


@dataclass(frozen=True, slots=True)
class Flushed:
    """The outcome of `TillClient.flush`.

    `taken` and `left` count queue entries; `to_check` are answers and problems to look into.
    """

    taken: int
    to_check: tuple[Body, ...]
    left: int


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust, read once: it takes 17 ms, for every till of a process."""
    return httpx2.create_ssl_context()


class TillClient:
    """A connection of one till to one Larder service. Not safe for use by several threads."""

    def __init__(
        self,
        address: str,
        key: str,
        *,
        queue: Path,
        timeout_seconds: float = 2.0,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._http = httpx2.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout_seconds,
            transport=transport,
            verify=_certificates(),
        )
        self._queue = queue
        self._sleep = sleep

    def close(self) -> None:
        """Close the connection; the queue file stays."""
        self._http.close()

    def lookup(self, body: Body) -> Body:
        """The open lines of the customer's lists. Raises UnreachableError, TillRefusedError."""
        return self._send("/v1/lists/lookup", body)

    def quote(self, body: Body) -> Body:
        """The discounts the basket would get now. Raises UnreachableError, TillRefusedError."""
        return self._send("/v1/quotes", body)

    def redeem(self, body: Body, *, quoted: Body | None = None) -> Body:
        """Redeem the lists of a basket when it is paid.

        When the service cannot be reached, the till honours the discounts of `quoted` (none without
        a quote) and the sale waits in the queue; the answer then has the status `offline`.
        """
        try:
            return self._send("/v1/redemptions", body)
        except UnreachableError:
            discounts = quoted["discounts"] if quoted else []
            self._enqueue({"path": "/v1/replays", "body": {**body, "discounts": discounts}})
            return {
                "redemption_id": None,
                "status": "offline",
                "discounts": discounts,
                "total_discount_cents": sum(each["amount_cents"] for each in discounts),
                "refused": [],
                "next_list": {"status": "none"},
            }

    def void(self, body: Body) -> Body | None:
        """Undo a sale; None when the service was unreachable and the void waits in the queue."""
        return self._send_or_enqueue("/v1/voids", body)

    def give_back(self, body: Body) -> Body | None:
        """Return goods; None when the service was unreachable and the return waits in the queue."""
        return self._send_or_enqueue("/v1/returns", body)

    def replay(self, sales: list[Body]) -> list[Body]:
        """Send sales made offline; returns an answer for each. Raises UnreachableError."""
        return list(self._replay(sales))

    def waiting(self) -> int:
        """How many sales, voids and returns wait in the queue."""
        return len(self._read_queue())

    def flush(self) -> Flushed:
        """Send what waits: sales first, then voids and returns. Safe to interrupt and repeat.

        Raises UnreachableError when the service is still unreachable. What it took until then is
        not sent again; the service would recognise it.
        """
        queued = self._read_queue()
        sales = [act for act in queued if act["path"] == "/v1/replays"]
        others = [act for act in queued if act["path"] != "/v1/replays"]
        taken, to_check = 0, []
        for start in range(0, len(sales), REPLAYED_AT_ONCE):
            part = sales[start : start + REPLAYED_AT_ONCE]
            for answer in self._replay([act["body"] for act in part]):
                if answer["status"] == "failed":
                    continue
                act = part[answer["index"]]
                queued.remove(act)
                taken += answer["status"] != "refused"
                if answer["status"] == "refused" or answer["conflicts"]:
                    to_check.append(answer)
            self._write_queue(queued)
        for act in others:
            try:
                self._send(act["path"], act["body"])
                taken += 1
            except TillRefusedError as error:
                to_check.append(error.problem)
            queued.remove(act)
            self._write_queue(queued)
        return Flushed(taken, tuple(to_check), len(queued))

    def _replay(self, sales: list[Body]) -> Iterator[Body]:
        content = "".join(json.dumps(sale) + "\n" for sale in sales).encode()
        headers = {"Content-Type": "application/x-ndjson"}
        try:
            with self._http.stream(
                "POST", "/v1/replays", content=content, headers=headers
            ) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise UnreachableError(f"the replay was answered {answer.status_code}")
                for line in answer.iter_lines():
                    yield json.loads(line)
        except httpx2.TransportError as error:
            raise UnreachableError(type(error).__name__) from error

    def _send_or_enqueue(self, path: str, body: Body) -> Body | None:
        try:
            return self._send(path, body)
        except UnreachableError:
            self._enqueue({"path": path, "body": body})
            return None

    def _send(self, path: str, body: Body) -> Body:
        """The answer; the same body is sent again while there is none, `RETRIES` times in all."""
        wait, why = FIRST_WAIT_SECONDS, ""
        for attempt in range(RETRIES):
            if attempt:
                self._sleep(wait)
                wait *= 2
            try:
                answer = self._http.post(path, json=body)
            except httpx2.TransportError as error:
                why = type(error).__name__
                continue
            if answer.status_code == 200:
                result: Body = answer.json()
                return result
            if answer.status_code == 429:
                raise UnreachableError("the service asks to wait")
            if answer.status_code < 500:
                raise TillRefusedError(answer.status_code, answer.json())
            why = str(answer.status_code)
        raise UnreachableError(why)

    def _read_queue(self) -> list[Body]:
        with suppress(FileNotFoundError):
            whole, _, _torn = self._queue.read_text(encoding="utf-8").rpartition("\n")
            # Text after the last line end was cut off by a power failure before the call returned.
            return [json.loads(line) for line in whole.splitlines() if line]
        return []

    def _enqueue(self, act: Body) -> None:
        with self._queue.open("a", encoding="utf-8") as file:
            file.write(json.dumps(act) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _write_queue(self, acts: list[Body]) -> None:
        part = self._queue.with_suffix(".part")
        part.write_text("".join(json.dumps(act) + "\n" for act in acts), encoding="utf-8")
        part.replace(self._queue)
