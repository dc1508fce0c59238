"""The holdout: the same whoever draws it, with the requested share, and without a pattern."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.lift import held_out

IDS = pl.Series(range(1, 20_001), dtype=pl.Int64)


def held_out_ids(ids: pl.Series, share: pl.Series | int, salt: str | pl.Series) -> set[int]:
    return set(ids.filter(held_out(ids, share, salt=salt)).to_list())


def test_the_draw_is_the_one_that_was_always_made() -> None:
    """A change here would move households between the arms of a running test."""
    assert sorted(held_out_ids(IDS.head(100), 10, "cycle 1")) == [26, 31, 40, 51, 53, 67, 82, 100]


def test_nobody_and_everybody() -> None:
    assert held_out_ids(IDS, 0, "x") == set()
    assert held_out_ids(IDS, 100, "x") == set(IDS.to_list())


@pytest.mark.parametrize("share", [1, 5, 20, 50])
def test_the_share_is_kept(share: int) -> None:
    is_held_out = len(held_out_ids(IDS, share, "cycle 2026-03-02")) / IDS.len()
    tolerance = 4 * (share / 100 * (1 - share / 100) / IDS.len()) ** 0.5
    assert abs(is_held_out - share / 100) < tolerance


def test_a_larger_share_holds_out_more_of_the_same() -> None:
    assert held_out_ids(IDS, 5, "x") < held_out_ids(IDS, 10, "x") < held_out_ids(IDS, 50, "x")


def test_salts_draw_apart() -> None:
    """Of two independent draws of 20 per cent, 4 per cent are in both."""
    both = len(held_out_ids(IDS, 20, "a") & held_out_ids(IDS, 20, "b")) / IDS.len()
    assert 0.034 < both < 0.046


def test_neighbours_do_not_go_together() -> None:
    is_held_out = held_out(IDS, 50, salt="x")
    together = (is_held_out == is_held_out.shift(1)).mean()
    assert isinstance(together, float)
    assert 0.48 < together < 0.52


@given(
    st.lists(st.integers(0, 2**62), min_size=1, max_size=30, unique=True),
    st.integers(0, 100),
    st.sampled_from(["", "cycle 1", "ключ"]),
)
def test_neither_order_nor_company_matters(ids: list[int], share: int, salt: str) -> None:
    together = held_out_ids(pl.Series(ids, dtype=pl.Int64), share, salt)
    alone = {one for one in ids if held_out_ids(pl.Series([one], dtype=pl.Int64), share, salt)}
    assert together == alone == held_out_ids(pl.Series(ids[::-1], dtype=pl.Int64), share, salt)


def test_share_and_salt_may_differ_by_row() -> None:
    ids = pl.Series([1, 2, 3, 4] * 50, dtype=pl.Int64)
    shares = pl.Series([0, 100, 30, 30] * 50, dtype=pl.Int64)
    salts = pl.Series([f"offer {n % 7}" for n in range(200)])
    by_row = held_out(ids, shares, salt=salts).to_list()
    one_by_one = [
        held_out(pl.Series([one], dtype=pl.Int64), share, salt=salt)[0]
        for one, share, salt in zip(ids, shares, salts, strict=True)
    ]
    assert by_row == one_by_one
    assert not any(by_row[0::4])
    assert all(by_row[1::4])


def test_of_nobody_nobody_is_held_out() -> None:
    empty = pl.Series([], dtype=pl.Int64)
    assert held_out(empty, 10, salt="x").to_list() == []
    assert held_out(empty, 10, salt=pl.Series([], dtype=pl.String)).to_list() == []
