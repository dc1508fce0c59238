"""Offers reach those they are for, and nobody else."""

import json
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from service.engine.offers.targeting import (
    BUYERS,
    CURRENT_WEEKS,
    HOUSEHOLDS,
    buyer_kinds,
    no_households,
    not_targeted,
    targeted_households,
    targets_of,
    with_tiers,
)

AS_OF = date(2026, 3, 2)
HOMES = pl.DataFrame(
    [
        (1, "KY", "0042", "most_valuable"),
        (2, "OH", "0043", "regular"),
        (3, None, None, None),
    ],
    schema=HOUSEHOLDS,
    orient="row",
)
BOUGHT = pl.DataFrame([(1, 7, "current"), (2, 7, "lapsed")], schema=BUYERS, orient="row")


def offers(**targets: list[str]) -> pl.DataFrame:
    """Offer 7 with these targets, and offer 8 for everybody."""
    return pl.DataFrame({"offer_id": [7, 8], "targets": [json.dumps(targets), "{}"]})


def reached(**targets: list[str]) -> list[int]:
    """Which of households 1, 2, 3 and 4 (of whom nothing is known) offer 7 is for."""
    pairs = pl.DataFrame(
        {
            "household_id": [4, 3, 2, 1],
            "offer_id": 7,
            "cell": [None, "switcher_light", "switcher_heavy", "store_brand_light"],
        }
    )
    missed = not_targeted(pairs, offers(**targets), HOMES, BOUGHT)
    return sorted(pairs.filter(~missed)["household_id"])


@pytest.mark.parametrize(
    ("targets", "households"),
    [
        ({}, [1, 2, 3, 4]),
        ({"tiers": ["most_valuable"]}, [1]),
        ({"tiers": ["most_valuable", "regular"]}, [1, 2]),
        ({"regions": ["ky"]}, [1]),
        ({"regions": [" KY ", "Oh"]}, [1, 2]),
        ({"stores": ["0043"]}, [2]),
        ({"stores": ["43"]}, []),
        ({"cells": ["switcher_light", "switcher_heavy"]}, [2, 3]),
        ({"buyers": ["current"]}, [1]),
        ({"buyers": ["lapsed"]}, [2]),
        ({"buyers": ["new"]}, [3, 4]),
        ({"buyers": ["new", "current"]}, [1, 3, 4]),
        ({"regions": ["KY"], "tiers": ["regular"]}, []),
        ({"regions": ["KY", "OH"], "tiers": ["regular"], "buyers": ["lapsed"]}, [2]),
    ],
)
def test_an_offer_is_for_those_who_meet_each_of_its_targets(
    targets: dict[str, list[str]], households: list[int]
) -> None:
    assert reached(**targets) == households


def test_an_offer_without_targets_beside_one_with_is_for_everybody() -> None:
    pairs = pl.DataFrame({"household_id": [3, 3, 1], "offer_id": [8, 7, 8], "cell": "x"})
    missed = not_targeted(pairs, offers(stores=["0042"]), HOMES, BOUGHT)
    assert missed.to_list() == [False, True, False]


def test_a_row_for_each_value_of_a_target() -> None:
    assert targets_of(offers(tiers=["regular"], stores=["1", "2"])).rows() == [
        (7, "tiers", "regular"),
        (7, "stores", "1"),
        (7, "stores", "2"),
    ]


@pytest.mark.parametrize(
    ("days", "buyer"), [(1, "current"), (CURRENT_WEEKS * 7, "current"), (183, "lapsed")]
)
def test_a_buyer_lapses_after_twenty_six_weeks(days: int, buyer: str) -> None:
    noon = datetime(2026, 3, 2, 12)  # noqa: DTZ001
    purchases = pl.DataFrame(
        {
            "household_id": [1, 1, 1, 2],
            "gtin": [11, 11, 99, 11],
            "quantity": [1.0, 1.0, 1.0, -1.0],
            "purchased_at": [noon - timedelta(days=each) for each in (days, 400, 2, 2)],
        }
    )
    products = pl.DataFrame({"offer_id": [7, 8], "gtin": [11, 12]})
    assert buyer_kinds(purchases, products, as_of=AS_OF).rows() == [(1, 7, buyer)]


def test_what_was_read_of_households_and_their_tiers() -> None:
    regions = pl.DataFrame({"household_id": [1, 2], "region": ["KY", "OH"]})
    stores = pl.DataFrame({"household_id": [2, 3], "store": ["0043", "0044"]})
    found = targeted_households(regions=regions, stores=stores)
    assert found.sort("household_id").rows() == [
        (1, "KY", None, None),
        (2, "OH", "0043", None),
        (3, None, "0044", None),
    ]
    tiered = with_tiers(found, pl.DataFrame({"household_id": [3, 4], "tier": ["a", "b"]}))
    assert tiered.sort("household_id").rows() == [
        (1, "KY", None, None),
        (2, "OH", "0043", None),
        (3, None, "0044", "a"),
        (4, None, None, "b"),
    ]
    assert found.schema == tiered.schema == no_households().schema
    assert targeted_households().is_empty()
