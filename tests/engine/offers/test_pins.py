"""Pins: given or refused by name, within every limit, in whichever order they were made."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.allocate import Keep, ShortfallPrices, allocate
from service.engine.offers.arms import Arm
from service.engine.offers.beside_pins import (
    households_beside,
    pairs_beside,
    room_beside,
    with_pins,
)
from service.engine.offers.left_out import LeftOut
from service.engine.offers.left_out import given as only_given
from service.engine.offers.overrides import OVERRIDES
from service.engine.offers.pins import NO_ROOM, Pinned, Pins, place_pins
from service.engine.offers.why import Why
from tests.engine.offers.frames import households, pairs

Row = dict[str, Any]
TERMS = ShortfallPrices(floor_shortfall_price=0.1)
ROOM = ("budget_cents", "circulation_max", "circulation_min")


def overrides(scope_of: dict[int, int]) -> pl.DataFrame:
    """Pins whose scope alone matters: 0 a household, 1 a cell, 2 all."""
    return pl.DataFrame(
        [
            (pin, 1, "pin", 1 if scope == 0 else None, "c" if scope == 1 else None)
            for pin, scope in scope_of.items()
        ],
        OVERRIDES,
        orient="row",
    )


def room_of(rows: Sequence[tuple[int, int | None, int | None, int]]) -> pl.DataFrame:
    """What offers have left: offer, budget, most copies, promised copies."""
    schema = {"offer_id": pl.Int64, **dict.fromkeys(ROOM, pl.Int64)}
    return pl.DataFrame(list(rows), schema, orient="row")


SCOPES = {1: 0, 2: 1, 3: 2}
cents = st.integers(0, 8).map(lambda n: 25 * n)
offer = st.fixed_dictionaries(
    {
        "value_cents": st.integers(-40, 80).map(lambda v: v / 2),
        "cost_cents": cents,
        "face_value_cents": cents,
        "category_id": st.integers(1, 3),
        "conflict_id": st.integers(1, 6),
        "pin": st.sampled_from([None, None, 1, 2, 3]),
        "left_out": st.sampled_from([None, None, None, *LeftOut]),
    }
)
home = st.fixed_dictionaries(
    {
        "arm": st.sampled_from([Arm.EXPOSED, Arm.EXPOSED, Arm.HOLDOUT]),
        "slots": st.integers(0, 4),
        "category_max": st.integers(1, 3),
        "face_value_floor_cents": cents,
        "face_value_ceiling_cents": st.none() | cents,
    }
)
limits = st.tuples(st.none() | cents, st.none() | st.integers(0, 3), st.integers(0, 2))
markets = st.tuples(
    st.lists(home, min_size=1, max_size=4),
    st.lists(limits, min_size=6, max_size=6),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), offer), min_size=1, max_size=16),
    st.randoms(use_true_random=False),
)


def market(drawn: Any) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, Random]:
    """The candidates, the households and the room of a drawn market."""
    homes, rooms, listed, random = drawn
    by_pair = {
        (place % len(homes) + 1, number + 1): row for place, number, row in listed
    }  # One a pair.
    candidates = pairs(
        *(
            # A supplier has offers of several categories, never a group across them.
            {"household_id": home_id, "offer_id": offer_id, **row}
            | {"conflict_id": 10 * row["category_id"] + row["conflict_id"]}
            for (home_id, offer_id), row in sorted(by_pair.items())
        )
    )
    found = households(*({"household_id": n, **row} for n, row in enumerate(homes, 1)))
    room = room_of(
        [
            (n, budget, most, min(least, most) if most is not None else least)
            for n, (budget, most, least) in enumerate(rooms, 1)
        ]
    )
    return candidates, found.cast({"face_value_ceiling_cents": pl.Int64}), room, random


def allocated(
    candidates: pl.DataFrame, homes: pl.DataFrame, room: pl.DataFrame, pinned: Pinned
) -> Any:
    """The allocation of the exposed beside what is pinned, as a plan makes it."""
    exposed = homes.filter(pl.col("arm") == Arm.EXPOSED)["household_id"]
    mine = only_given(candidates).filter(pl.col("household_id").is_in(exposed.implode()))
    columns = ("household_id", "slots", "category_max", "face_value_floor_cents",
               "face_value_ceiling_cents")  # fmt: skip
    drafts = candidates.select("household_id", "offer_id")
    found = allocate(
        pairs_beside(mine, pinned, homes),
        room_beside(room, pinned),
        households_beside(homes, pinned).select(columns),
        terms=TERMS,
        keep=Keep(drafts, 0.0),
    )
    return with_pins(found, pinned, drafts)


@settings(max_examples=150)
@given(markets)
def test_every_limit_holds_and_every_pin_is_given_or_named(drawn: Any) -> None:
    candidates, homes, room, random = market(drawn)
    pinned = place_pins(candidates, homes, room, overrides(SCOPES))
    wanted = candidates.filter(pl.col("pin").is_not_null())
    keys = ["household_id", "offer_id"]
    both = pl.concat([pinned.given.select(keys), pinned.refused.select(keys)]).sort(keys)
    assert both.equals(wanted.select(keys).sort(keys)), "each pin is given or named, once"
    assert set(pinned.refused["because"]) <= set(Why)

    # In whichever order they come, the same.
    places = list(range(candidates.height))
    random.shuffle(places)
    shuffled = place_pins(
        candidates[places], homes, room, overrides(dict(reversed(SCOPES.items())))
    )
    assert shuffled.given.equals(pinned.given)
    assert shuffled.refused.equals(pinned.refused)

    found = allocated(candidates, homes, room, pinned)
    chosen = candidates.join(found.pairs.select(keys), on=keys, how="semi")
    assert chosen.height == found.pairs.height == found.certificate.pairs
    _holds(chosen, homes, room)
    assert chosen.join(pinned.given, on=keys, how="semi").height == pinned.given.height
    assert found.certificate.violations == 0
    _worth(found, chosen, homes, room)


def _holds(chosen: pl.DataFrame, homes: pl.DataFrame, room: pl.DataFrame) -> None:
    """Count every limit again, in plain words."""
    limits_of = {row["household_id"]: row for row in homes.iter_rows(named=True)}
    rows = chosen.to_dicts()
    assert all(row["left_out"] is None for row in rows), "nothing banned, nothing for others"
    for number, limit in limits_of.items():
        mine = [row for row in rows if row["household_id"] == number]
        assert limit["arm"] == Arm.EXPOSED or not mine
        assert len(mine) <= limit["slots"]
        by_category = Counter(row["category_id"] for row in mine)
        assert max(by_category.values(), default=0) <= limit["category_max"]
        groups = [row["conflict_id"] for row in mine]
        assert len(set(groups)) == len(groups)
        ceiling = limit["face_value_ceiling_cents"]
        assert ceiling is None or sum(row["face_value_cents"] for row in mine) <= ceiling
    for row in room.iter_rows(named=True):
        mine = [each for each in rows if each["offer_id"] == row["offer_id"]]
        budget, most = row["budget_cents"], row["circulation_max"]
        assert budget is None or sum(each["cost_cents"] for each in mine) <= budget
        assert most is None or len(mine) <= most


def _worth(found: Any, chosen: pl.DataFrame, homes: pl.DataFrame, room: pl.DataFrame) -> None:
    """The certificate counts what the lists are worth, pins with them."""
    proof = found.certificate
    assert proof.value_cents == pytest.approx(float(chosen["value_cents"].sum()))
    assert proof.dual_bound_cents >= proof.primal_cents - 1e-6
    copies = Counter(chosen["offer_id"].to_list())
    missing = {
        row["offer_id"]: row["circulation_min"] - copies[row["offer_id"]]
        for row in room.iter_rows(named=True)
        if copies[row["offer_id"]] < (row["circulation_min"] or 0)
    }
    assert {each.offer_id: each.missing for each in proof.minimums} == missing
    for each in proof.minimums:
        assert each.circulation == copies[each.offer_id]
        assert each.circulation_min == each.circulation + each.missing


def test_a_pin_of_a_household_comes_before_one_of_a_cell_and_that_before_all() -> None:
    candidates = pairs(
        {"household_id": 1, "offer_id": 1, "pin": 3, "value_cents": 90.0},
        {"household_id": 2, "offer_id": 1, "pin": 2, "value_cents": 5.0},
        {"household_id": 3, "offer_id": 1, "pin": 1, "value_cents": -5.0},
        {"household_id": 4, "offer_id": 1, "pin": 3, "value_cents": 91.0},
    )
    homes = households(*({"household_id": n} for n in range(1, 5)))
    found = place_pins(candidates, homes, room_of([(1, 150, None, 0)]), overrides(SCOPES))
    assert set(found.given["household_id"]) == {2, 3, 4}
    assert found.refused.rows() == [(1, 1, 3, Why.BUDGET)]


REFUSALS: dict[Why, tuple[Row, Row, tuple[int | None, int | None, int]]] = {
    Why.HOLDOUT: ({}, {"arm": Arm.HOLDOUT}, (None, None, 0)),
    Why.BANNED: ({"left_out": LeftOut.BANNED}, {}, (None, None, 0)),
    Why.TARGET: ({"left_out": LeftOut.TARGET}, {}, (None, None, 0)),
    Why.CONTROL: ({"left_out": LeftOut.CONTROL}, {}, (None, None, 0)),
    Why.USED_UP: ({"left_out": LeftOut.USED_UP}, {}, (None, None, 0)),
    Why.BUDGET: ({}, {}, (49, None, 0)),
    Why.COPIES: ({}, {}, (None, 0, 0)),
    Why.CONFLICT: ({"conflict_id": 71}, {}, (None, None, 0)),
    Why.CATEGORY: ({}, {"category_max": 1}, (None, None, 0)),
    Why.FULL: ({"category_id": 8}, {"slots": 1}, (None, None, 0)),
    Why.CEILING: ({}, {"face_value_ceiling_cents": 99}, (None, None, 0)),
}
"""What is special about the second pin of a household, about its limits, and about the offer."""


@pytest.mark.parametrize("reason", REFUSALS)
def test_what_forbids_a_pin_is_named(reason: Why) -> None:
    second, limit, left = REFUSALS[reason]
    candidates = pairs(
        {"household_id": 1, "offer_id": 1, "pin": 1, "value_cents": 90.0, "conflict_id": 71},
        {"household_id": 1, "offer_id": 2, "pin": 1, "conflict_id": 72, **second},
    )
    homes = households({"household_id": 1, **limit})
    found = place_pins(candidates, homes, room_of([(2, *left)]), overrides(SCOPES))
    assert (1, 2, 1, reason) in found.refused.rows()
    assert found.given["offer_id"].to_list() == ([] if reason == Why.HOLDOUT else [1])


def test_what_households_would_have_got_ends_where_the_copies_of_a_cycle_ended() -> None:
    def asked(*values: float) -> pl.DataFrame:
        return pairs(
            *(
                {"household_id": n, "offer_id": 1, "pin": 3, "value_cents": value}
                for n, value in enumerate(values, 1)
            )
        )

    homes = households(*({"household_id": n} for n in range(1, 4)))
    plenty = room_of([(1, None, None, 0)])
    scarce = room_of([(1, 100, None, 0)])
    pins = overrides(SCOPES)
    others = asked(70.0, 60.0, 50.0)
    for room, expected in ((plenty, [1, 2, 3]), (scarce, [1, 2])):
        placed = place_pins(asked(80.0, 60.0, 10.0), homes, room, pins)
        found = Pins.of(pins, placed).would_give(others, homes)
        assert found.given["household_id"].to_list() == expected
    none_left = place_pins(asked(80.0), homes, room_of([(1, 0, None, 0)]), pins)
    assert Pins.of(pins, none_left).would_give(others, homes).given.is_empty()
    assert place_pins(others, homes, NO_ROOM, pins).given.height == 3
