"""A crowd for races: the small shop, and many households more with a list or several each.

Every list is like those of tests/shop: line 1 may be used once, line 2 twice, line 3 once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from service.engine.ledger import EntryKind, reserve
from service.files.households import load_households
from service.settings import Settings
from service.store import cycles, households, ledger, lists
from service.store.session import Database
from service.store.tables.cycle import Cycle
from tests.shop import VALID_FROM, VALID_TO, Shop, list_code, open_shop

_FIRST = 100_001
"""No card ends in zeros, as one that a spreadsheet rounded does."""
_CARD = "952123500{:09d}"


@dataclass(frozen=True, slots=True)
class Crowd:
    """The shop, the code of each list of the crowd, one household's after another's, and cards."""

    shop: Shop
    codes: tuple[str, ...]
    cards: tuple[str, ...]


def open_crowd(
    database: Database,
    settings: Settings,
    folder: Path,
    *,
    size: int,
    lists_each: int = 1,
    last_day: Callable[[int], date] = lambda _number: VALID_TO,
) -> Crowd:
    """Open the shop and issue lists to each of `size` households; `last_day` of household n."""
    shop = open_shop(database, settings, folder)
    numbers = range(_FIRST, _FIRST + size)
    rows = "".join(
        f"C{n},Person {n},1 Elm Street,42800,Applecroft,US,{_CARD.format(n)},true\n"
        for n in numbers
    )
    path = folder / "crowd.csv"
    path.write_text(
        f"household_id,name,street,postcode,city,country,card,mail_consent\n{rows}", "utf-8"
    )
    report = load_households(
        database, path, secret_key=settings.secret_key, language="en", card_pattern="[0-9]{18}"
    )
    assert report.refused == 0
    owners = [place for place in range(size) for _ in range(lists_each)]
    codes = tuple(list_code(_FIRST + serial) for serial in range(len(owners)))
    offered = {
        1: (shop.milk_offer, 1, 108),
        2: (shop.bread_offer, 2, 25),
        3: (shop.soap_offer, 1, 0),
    }
    issued_at = datetime(2026, 3, 1, tzinfo=UTC)
    with database.write() as session:
        ids = households.ids_by_ref(session)
        cycle_id = cycles.add(
            session,
            Cycle(
                as_of=VALID_FROM + timedelta(days=1),
                seed=0,
                valid_from=VALID_FROM,
                valid_to=VALID_TO,
                issued_at=issued_at,
                usage_bounds=[],
                summary={"lists": len(codes)},
            ),
        )
        listed = pl.DataFrame(
            {
                "code": codes,
                "household_id": [ids[f"C{_FIRST + place}"] for place in owners],
                "valid_to": [last_day(place) for place in owners],
            }
        ).with_columns(
            pl.lit(cycle_id, pl.Int64).alias("cycle_id"),
            pl.lit(VALID_FROM).alias("valid_from"),
            pl.lit("{}").alias("document"),
            pl.lit(issued_at).cast(pl.Datetime("us", "UTC")).alias("written_at"),
        )
        lines = pl.DataFrame(
            [
                (line, "offer", None, offer, f"offer {line}", "", 100, uses, reserved, None)
                for line, (offer, uses, reserved) in offered.items()
            ],
            schema={
                "line": pl.Int64,
                "kind": pl.String,
                "item_id": pl.Int64,
                "offer_id": pl.Int64,
                "text": pl.String,
                "reason": pl.String,
                "face_value_cents": pl.Int64,
                "uses": pl.Int64,
                "reserved_cents": pl.Int64,
                "p_purchase": pl.Float64,
            },
            orient="row",
        )
        names = (
            "code",
            "household_id",
            "cycle_id",
            "valid_from",
            "valid_to",
            "document",
            "written_at",
        )
        lists.issue(session, listed.select(names), listed.select("code").join(lines, how="cross"))
        ledger.post_by_offer(
            session,
            f"cycle-{cycle_id}",
            EntryKind.ISSUE,
            [
                (offer_id, uses * reserved * len(codes))
                for offer_id, uses, reserved in offered.values()
            ],
            reserve,
            at=issued_at,
        )
    return Crowd(shop, codes, tuple(_CARD.format(n) for n in numbers))
