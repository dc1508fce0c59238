"""A till's side of the conversation: what is asked, and what waits when nobody answers.

A sale is in the queue before the cashier hears that it was made offline. One that was being sent
when the power went is in no queue: the till sends it again, or voids it, when it is back.
"""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import httpx2

from service.till_client.flush import VOIDS, Flush, Flushed
from service.till_client.queue import Found, Queue, plain
from service.till_client.wire import REPLAYS, Body, TillRefusedError, UnreachableError, Wire


class TillClient:
    """A connection of one till to one Larder service. One thread may flush while another sells.

    The folder of the queue has to exist. Raises QueueInUseError when the queue is open elsewhere.
    """

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
        self._queue = Queue(queue)
        self._wire = Wire(
            address, key, timeout_seconds=timeout_seconds, sleep=sleep, transport=transport
        )
        self._flushing = Lock()

    @property
    def found(self) -> Found:
        """What was wrong with the queue when it was opened."""
        return self._queue.found

    @property
    def aside(self) -> Path:
        """The file of what left the queue and was not taken, for a person to look at."""
        return self._queue.aside

    def close(self) -> None:
        """Close the connection and the queue; its file stays."""
        self._wire.close()
        self._queue.close()

    def lookup(self, body: Body) -> Body:
        """The open lines of the customer's lists. Raises UnreachableError, TillRefusedError."""
        return self._wire.send("/v1/lists/lookup", body)

    def quote(self, body: Body) -> Body:
        """The discounts the basket would get now. Raises UnreachableError, TillRefusedError."""
        return self._wire.send("/v1/quotes", body)

    def redeem(self, body: Body, *, quoted: Body | None = None) -> Body:
        """Redeem the lists of a basket when it is paid.

        When the service cannot be reached, the till honours the discounts of `quoted` (none without
        a quote) and the sale waits in the queue; the answer then has the status `offline`, and it
        is the same when the sale is sent again. Raises TillRefusedError, and OSError when the sale
        cannot be kept: it was not made then.
        """
        body = plain(body)
        offline = _offline(quoted["discounts"] if quoted else [])
        waiting = self._queue.about(body)
        if any(act.path == VOIDS for act in waiting):
            raise _refused(409, "conflict", "The void of this sale waits to be sent.")
        for act in waiting:
            if act.path == REPLAYS:
                given = act.body["discounts"]
                if act.body != {**body, "discounts": given}:
                    raise _refused(422, "invalid-input", "Another basket waits under this name.")
                return _offline(given)
        try:
            return self._wire.send("/v1/redemptions", body)
        except UnreachableError:
            self._queue.add(REPLAYS, {**body, "discounts": offline["discounts"]})
            return offline

    def void(self, body: Body) -> Body | None:
        """Undo a sale; None when the void waits in the queue, unsent or behind its sale.

        Raises TillRefusedError, and OSError when it cannot be kept.
        """
        return self._send_or_enqueue(VOIDS, body)

    def give_back(self, body: Body) -> Body | None:
        """Return goods; None when the return waits in the queue, unsent or behind its sale.

        Raises TillRefusedError, and OSError when it cannot be kept.
        """
        return self._send_or_enqueue("/v1/returns", body)

    def replay(self, sales: list[Body], *, seconds: float = 60.0) -> list[Body]:
        """Send sales made offline; returns an answer for each.

        Raises UnreachableError and TillRefusedError.
        """
        return list(self._wire.replay(sales, seconds=seconds))

    def waiting(self) -> int:
        """How many sales, voids and returns wait in the queue."""
        return len(self._queue.acts())

    def flush(self, *, seconds: float = 60.0) -> Flushed:
        """Send what waits, in its order, for so long. Safe to interrupt and repeat.

        Raises UnreachableError when the service is still unreachable and TillRefusedError when the
        key is not accepted. What was answered until then is not sent again; the service would
        recognise it.
        """
        with self._flushing:
            return Flush(self._queue, self._wire, seconds=seconds).run()

    def _send_or_enqueue(self, path: str, body: Body) -> Body | None:
        body = plain(body)
        waiting = self._queue.about(body)
        if any((act.path, act.body) == (path, body) for act in waiting):
            return None
        if not waiting:
            try:
                return self._wire.send(path, body)
            except UnreachableError:
                pass
        self._queue.add(path, body)
        return None


def _offline(discounts: list[Body]) -> Body:
    return {
        "redemption_id": None,
        "status": "offline",
        "discounts": discounts,
        "total_discount_cents": sum(each["amount_cents"] for each in discounts),
        "refused": [],
        "next_list": {"status": "none"},
    }


def _refused(status: int, kind: str, detail: str) -> TillRefusedError:
    """What the service would say if it knew what waits."""
    problem = {
        "type": f"urn:larder:problem:{kind}",
        "title": "Not with what waits in the queue",
        "status": status,
        "detail": detail,
    }
    return TillRefusedError(status, problem)
