"""A till's side of the conversation: retries, an offline queue, and its replay.

A reference for integrators, small enough to be read and rewritten in another language. The queue
is a file of one JSON object a line, written before anything is sent, so that a till that loses its
power loses nothing.
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
    """The service understood and said no; `problem` is its RFC 9457 document."""

    def __init__(self, status: int, problem: Body) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class UnreachableError(Exception):
    """The service did not answer in time, or could not; nothing is known of the outcome."""


@dataclass(frozen=True, slots=True)
class Flushed:
    """What became of a queue: how many were taken, the answers that need a look, what is left."""

    taken: int
    to_check: tuple[Body, ...]
    left: int


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust, read once: it takes 17 ms, for every till of a process."""
    return httpx2.create_ssl_context()


class TillClient:
    """Speaks to one Larder for one till. Not for several threads at once."""

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
        """Close the connection; the queue stays."""
        self._http.close()

    def lookup(self, body: Body) -> Body:
        """What the customer could still use. Raises UnreachableError, TillRefusedError."""
        return self._ask("/v1/lists/lookup", body)

    def quote(self, body: Body) -> Body:
        """What the basket would get now. Raises UnreachableError, TillRefusedError."""
        return self._ask("/v1/quotes", body)

    def redeem(self, body: Body, *, quoted: Body | None = None) -> Body:
        """Redeem with the tender.

        When the service cannot be reached the till honours what it was quoted (nothing without a
        quote), and the sale waits in the queue: the answer then has the status `offline`.
        """
        try:
            return self._ask("/v1/redemptions", body)
        except UnreachableError:
            discounts = quoted["discounts"] if quoted else []
            self._keep({"path": "/v1/replays", "body": {**body, "discounts": discounts}})
            return {
                "redemption_id": None,
                "status": "offline",
                "discounts": discounts,
                "total_discount_cents": sum(each["amount_cents"] for each in discounts),
                "refused": [],
                "next_list": {"status": "none"},
            }

    def void(self, body: Body) -> Body | None:
        """Undo a sale; None when it waits in the queue because nobody answered."""
        return self._ask_or_keep("/v1/voids", body)

    def give_back(self, body: Body) -> Body | None:
        """Take goods back; None when it waits in the queue because nobody answered."""
        return self._ask_or_keep("/v1/returns", body)

    def replay(self, sales: list[Body]) -> list[Body]:
        """Send sales made offline; an answer for each. Raises UnreachableError."""
        return list(self._replay(sales))

    def waiting(self) -> int:
        """How many acts wait in the queue."""
        return len(self._queued())

    def flush(self) -> Flushed:
        """Send what waits: sales first, then voids and returns. Safe to break off and repeat.

        Raises UnreachableError when the service is still away; what was taken until then is not
        sent again, and would be recognised if it were.
        """
        queued = self._queued()
        sales = [act for act in queued if act["path"] == "/v1/replays"]
        others = [act for act in queued if act["path"] != "/v1/replays"]
        taken, to_check = 0, []
        for start in range(0, len(sales), REPLAYED_AT_ONCE):
            part = sales[start : start + REPLAYED_AT_ONCE]
            for told in self._replay([act["body"] for act in part]):
                if told["status"] == "failed":
                    continue
                act = part[told["index"]]
                queued.remove(act)
                taken += told["status"] != "refused"
                if told["status"] == "refused" or told["conflicts"]:
                    to_check.append(told)
            self._write(queued)
        for act in others:
            try:
                self._ask(act["path"], act["body"])
                taken += 1
            except TillRefusedError as error:
                to_check.append(error.problem)
            queued.remove(act)
            self._write(queued)
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

    def _ask_or_keep(self, path: str, body: Body) -> Body | None:
        try:
            return self._ask(path, body)
        except UnreachableError:
            self._keep({"path": path, "body": body})
            return None

    def _ask(self, path: str, body: Body) -> Body:
        """The answer, asked for again with the same body while none comes."""
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
                told: Body = answer.json()
                return told
            if answer.status_code == 429:
                raise UnreachableError("the service asks to wait")
            if answer.status_code < 500:
                raise TillRefusedError(answer.status_code, answer.json())
            why = str(answer.status_code)
        raise UnreachableError(why)

    def _queued(self) -> list[Body]:
        with suppress(FileNotFoundError):
            whole, _, _torn = self._queue.read_text(encoding="utf-8").rpartition("\n")
            # What follows the last line end was cut off by a loss of power, and never promised.
            return [json.loads(line) for line in whole.splitlines() if line]
        return []

    def _keep(self, act: Body) -> None:
        with self._queue.open("a", encoding="utf-8") as file:
            file.write(json.dumps(act) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _write(self, acts: list[Body]) -> None:
        part = self._queue.with_suffix(".part")
        part.write_text("".join(json.dumps(act) + "\n" for act in acts), encoding="utf-8")
        part.replace(self._queue)
