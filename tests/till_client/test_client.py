"""What a till's client makes of answers, of their absence, and of what waits in its queue."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.till_client import TillClient, TillRefusedError, UnreachableError
from tests.till import body

Body = dict[str, Any]
Answer = Callable[[httpx2.Request], httpx2.Response]


class Service:
    """Answers as a test says, by path; whatever is not said is taken."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.answers: dict[str, Answer] = {}
        self.sales: dict[str, Body] = {}
        self.waits: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        sent = [json.loads(line) for line in request.content.splitlines()]
        numbers = [each["transaction"]["number"] for each in sent]
        self.asked.append((request.url.path.removeprefix("/v1/"), numbers))
        if answer := self.answers.get(request.url.path):
            return answer(request)
        if request.url.path == "/v1/replays":
            return httpx2.Response(200, content=b"".join(self.replayed(numbers)))
        return httpx2.Response(200, json={"status": "taken"})

    def replayed(self, numbers: list[str]) -> Iterator[bytes]:
        for index, number in enumerate(numbers):
            taken: Body = {"status": "accepted", "conflicts": [], "problem": None}
            line = {"index": index, **taken, **self.sales.get(number, {})}
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"

    def away(self) -> None:
        for path in ("redemptions", "voids", "returns"):
            self.answers[f"/v1/{path}"] = unanswered

    def back(self) -> None:
        self.answers.clear()
        self.asked.clear()

    def till(self, queue: Path, *, timeout_seconds: float = 2.0) -> TillClient:
        return TillClient(
            "http://larder.test",
            "key",
            queue=queue,
            timeout_seconds=timeout_seconds,
            sleep=self.waits.append,
            transport=httpx2.MockTransport(self),
        )


def unanswered(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectTimeout("nobody there", request=request)


def problem(status: int, **headers: str) -> Answer:
    said = {"type": "urn:larder:problem:test", "title": "No", "status": status, "detail": "no"}
    kind = {"Content-Type": "application/problem+json", **headers}
    return lambda _: httpx2.Response(status, headers=kind, content=json.dumps(said))


def refused(status: int) -> Body:
    return {"status": "refused", "problem": {"status": status, "title": "No"}}


def undo(number: int) -> Body:
    return {"transaction": body(number)["transaction"]}


def back(number: int, sale: int) -> Body:
    return {**undo(number), "original": body(sale)["transaction"], "lines": []}


def aside(till: TillClient) -> list[tuple[str, str, str]]:
    lines = [json.loads(line) for line in till.aside.read_bytes().splitlines()]
    return [
        (each["path"], each["body"]["transaction"]["number"], each["answer"]["title"])
        for each in lines
    ]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def till(service: Service, tmp_path: Path) -> Iterator[TillClient]:
    with closing(service.till(tmp_path / "queue")) as client:
        yield client


def test_what_waits_is_sent_in_the_order_it_was_made(service: Service, till: TillClient) -> None:
    service.away()
    late = body(1)
    late["transaction"]["at"] = "2099-01-01T00:00:00+00:00"
    till.redeem(late)
    till.redeem(body(2))
    assert till.void(undo(2)) is None
    assert till.give_back(back(3, 1)) is None
    till.redeem(body(4))
    assert till.void(undo(3)) is None
    service.back()
    assert till.flush().taken == 6
    assert service.asked == [
        ("replays", ["1", "2"]),
        ("voids", ["2"]),
        ("returns", ["3"]),
        ("replays", ["4"]),
        ("voids", ["3"]),
    ]
    assert till.waiting() == 0


def test_an_undo_waits_behind_its_sale_though_the_service_is_back(
    service: Service, till: TillClient
) -> None:
    service.away()
    till.redeem(body(1))
    service.back()
    assert till.give_back(back(2, 1)) is None
    assert till.give_back(back(2, 1)) is None
    assert till.void(undo(2)) is None
    assert till.void(undo(9)) == {"status": "taken"}
    assert service.asked == [("voids", ["9"])]
    assert till.waiting() == 3


def test_an_undo_waits_while_its_sale_is_to_be_sent_again(
    service: Service, till: TillClient
) -> None:
    service.away()
    for act, sent in (
        (till.redeem, body(1)),
        (till.give_back, back(2, 1)),
        (till.void, undo(2)),
        (till.redeem, body(3)),
        (till.void, undo(3)),
    ):
        act(sent)
    service.back()
    service.sales["1"] = {"status": "failed", "problem": {"status": 503}}
    flushed = till.flush()
    assert (flushed.taken, flushed.to_check, flushed.left) == (2, (), 3)
    assert service.asked == [("replays", ["1"]), ("replays", ["3"]), ("voids", ["3"])]
    service.sales.clear()
    assert till.flush().left == 0


def test_what_is_refused_for_good_goes_aside_with_all_that_would_undo_it(
    service: Service, till: TillClient
) -> None:
    service.away()
    till.redeem(body(1))
    till.redeem(body(2))
    till.give_back(back(3, 1))
    till.void(undo(3))
    till.give_back(back(4, 2))
    till.void(undo(1))
    till.give_back(back(5, 2))
    service.back()
    service.sales["1"] = refused(422)
    service.answers["/v1/returns"] = lambda request: (
        problem(409) if b'"number": "4"' in request.content else lambda _: taken
    )(request)
    taken = httpx2.Response(200, json={})
    flushed = till.flush()
    assert (flushed.taken, len(flushed.to_check), flushed.left) == (2, 2, 0)
    assert service.asked == [("replays", ["1", "2"]), ("returns", ["4"]), ("returns", ["5"])]
    assert aside(till) == [
        ("/v1/replays", "1", "No"),
        ("/v1/returns", "3", "Not sent"),
        ("/v1/voids", "3", "Not sent"),
        ("/v1/voids", "1", "Not sent"),
        ("/v1/returns", "4", "No"),
    ]


def test_a_key_that_is_not_taken_costs_nothing(service: Service, till: TillClient) -> None:
    service.away()
    till.redeem(body(1))
    till.void(undo(1))
    till.void(undo(2))
    for status in (401, 403):
        service.answers = {"/v1/replays": problem(status), "/v1/voids": problem(status)}
        with pytest.raises(TillRefusedError, match=str(status)):
            till.flush()
        assert till.waiting() == 3
    service.back()
    service.sales["1"] = refused(403)
    flushed = till.flush()
    assert (flushed.taken, len(flushed.to_check), flushed.left) == (1, 1, 2)
    service.answers["/v1/voids"] = problem(403)
    service.sales.clear()
    flushed = till.flush()
    assert (flushed.taken, len(flushed.to_check), flushed.left) == (1, 1, 1)
    assert not till.aside.exists()


def test_one_act_that_the_service_cannot_do_holds_no_other_up(
    service: Service, till: TillClient
) -> None:
    service.away()
    till.void(undo(1))
    till.redeem(body(2))
    service.back()
    service.answers["/v1/voids"] = problem(500)
    flushed = till.flush()
    assert (flushed.taken, flushed.left) == (1, 1)
    service.answers["/v1/voids"] = problem(503)
    with pytest.raises(UnreachableError, match="503"):
        till.flush()
    assert till.waiting() == 1


def test_sales_that_were_answered_leave_the_queue_when_the_answer_breaks_off(
    service: Service, till: TillClient
) -> None:
    service.away()
    for number in (1, 2, 3, 4):
        till.redeem(body(number))
    first, second = service.replayed(["1", "2"])
    for content in (first + second[:9], first + b"<html>\n", first):
        service.answers["/v1/replays"] = lambda _, c=content: httpx2.Response(  # type: ignore[misc]
            200, content=c
        )
        with pytest.raises(UnreachableError, match="answer"):
            till.flush()
    service.back()
    assert till.flush().taken == 1
    assert service.asked == [("replays", ["4"])]


def test_only_a_line_feed_ends_a_line(service: Service, till: TillClient) -> None:
    texts = {"text": "Tea\u2028half off\x85"}
    service.sales["1"] = {"answer": texts}
    (told,) = till.replay([body(1)])
    assert told["answer"] == texts


@pytest.mark.parametrize("odd", [1, 3])
def test_a_replay_too_large_is_sent_in_halves(service: Service, till: TillClient, odd: int) -> None:
    service.away()
    for number in range(1, 5):
        till.redeem(body(number))
    service.back()

    def limited(request: httpx2.Request) -> httpx2.Response:
        _, numbers = service.asked[-1]
        if str(odd) in numbers:
            return httpx2.Response(413, html="<h1>Too large</h1>")
        return httpx2.Response(200, content=b"".join(service.replayed(numbers)))

    service.answers["/v1/replays"] = limited
    flushed = till.flush()
    assert (flushed.taken, len(flushed.to_check), flushed.left) == (3, 1, 0)
    assert aside(till) == [("/v1/replays", str(odd), "Content Too Large")]


def test_no_more_than_so_many_sales_are_replayed_at_once(
    service: Service, till: TillClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.till_client.flush.REPLAYED_AT_ONCE", 2)
    service.away()
    for number in (1, 2, 3):
        till.redeem(body(number))
    service.back()
    assert till.flush().taken == 3
    assert service.asked == [("replays", ["1", "2"]), ("replays", ["3"])]


def test_what_is_done_while_the_queue_is_sent_stays_in_it(
    service: Service, till: TillClient
) -> None:
    service.away()
    till.redeem(body(1))

    def meanwhile(_: httpx2.Request) -> httpx2.Response:
        assert till.void(undo(1)) is None
        return httpx2.Response(200, content=b"".join(service.replayed(["1"])))

    service.answers["/v1/replays"] = meanwhile
    flushed = till.flush()
    assert (flushed.taken, flushed.left) == (1, 1)


def test_a_flush_ends_when_its_time_is_up(
    service: Service, till: TillClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.away()
    till.redeem(body(1))
    till.redeem(body(2))
    till.void(undo(2))
    service.back()
    assert till.flush(seconds=0).left == 3
    assert service.asked == []

    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def slowly() -> Iterator[bytes]:
        nonlocal now
        for line in service.replayed(["1", "2"]):
            yield line
            now += 30

    service.answers["/v1/replays"] = lambda _: httpx2.Response(200, content=slowly())
    flushed = till.flush(seconds=20)
    assert (flushed.taken, flushed.left) == (2, 1)
    assert service.asked == [("replays", ["1", "2"])]


def test_a_sale_that_waits_is_answered_as_it_was(
    service: Service, till: TillClient, tmp_path: Path
) -> None:
    service.away()
    given = {"line": 1, "list_code": "c", "list_line": 1, "units": 1, "amount_cents": 50}
    told = till.redeem(body(1), quoted={"discounts": [given]})
    assert (told["status"], told["total_discount_cents"]) == ("offline", 50)
    till.close()
    service.back()
    with closing(service.till(tmp_path / "queue")) as again:
        assert again.redeem(body(1)) == told
        with pytest.raises(TillRefusedError, match="422"):
            again.redeem(body(1, lines=[]))
        again.void(undo(1))
        with pytest.raises(TillRefusedError, match="409"):
            again.redeem(body(1))
        assert service.asked == []
        assert again.waiting() == 2


def test_a_quote_that_cannot_be_honoured_is_noticed_before_anything_is_sent(
    service: Service, till: TillClient
) -> None:
    with pytest.raises(KeyError):
        till.redeem(body(1), quoted={"status": "quoted"})
    assert service.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, html="<p>Log in to the shop's network</p>"),
        httpx2.Response(200, content=b"[]"),
        httpx2.Response(302, headers={"Location": "http://portal.test"}),
        httpx2.Response(404, html="<h1>Not found</h1>"),
        httpx2.Response(403, json={"type": "about:blank", "status": 403}),
        httpx2.Response(408),
        httpx2.Response(200, content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_what_the_service_did_not_say_is_no_answer(
    service: Service, till: TillClient, answer: httpx2.Response
) -> None:
    service.answers["/v1/redemptions"] = lambda _: httpx2.Response(
        answer.status_code, headers=answer.headers, content=answer.content
    )
    assert till.redeem(body(1))["status"] == "offline"
    assert till.waiting() == 1


def test_a_trickle_is_no_answer(service: Service, tmp_path: Path) -> None:
    def trickle() -> Iterator[bytes]:
        yield b"{"
        for _ in range(1000):
            time.sleep(0.01)
            yield b" "

    service.answers["/v1/redemptions"] = lambda _: httpx2.Response(200, content=trickle())
    with closing(service.till(tmp_path / "queue", timeout_seconds=0.03)) as till:
        assert till.redeem(body(1))["status"] == "offline"
    assert len(service.asked) == 3


def test_pauses_grow_follow_retry_after_and_end(service: Service, till: TillClient) -> None:
    service.answers["/v1/redemptions"] = problem(503, **{"Retry-After": "1"})
    till.redeem(body(1))
    assert service.waits == [1, 1]
    till.redeem(body(2))
    assert service.waits == [1, 1], "a service that is away is asked once"
    till.quote(body(3))
    service.answers["/v1/redemptions"] = problem(503)
    till.redeem(body(3))
    assert service.waits == [1, 1, 0.2, 0.4]
    till.quote(body(4))
    service.answers["/v1/redemptions"] = problem(503, **{"Retry-After": "60"})
    till.redeem(body(4))
    assert len(service.waits) == 4


def test_who_is_asked_to_wait_hears_how_long(service: Service, till: TillClient) -> None:
    service.answers["/v1/quotes"] = problem(429, **{"Retry-After": "7"})
    with pytest.raises(UnreachableError) as waiting:
        till.quote(body(1))
    assert (waiting.value.status, waiting.value.wait_seconds) == (429, 7)
    assert len(service.asked) == 1
    service.answers["/v1/redemptions"] = problem(429)
    assert till.redeem(body(1))["status"] == "offline"
