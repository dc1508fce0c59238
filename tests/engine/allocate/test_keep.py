"""Drafts are kept where that costs next to nothing, and never at the cost of a limit."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.allocate import Keep, PriceBook, ShortfallPrices, allocate, allocate_each
from tests.engine.allocate.instances import Frames, instances
from tests.engine.allocate.reference import broken, worth
from tests.engine.allocate.test_allocate import TERMS, market

KEYS = ["household_id", "offer_id"]


def drafts(frames: Frames, seed: int) -> pl.DataFrame:
    """What the households would have chosen at the prices of another day."""
    candidates, offers, households = frames
    values = pl.col("value_cents") * (1 + (pl.col("household_id") + seed) % 7 / 50)
    other = allocate(candidates.with_columns(values), offers, households, terms=TERMS, seed=seed)
    at = PriceBook(other.prices)
    return allocate_each(candidates, at, households, terms=TERMS).select(KEYS)


def test_a_part_of_the_worth_keeps_drafts_within_every_limit() -> None:
    frames = market(300, 30, 5)
    drafted = drafts(frames, 6)
    plain = allocate(*frames, terms=TERMS)
    shares = (0, 0.0005, 0.01)
    found = [allocate(*frames, terms=TERMS, keep=Keep(drafted, share)) for share in shares]
    assert found[0].pairs.equals(plain.pairs)
    assert found[0].certificate == plain.certificate
    held = [each.pairs.join(drafted, on=KEYS, how="semi").height for each in found]
    assert [each.kept.kept for each in found] == held
    assert {each.kept.free for each in found} == {held[0]}
    assert held[0] < held[1] < held[2]
    for each, share in zip(found[1:], shares[1:], strict=True):
        lost = plain.certificate.primal_cents - each.certificate.primal_cents
        assert each.kept.cost_cents == pytest.approx(lost)
        assert lost <= share * plain.certificate.primal_cents + 1e-6
        assert each.certificate.gap >= plain.certificate.gap
        assert each.certificate.violations == 0
        assert not broken(each.pairs, *frames)
    assert (found[1].kept.households, found[1].kept.offers) == (300, drafted.height)
    again = allocate(*frames, terms=TERMS, keep=Keep(drafted.reverse(), 0.01))
    assert again.pairs.equals(found[2].pairs)


def test_what_nobody_may_be_given_is_counted_and_left_out() -> None:
    candidates, offers, households = market(20, 25, 12)
    gone = pl.col("offer_id") == 3
    offers = offers.with_columns(
        pl.when(~gone).then("budget_cents").otherwise(0).alias("budget_cents"),
        pl.when(~gone).then("circulation_min").otherwise(0).alias("circulation_min"),
    )
    drafted = pl.DataFrame({"household_id": [0, 1, 999], "offer_id": [3, 3, 4]})
    found = allocate(candidates, offers, households, terms=TERMS, keep=Keep(drafted, 0.05))
    assert (found.kept.offers, found.kept.possible, found.kept.kept) == (3, 0, 0)
    assert found.pairs.filter(gone).is_empty()


@settings(max_examples=25, deadline=None)
@given(instances(), st.integers(0, 50))
def test_the_cost_is_what_was_lost_and_within_what_is_allowed(
    instance: tuple[Frames, ShortfallPrices], percent: int
) -> None:
    frames, terms = instance
    candidates = frames[0]
    plain = allocate(*frames, terms=terms)
    keep = Keep(candidates.filter(pl.col("offer_id") % 2 == 1).select(KEYS), percent / 100)
    found = allocate(*frames, terms=terms, keep=keep)
    before, after = (worth(each.pairs, *frames, terms) for each in (plain, found))
    assert not broken(found.pairs, *frames)
    assert before - after <= percent / 100 * abs(before) + 1e-6 * (1 + abs(before))
    assert found.kept.kept >= found.kept.free or after > before
    assert found.certificate.primal_cents <= found.certificate.dual_bound_cents + 1e-6
