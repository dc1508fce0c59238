"""Send what waits in a queue, in its order, and decide what becomes of each act."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from service.till_client.queue import Act, Name, Queue
from service.till_client.wire import REPLAYS, Body, TillRefusedError, UnreachableError, Wire

REPLAYED_AT_ONCE = 500
VOIDS = "/v1/voids"

_KEY_REFUSED = (401, 403)
_FOLLOWS = {"title": "Not sent", "detail": "What it undoes was refused."}


@dataclass(frozen=True, slots=True)
class Flushed:
    """The outcome of `TillClient.flush`.

    `taken` and `left` count acts of the queue; `to_check` are answers and problems to look into.
    """

    taken: int
    to_check: tuple[Body, ...]
    left: int


class Flush:
    """One way through a queue.

    An act waits for those before it that speak of the same transaction. What was refused for good
    is put aside with its answer, and so is what would undo it. What the key may not do stays.
    """

    def __init__(self, queue: Queue, wire: Wire, *, seconds: float) -> None:
        self._queue = queue
        self._wire = wire
        self._ends = time.monotonic() + seconds
        self._taken = 0
        self._to_check: list[Body] = []
        self._waiting: set[Name] = set()
        self._refused: set[Name] = set()

    def run(self) -> Flushed:
        """Send all that waits now, until the time is up. Raises as `TillClient.flush`."""
        for acts in _parts(self._queue.acts()):
            if time.monotonic() >= self._ends:
                break
            if acts[0].path == REPLAYS:
                self._send_sales(acts)
            else:
                self._send_undo(acts[0])
        return Flushed(self._taken, tuple(self._to_check), len(self._queue.acts()))

    def _send_sales(self, sales: list[Act]) -> None:
        """Replay sales; those that were answered leave the queue, even if the answer breaks off."""
        left = max(self._ends - time.monotonic(), 0)
        answered: list[tuple[Act, Body]] = []
        try:
            for answer in self._wire.replay((sale.body for sale in sales), seconds=left):
                answered.append((sales[answer["index"]], answer))
            if len(answered) < len(sales):
                raise UnreachableError("not every sale was answered")
        except UnreachableError:
            if time.monotonic() < self._ends:
                raise
        except TillRefusedError as error:
            if error.status in _KEY_REFUSED:
                raise
            if len(sales) > 1:
                # They are too much at once, or one of them is: each half is asked for itself.
                middle = len(sales) // 2
                self._send_sales(sales[:middle])
                self._send_sales(sales[middle:])
            else:
                answer = {"status": "refused", "conflicts": [], "problem": error.problem}
                answered.append((sales[0], answer))
        finally:
            self._settle(answered)

    def _settle(self, answered: list[tuple[Act, Body]]) -> None:
        done, refused = [], []
        for sale, answer in answered:
            is_refused = answer["status"] == "refused"
            if answer["status"] == "failed" or (is_refused and _is_of_key(answer["problem"])):
                self._waiting |= sale.names
            elif is_refused:
                refused.append((sale, answer["problem"]))
            else:
                done.append(sale)
            if is_refused or answer["conflicts"]:
                self._to_check.append(answer)
        self._remove(done, refused)

    def _send_undo(self, act: Act) -> None:
        """Send a void or a return, unless it has to wait or went aside with what it undoes."""
        if act.names & self._refused:
            return
        if act.names & self._waiting:
            self._waiting |= act.names
            return
        try:
            self._wire.send(act.path, act.body)
        except TillRefusedError as error:
            if error.status == 401:
                raise
            self._to_check.append(error.problem)
            if error.status in _KEY_REFUSED:
                self._waiting |= act.names
            else:
                self._remove([], [(act, error.problem)])
        except UnreachableError as error:
            if error.status != 500:
                raise
            # The service is there and cannot do this one.
            self._waiting |= act.names
        else:
            self._remove([act], [])

    def _remove(self, done: list[Act], refused: list[tuple[Act, Body]]) -> None:
        """Let acts leave the queue; with those refused go, at once, all that would undo them."""
        self._taken += len(done)
        aside = list(refused)
        leaving = {id(act) for act, _ in refused}
        self._refused |= {act.name for act, _ in refused if act.path != VOIDS}
        for act in self._queue.acts() if refused else []:
            if id(act) not in leaving and act.names & self._refused:
                aside.append((act, _FOLLOWS))
                self._refused.add(act.name)
        self._queue.remove(done, aside=aside)


def _parts(acts: list[Act]) -> Iterator[list[Act]]:
    """Acts in their order: sales that follow one another together, any other by itself."""
    sales: list[Act] = []
    for act in acts:
        if act.path == REPLAYS and len(sales) < REPLAYED_AT_ONCE:
            sales.append(act)
            continue
        if sales:
            yield sales
        sales = [act] if act.path == REPLAYS else []
        if act.path != REPLAYS:
            yield [act]
    if sales:
        yield sales


def _is_of_key(problem: Body | None) -> bool:
    return problem is not None and problem["status"] in _KEY_REFUSED
