"""Sends the sample's baskets to the redemption endpoint, as real tills would."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from service.admin.keys import Caller, add_key
from service.api.app import create_app
from service.api.server import server_of
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import TillBasket
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.till_client import TillClient

_TERMINAL = "1"
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Shopper:
    """What a household could present at the till; `list_code` only if it was mailed a list."""

    list_code: str | None
    card: str
    phone: str


@dataclass(slots=True)
class Replay:
    """Totals of the baskets that were sent; `last` is the last answer."""

    baskets: int = 0
    shown: dict[str, int] = field(default_factory=dict)
    with_discount: int = 0
    discount_cents: int = 0
    lines_redeemed: int = 0
    last: dict[str, Any] = field(default_factory=dict)


@contextmanager
def serve_on_loopback(database: Database, settings: Settings) -> Iterator[str]:
    """Run the real service on a free loopback port, in a thread; yields its address."""
    server = server_of(create_app(database, settings), host="127.0.0.1", port=0)
    listening = threading.Event()
    address: list[str] = []

    def run() -> None:
        socket = server.config.bind_socket()
        # From here on the operating system queues connections until the service accepts them.
        socket.listen()
        address.append(f"http://127.0.0.1:{socket.getsockname()[1]}")
        listening.set()
        server.run(sockets=[socket])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not listening.wait(_START_SECONDS):
        raise RuntimeError("the service did not start")
    try:
        yield address[0]
    finally:
        server.should_exit = True
        thread.join()


def replay(
    baskets: pl.DataFrame,
    shoppers: Mapping[str, Shopper],
    *,
    database: Database,
    settings: Settings,
    folder: Path,
    progress: Callable[[str, int, int], None],
    all_known: bool = False,
) -> Replay:
    """Send every basket to `POST /v1/redemptions`, in the order they were bought.

    With `all_known` who would show nothing shows the card, so that no basket is nobody's.
    Makes a pos key for every store first. The queue of each store's till is a file in
    `folder/tills`.
    Raises TillRefusedError with the problem when a basket is refused.
    """
    stores = baskets["store_id"].unique().sort().to_list()
    keys = {
        store: add_key(database, settings, role=Role.POS, store_id=store)[1] for store in stores
    }
    orders = baskets.sort("purchased_at", "basket_id", "line").partition_by(
        "basket_id", maintain_order=True
    )
    result = Replay()
    queues = folder / "tills"
    queues.mkdir(exist_ok=True)
    with ExitStack() as open_tills:
        address = open_tills.enter_context(serve_on_loopback(database, settings))
        tills = {
            store: open_tills.enter_context(
                closing(
                    TillClient(address, key, queue=queues / f"{store}.ndjson", timeout_seconds=30)
                )
            )
            for store, key in keys.items()
        }
        for number, lines in enumerate(orders, start=1):
            body, shown = _basket_body(
                lines, shoppers, ZoneInfo(settings.timezone), all_known=all_known
            )
            answer = tills[body["transaction"]["store"]].redeem(body)
            _add_answer(result, shown, answer)
            progress("tills", number, len(orders))
        for till in tills.values():
            till.flush()
    return result


def _basket_body(
    lines: pl.DataFrame, shoppers: Mapping[str, Shopper], zone: ZoneInfo, *, all_known: bool = False
) -> tuple[dict[str, Any], str]:
    first = lines.row(0, named=True)
    moment: datetime = first["purchased_at"].astimezone(zone)
    shown, presented = _choose_presented(
        first["household_id"], first["basket_id"], shoppers, all_known=all_known
    )
    return {
        "transaction": {
            "store": first["store_id"],
            "terminal": _TERMINAL,
            "business_date": moment.date().isoformat(),
            "number": first["basket_id"],
            "at": moment.isoformat(),
        },
        "presented": presented,
        "lines": [
            {
                "line": row["line"],
                "gtin": row["gtin"],
                "quantity": row["quantity"],
                "unit": row["unit"],
                "amount_cents": row["amount_cents"],
            }
            for row in lines.iter_rows(named=True)
        ],
    }, shown


def _choose_presented(
    household: str, basket: str, shoppers: Mapping[str, Shopper], *, all_known: bool
) -> tuple[str, list[dict[str, str]]]:
    """What a household presents, and its kind.

    Of ten baskets five present the list, two the card, two the phone and one nothing, or the card
    where all are known; a household without a list presents its card instead.
    """
    shopper = shoppers[household]
    draw = int(hashlib.sha256(f"{household}:{basket}".encode()).hexdigest()[:8], 16) % 10
    if draw < 5 and shopper.list_code is not None:
        return "list", [{"kind": "list", "value": shopper.list_code}]
    if draw < 7 or (all_known and draw == 9):
        return "card", [{"kind": "card", "value": shopper.card}]
    if draw < 9:
        return "phone", [{"kind": "phone", "value": shopper.phone}]
    return "nothing", []


def till_basket(lines: pl.DataFrame, shoppers: Mapping[str, Shopper], zone: str) -> TillBasket:
    """A basket in the form that the redemption endpoint makes of its body, for use without HTTP."""
    body, _ = _basket_body(lines, shoppers, ZoneInfo(zone))
    anybody = Caller(0, Role.ADMIN, None, None)
    return replace(basket_of(BasketIn.model_validate(body), anybody), key_id=None)


def _add_answer(result: Replay, shown: str, answer: dict[str, Any]) -> None:
    result.baskets += 1
    result.shown[shown] = result.shown.get(shown, 0) + 1
    result.discount_cents += answer["total_discount_cents"]
    result.lines_redeemed += len({(d["list_code"], d["list_line"]) for d in answer["discounts"]})
    result.with_discount += bool(answer["discounts"])


def bought_between(baskets: pl.DataFrame, *, first: date, last: date, zone: str) -> pl.DataFrame:
    """The baskets bought from day `first` through day `last` in the time zone `zone`."""
    day = pl.col("purchased_at").dt.convert_time_zone(zone).dt.date()
    return baskets.filter(day.is_between(first, last))
