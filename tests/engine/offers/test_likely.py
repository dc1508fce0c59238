"""No unlikely offer takes the place of a likely one, whatever else there is."""

from collections import Counter
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from service.engine.offers.left_out import LeftOut
from service.engine.offers.likely import Likely, keep_promises, promised_chances, without_unlikely
from tests.engine.offers.frames import pairs

BY = Likely(0.1, slots=3, category_max=2)
Row = dict[str, Any]


def row(household: int, offer: int, chance: float | None, **changes: Any) -> Row:
    return {
        "household_id": household, "offer_id": offer, "p_purchase": chance,
        "category_id": offer, "conflict_id": offer, **changes,
    }  # fmt: skip


def refused(*rows: Row, by: Likely = BY) -> list[tuple[int, int]]:
    """Household and offer of those left out as unlikely."""
    found = without_unlikely(pairs(*rows), by)
    unlikely = found.filter(pl.col("left_out") == LeftOut.UNLIKELY)
    return [key[:2] for key in unlikely.select("household_id", "offer_id").iter_rows()]


def test_it_stays_only_where_likely_ones_leave_a_slot_for_it() -> None:
    likely = [row(1, n, 0.1) for n in (1, 2, 3)]
    assert refused(*likely, row(1, 9, 0.0999)) == [(1, 9)]
    assert refused(*likely[:2], row(1, 9, 0.0999)) == []
    assert refused(*likely[:2], row(1, 8, 0.04), row(1, 9, 0.05)) == [(1, 8)]
    # Another household's likely offers are not in the way, nor is one that is for others.
    assert refused(row(1, 9, 0.05), *(row(2, n, 0.5) for n in (1, 2, 3))) == []
    assert refused(*likely[:2], row(1, 3, 0.5, left_out=LeftOut.TARGET), row(1, 9, 0.05)) == []


def test_a_full_category_and_a_conflict_are_in_the_way_though_slots_are_free() -> None:
    full = [row(1, n, 0.5, category_id=7) for n in (1, 2)]
    assert refused(*full, row(1, 9, 0.05, category_id=7)) == [(1, 9)]
    assert refused(row(1, 1, 0.5, conflict_id=4), row(1, 9, 0.05, conflict_id=4)) == [(1, 9)]
    # Three of one category take two slots only.
    third = row(1, 3, 0.5, category_id=7)
    assert refused(*full, third, row(1, 9, 0.05)) == []


def test_a_slot_without_a_chance_is_likely_and_the_control_share_changes_nothing() -> None:
    likely = [row(1, 1, None), row(1, 2, 0.5), row(1, 3, 0.5)]
    assert refused(*likely, row(1, 9, 0.05)) == [(1, 9)]
    likely[1]["left_out"] = LeftOut.CONTROL
    assert refused(*likely, row(1, 9, 0.05, left_out=LeftOut.CONTROL)) == [(1, 9)]
    assert refused(*likely, row(1, 9, 0.05), by=replace(BY, least_chance=0.0)) == []


offered = st.builds(
    row,
    st.integers(1, 2),
    st.integers(1, 30),
    st.sampled_from([None, 0.0, 0.02, 0.05, 0.09, 0.1, 0.3, 0.9]),
    category_id=st.integers(1, 4) | st.none(),
    conflict_id=st.integers(1, 8) | st.none(),
    left_out=st.sampled_from([None, None, None, str(LeftOut.TARGET), str(LeftOut.CONTROL)]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        offered, min_size=1, max_size=30, unique_by=lambda r: (r["household_id"], r["offer_id"])
    ),
    st.integers(0, 6),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_what_stays_fits_beside_all_likely_ones_and_nothing_more_would(
    rows: list[Row], slots: int, category_max: int, random: Any
) -> None:
    by = Likely(0.1, slots=slots, category_max=category_max)
    before = pairs(*rows)
    after = without_unlikely(before, by)
    assert_frame_equal(after.drop("left_out"), before.drop("left_out"))
    shuffled = random.sample(rows, len(rows))
    again = without_unlikely(pairs(*shuffled), by)
    keys = ["household_id", "offer_id"]
    assert_frame_equal(again.sort(keys), after.sort(keys))
    for household in {r["household_id"] for r in rows}:
        mine = [r for r in after.to_dicts() if r["household_id"] == household]
        _holds(mine, by)


def _holds(mine: list[Row], by: Likely) -> None:
    """Counted by hand: likely ones stay, unlikely ones fit beside them, and no more would."""

    def is_unlikely(each: Row) -> bool:
        return each["p_purchase"] is not None and each["p_purchase"] < by.least_chance

    def group(each: Row) -> Any:
        return each["conflict_id"] if each["conflict_id"] is not None else ("own", each["offer_id"])

    def category(each: Row) -> Any:
        return each["category_id"] if each["category_id"] is not None else ("own", each["offer_id"])

    def fit(some: list[Row]) -> Counter[Any]:
        groups: dict[Any, set[Any]] = {}
        for each in some:
            groups.setdefault(category(each), set()).add(group(each))
        return Counter({name: min(len(all_), by.category_max) for name, all_ in groups.items()})

    in_play = [each for each in mine if each["left_out"] != LeftOut.TARGET]
    likely = [each for each in in_play if not is_unlikely(each)]
    kept = [e for e in in_play if is_unlikely(e) and e["left_out"] != LeftOut.UNLIKELY]
    out = [e for e in in_play if e["left_out"] == LeftOut.UNLIKELY]
    assert all(each["left_out"] != LeftOut.UNLIKELY for each in likely)
    places = fit(likely)
    taken = {group(each) for each in likely}
    for each in kept:
        assert group(each) not in taken
        taken.add(group(each))
        places[category(each)] += 1
        assert places[category(each)] <= by.category_max
        assert places.total() <= by.slots
    for each in out:
        assert (
            group(each) in taken
            or places[category(each)] >= by.category_max
            or places.total() >= by.slots
        )


@pytest.mark.parametrize(
    ("promised", "kept"), [(None, []), (2, []), (3, [3]), (4, [3, 4, 9]), (9, [3, 4, 5, 9])]
)
def test_a_promise_gives_back_as_many_of_the_likeliest_as_it_needs(
    promised: int | None, kept: list[int]
) -> None:
    unlikely = {"left_out": LeftOut.UNLIKELY}
    frame = pairs(
        row(1, 1, 0.5),
        row(2, 1, 0.2),
        row(3, 1, 0.08, **unlikely),
        row(4, 1, 0.05, **unlikely),
        row(5, 1, 0.01, **unlikely),
        # Held out, and as likely as the fourth.
        row(9, 1, 0.05, **unlikely),
        row(3, 2, 0.01, **unlikely),
    )
    room = pl.DataFrame(
        {"offer_id": [1, 2], "circulation_min": [promised, None]},
        schema_overrides={"circulation_min": pl.Int64},
    )
    found = keep_promises(frame, promised_chances(frame, pl.Series([1, 2, 3, 4, 5]), room))
    assert_frame_equal(found.drop("left_out"), frame.drop("left_out"))
    again = found.filter(pl.col("left_out").is_null(), pl.col("offer_id") == 1)
    assert again["household_id"].to_list() == sorted({1, 2, *kept})
    assert found.filter(pl.col("offer_id") == 2)["left_out"].to_list() == [LeftOut.UNLIKELY]
