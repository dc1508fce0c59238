"""A till that loses answers and its power, against the service on each database."""

import json
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.admin.keys import add_key
from service.demo.replay import serve_on_loopback
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.till_client import TillClient, TillRefusedError, UnreachableError
from tests.shop import H1, STORE, Shop
from tests.till import FULL, body

OFFLINE = """
import json, sys
from pathlib import Path
from service.till_client import TillClient
till = TillClient("http://127.0.0.1:9", "key", queue=Path(sys.argv[1]), sleep=lambda _: None)
for line in sys.stdin:
    act, sent, quoted = json.loads(line)
    till.redeem(sent, quoted=quoted) if act == "redeem" else getattr(till, act)(sent)
    print("promised", flush=True)
"""


class LosesAnswers(httpx2.BaseTransport):
    """Sends every request and loses the first answers."""

    def __init__(self, lost: int) -> None:
        self.inner = httpx2.HTTPTransport()
        self.lost = lost

    def close(self) -> None:
        self.inner.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self.inner.handle_request(request)
        if self.lost:
            self.lost -= 1
            answer.read()
            answer.close()
            raise httpx2.ReadTimeout("lost on the way", request=request)
        return answer


@pytest.fixture
def key(shop: Shop, database: Database, settings: Settings) -> str:
    return add_key(database, settings, role=Role.POS, store_id=STORE)[1]


def acts(code: str) -> list[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """A sale that honours a list, one that is voided, one the service cannot take, and others."""
    given = {"line": 1, "list_code": code, "list_line": 1, "units": 1, "amount_cents": 100}
    original = {key: value for key, value in body(1)["transaction"].items() if key != "at"}
    brought = {"original": original, "lines": [{"line": 1, "quantity": 1}]}
    return [
        ("redeem", body(1, presented=[("list", code)], lines=FULL), {"discounts": [given]}),
        ("redeem", body(2), None),
        ("void", {"transaction": body(2)["transaction"]}, None),
        ("redeem", {**body(3), "unknown": 1}, None),
        ("give_back", {"transaction": body(5)["transaction"], **brought}, None),
        ("void", {"transaction": body(3)["transaction"]}, None),
        ("redeem", body(4), None),
    ]


def sell_offline_until_killed(code: str, queue: Path) -> None:
    """All acts at a till that reaches nobody; its power goes while it writes one more."""
    lines = [json.dumps(act) for act in acts(code)]
    with subprocess.Popen(
        [sys.executable, "-c", OFFLINE, str(queue)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n".join(lines) + "\n")
        process.stdin.flush()
        assert [process.stdout.readline() for _ in lines] == ["promised\n"] * len(lines)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    with queue.open("ab") as file:
        file.write(b'{"path": "/v1/replays", "body": {"trans' + bytes(100))


def test_what_was_done_offline_reaches_the_service_once_and_in_order(
    key: str, database: Database, settings: Settings, shop: Shop, tmp_path: Path, read_only: Any
) -> None:
    queue = tmp_path / "queue.ndjson"
    sell_offline_until_killed(shop.lists[H1], queue)
    with serve_on_loopback(database, settings) as address:
        lossy = LosesAnswers(1)
        with closing(TillClient(address, key, queue=queue, transport=lossy)) as till:
            assert till.found.torn.startswith(b'{"path": "/v1/replays", "body": {"trans\0')
            assert till.waiting() == 7
            with pytest.raises(UnreachableError):
                till.flush()
            assert till.waiting() == 7
        with closing(TillClient(address, key, queue=queue, timeout_seconds=30)) as till:
            assert (till.found.torn, till.found.set_aside) == (b"", 0)
            flushed = till.flush()
            assert (flushed.taken, flushed.left) == (5, 0)
            assert [each["status"] for each in flushed.to_check] == ["refused"]
            asides = [json.loads(line) for line in till.aside.read_bytes().splitlines()]
    assert [(each["path"], each["answer"]["title"]) for each in asides] == [
        ("/v1/replays", "The input is not valid"),
        ("/v1/voids", "Not sent"),
    ]
    assert read_only(
        "SELECT number, state, total_discount_cents FROM redemption ORDER BY number"
    ) == [("1", "redeemed", 100), ("2", "voided", 0), ("4", "recorded", 0), ("5", "returned", 0)]
    assert read_only("SELECT number FROM till_return") == [("5",)]
    assert read_only("SELECT count(*) FROM till_conflict") == [(0,)]
    assert read_only("SELECT count(*) FROM basket b JOIN redemption r ON r.basket_id = b.id") == [
        (2,)
    ]


def test_the_client_asks_again_and_replays_what_it_honoured_offline(
    key: str, database: Database, settings: Settings, shop: Shop, tmp_path: Path, read_only: Any
) -> None:
    sent = body(1, presented=[("list", shop.lists[H1])], lines=FULL)
    queue = tmp_path / "queue.ndjson"
    waits: list[float] = []
    away = TillClient("http://127.0.0.1:9", key, queue=queue, sleep=waits.append)
    quoted = {
        "discounts": [
            {
                "line": 1,
                "list_code": shop.lists[H1],
                "list_line": 1,
                "offer": 1,
                "text": "",
                "units": 1,
                "amount_cents": 100,
            }
        ]
    }
    told = away.redeem(sent, quoted=quoted)
    assert (told["status"], told["total_discount_cents"]) == ("offline", 100)
    assert waits == [0.2, 0.4]
    assert away.void({"transaction": body(2)["transaction"]}) is None
    assert away.waiting() == 2
    away.close()
    with serve_on_loopback(database, settings) as address:
        back = TillClient(address, key, queue=queue)
        flushed = back.flush()
        assert (flushed.taken, flushed.to_check, flushed.left) == (2, (), 0)
        assert back.flush().taken == 0
        with pytest.raises(TillRefusedError, match="voided"):
            back.redeem(body(2))
        back.close()
    assert read_only("SELECT total_discount_cents FROM redemption WHERE number = '1'") == [(100,)]


def test_a_lost_answer_is_asked_for_again_and_redeems_once(
    key: str, database: Database, settings: Settings, shop: Shop, tmp_path: Path, read_only: Any
) -> None:
    with serve_on_loopback(database, settings) as address:
        client = TillClient(
            address,
            key,
            queue=tmp_path / "queue.ndjson",
            sleep=lambda _: None,
            transport=LosesAnswers(2),
        )
        told = client.redeem(body(1, presented=[("list", shop.lists[H1])], lines=FULL))
        client.close()
    assert told["total_discount_cents"] == 350
    assert read_only("SELECT count(*) FROM redemption") == [(1,)]
