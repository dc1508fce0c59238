"""What is said of items counts beside what was seen, until something is bought since."""

from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from service.engine.predict import default_model, score
from service.engine.wishes import (
    RAN_OUT,
    WISHES,
    WishAct,
    censored,
    no_wishes,
    told,
    unwanted_offers,
)

AS_OF = date(2026, 3, 31)
EVERY_TEN = [1, 11, 21]


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour)  # noqa: DTZ001 - the store's wall clock


def bought(*days: int, household: int = 1, item: int = 7) -> pl.DataFrame:
    rows = [(household, item, day, _at(day, 17), 1.0, 100, 5) for day in days]
    columns = ["household_id", "item_id", "basket_id", "purchased_at", "quantity", "amount_cents",
               "gtin"]  # fmt: skip
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return frame.with_columns(pl.col("purchased_at").cast(pl.Datetime("us")))


def said(act: WishAct, day: int = 30, until: date | None = None, item: int = 7) -> pl.DataFrame:
    row = (1, item, act.value, date(2026, 3, day), until)
    return pl.DataFrame([row], schema=WISHES, orient="row")


def scored(purchases: pl.DataFrame, wishes: pl.DataFrame) -> pl.DataFrame:
    seen = censored(purchases, wishes, as_of=AS_OF)
    scores = score(default_model(as_of=AS_OF, horizon_days=14), seen, as_of=AS_OF, horizon_days=14)
    return told(scores, wishes, as_of=AS_OF, begins_on=AS_OF, seen=purchases)


def test_nothing_said_changes_nothing() -> None:
    purchases = bought(*EVERY_TEN)
    assert censored(purchases, no_wishes(), as_of=AS_OF).equals(purchases)
    assert scored(purchases, no_wishes())["said"].to_list() == [None]


def test_never_and_not_now_take_an_item_out_until_their_day() -> None:
    purchases = bought(*EVERY_TEN)
    assert scored(purchases, said(WishAct.NEVER)).is_empty()
    assert scored(purchases, said(WishAct.NOT_NOW)).is_empty()
    assert scored(purchases, said(WishAct.NOT_NOW, until=AS_OF + timedelta(days=1))).is_empty()
    assert scored(purchases, said(WishAct.NOT_NOW, until=AS_OF)).height == 1


def test_enough_moves_the_last_purchase_and_never_the_day_that_is_said_of_it() -> None:
    purchases = bought(*EVERY_TEN)
    moved = censored(purchases, said(WishAct.ENOUGH), as_of=AS_OF)
    # Ten days apart: five of them are left from noon of the 30th.
    assert moved["purchased_at"].to_list()[-1] == _at(25, 12)
    assert moved["purchased_at"][:2].equals(purchases["purchased_at"][:2])
    plain, heard = scored(purchases, no_wishes()), scored(purchases, said(WishAct.ENOUGH))
    assert heard["last_bought_on"].to_list() == [date(2026, 3, 21)]
    assert (plain["interval_days"][0], heard["interval_days"][0]) == (13.3, 14.8)
    assert heard["said"].to_list() == [None]


def test_what_was_bought_since_is_stronger_than_what_was_said() -> None:
    purchases = bought(*EVERY_TEN, 29)
    for act in (WishAct.ENOUGH, WishAct.SOONER):
        wishes = said(act, day=28)
        heard, plain = scored(purchases, wishes), scored(purchases, no_wishes())
        assert heard.drop("said").equals(plain.drop("said"))
        assert heard["said"].to_list() == [None]


def test_what_ran_out_is_expected_now() -> None:
    row = scored(bought(*EVERY_TEN), said(WishAct.SOONER)).row(0, named=True)
    assert (row["expected_on"], row["said"]) == (AS_OF, "sooner")
    assert row["p_purchase"] >= RAN_OUT


def test_a_favourite_is_forecast_as_it_was() -> None:
    purchases = bought(*EVERY_TEN)
    heard = scored(purchases, said(WishAct.FAVOURITE))
    assert heard.drop("said").equals(scored(purchases, no_wishes()).drop("said"))
    assert heard["said"].to_list() == ["favourite"]


def test_an_offer_is_unwanted_when_all_of_its_items_are() -> None:
    items = pl.DataFrame({"offer_id": [1, 2, 2, 3], "item_id": [7, 7, 8, 8]})
    never = said(WishAct.NEVER)
    assert unwanted_offers(never, items, as_of=AS_OF).rows() == [(1, 1)]
    both = pl.concat([never, said(WishAct.NOT_NOW, item=8)])
    assert unwanted_offers(both, items, as_of=AS_OF).rows() == [(1, 1), (1, 2), (1, 3)]
    assert unwanted_offers(said(WishAct.ENOUGH), items, as_of=AS_OF).is_empty()


@given(
    days=st.lists(st.integers(1, 28), min_size=1, max_size=8, unique=True),
    told_on=st.integers(1, 31),
)
def test_enough_never_moves_back_nor_past_the_day_and_never_makes_it_likelier(
    days: list[int], told_on: int
) -> None:
    purchases = bought(*sorted(days))
    moved = censored(purchases, said(WishAct.ENOUGH, day=told_on), as_of=AS_OF)
    assert moved.height == purchases.height
    assert (moved["purchased_at"] >= purchases["purchased_at"]).all()
    assert (moved["purchased_at"].dt.date() < AS_OF).all()
    others = purchases.filter(pl.col("purchased_at") < pl.col("purchased_at").max())
    assert moved["purchased_at"].head(others.height).equals(others["purchased_at"])
