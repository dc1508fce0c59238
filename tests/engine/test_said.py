"""What households say of themselves moves dates, takes goods off, and brings new ones."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from service.engine.answers import HOMES, PACES, Answer, HomeMember, Question, at_pace, paces
from service.engine.diets import Needs, read_needs
from service.engine.habits import reason
from service.engine.predict import beginners, default_model, fit
from service.engine.said import Said
from service.engine.wishes import ABOUT_US, WISHES, WishAct, is_asked_for
from service.files import layouts
from tests.engine.predict.households import START, random_history

AS_OF = date(2026, 3, 31)
SAID_ON = date(2026, 3, 30)


def bought(*days: int, household: int = 1, item: int = 7) -> pl.DataFrame:
    moment = [datetime(2026, 3, day, 12) for day in days]  # noqa: DTZ001 - the store's wall clock
    return pl.DataFrame(
        {
            "household_id": household, "item_id": item, "basket_id": [*days],
            "purchased_at": pl.Series(moment, dtype=pl.Datetime("us")),
            "quantity": 1.0, "amount_cents": 100, "gtin": 5,
        }
    )  # fmt: skip


def pace(value: float) -> pl.DataFrame:
    return pl.DataFrame([(1, SAID_ON, value)], schema=PACES, orient="row")


def home(*items: int, is_there: bool) -> pl.DataFrame:
    rows = [(1, HomeMember.BABY.value, item, is_there, SAID_ON) for item in items]
    return pl.DataFrame(rows, schema=HOMES, orient="row")


def test_the_last_change_of_the_number_of_people_is_a_pace() -> None:
    days = [date(2026, 1, day) for day in (1, 2, 3, 4)]
    counts = [(1, days[0], 2), (2, days[0], 3), (1, days[1], 2), (1, days[2], 4), (1, days[3], 3)]
    assert paces(counts).rows() == [(1, days[3], 4 / 3)]
    assert paces([]).is_empty()


def test_what_was_bought_before_counts_at_the_new_pace_and_what_comes_after_as_it_was() -> None:
    other = bought(2, 30, household=2)
    moved = at_pace(pl.concat([bought(2, 16, 31), other]), pace(0.5))
    assert moved["purchased_at"].dt.strftime("%m-%d %H").to_list() == [
        "03-16 06", "03-23 06", "03-31 12", "03-02 12", "03-30 12"
    ]  # fmt: skip
    assert at_pace(other, pace(0.5)).equals(other)


@pytest.mark.parametrize(("value", "is_sooner"), [(0.5, True), (2.0, False)])
def test_a_household_that_grew_runs_out_sooner_and_the_list_says_why(
    value: float, is_sooner: bool
) -> None:
    model = default_model(as_of=AS_OF, horizon_days=14)
    purchases = bought(1, 10, 19, 28)

    def scored(said: Said) -> dict[str, object]:
        return said.scored(model, purchases, as_of=AS_OF, horizon_days=14).row(0, named=True)

    before, after = scored(Said()), scored(Said(paces=pace(value)))
    assert (after["expected_on"] < before["expected_on"]) == is_sooner  # type: ignore[operator]
    assert (after["p_purchase"] > before["p_purchase"]) == is_sooner  # type: ignore[operator]
    assert after["last_bought_on"] == before["last_bought_on"] == date(2026, 3, 28)
    assert (before["said"], after["said"]) == (None, ABOUT_US)
    # What was bought since speaks for itself.
    since = pl.concat([purchases, bought(30)])
    later = Said(paces=pace(value).with_columns(said_on=pl.lit(date(2026, 3, 29))))
    assert later.scored(model, since, as_of=AS_OF, horizon_days=14)["said"].to_list() == [None]


def test_who_begins_to_need_goods_gets_what_their_buyers_buy_and_who_has_nobody_gets_none() -> None:
    history = random_history()
    as_of = (START + timedelta(days=126)).date()
    model = fit(history, as_of=as_of, horizon_days=14)
    common = history.group_by("item_id").agg(pl.col("household_id").n_unique()).sort(
        "household_id", "item_id", descending=[True, False]
    )["item_id"]  # fmt: skip
    mine, others = history.filter(pl.col("household_id") == history["household_id"][0]), common
    household = mine["household_id"][0]
    new = others.filter(~others.is_in(mine["item_id"].implode())).head(2).to_list()
    old = mine["item_id"][0]
    homes = pl.DataFrame(
        [(household, "baby", item, True, as_of) for item in (*new, old)],
        schema=HOMES | {"household_id": history.schema["household_id"],
                        "item_id": history.schema["item_id"]},
        orient="row",
    )  # fmt: skip
    types = {name: homes.schema[name] for name in ("household_id", "item_id")}
    said = Said(wishes=pl.DataFrame(schema=WISHES | types), homes=homes)
    scores = said.scored(model, mine, as_of=as_of, horizon_days=14)
    added = scores.filter(pl.col("said") == ABOUT_US)
    assert set(added["item_id"]) == {*new}
    chances = dict(beginners(model, homes.select("group", "item_id"), horizon_days=14).iter_rows())
    assert {*added.select("item_id", "p_purchase").iter_rows()} == {
        (item, chances[item]) for item in new
    }
    rate = model.items.rate[model.items.rows_of(common.head(1))][0]
    alone = beginners(
        model, pl.DataFrame({"group": ["baby"], "item_id": common.head(1)}), horizon_days=14
    )
    assert alone["p_purchase"][0] == pytest.approx(-np.expm1(-14 * rate), abs=1e-6)
    assert scores.filter(is_asked_for(scores)).height == scores.height
    # Nobody there: what it bought goes too, unless it says something of the item itself.
    absent = Said(wishes=said.wishes, homes=homes.with_columns(is_there=pl.lit(False)))
    kept = absent.scored(model, mine, as_of=as_of, horizon_days=14)
    assert old not in kept["item_id"]
    wish = pl.DataFrame(
        [(household, old, WishAct.FAVOURITE.value, as_of, None)],
        schema=WISHES | types, orient="row",
    )  # fmt: skip
    favourite = Said(wishes=wish, homes=absent.homes)
    assert old in favourite.scored(model, mine, as_of=as_of, horizon_days=14)["item_id"]


def test_goods_that_break_a_need_are_left_out_for_who_has_it_only() -> None:
    needs = Needs(
        households=read_needs([(1, "milk vegan"), (3, "")]),
        products=pl.DataFrame({"gtin": [5, 6], "need": ["milk", "nuts"]}),
        offers=pl.DataFrame({"offer_id": [8, 8, 9], "need": ["milk", "vegan", "nuts"]}),
    )
    rows = pl.DataFrame({"household_id": [1, 1, 2, 3], "gtin": [5, 6, 5, 5]})
    assert needs.suited(rows, "gtin").rows() == [(1, 6), (2, 5), (3, 5)]
    assert needs.unsuited_offers().rows() == [(1, 8)]
    assert Needs().suited(rows, "gtin").equals(rows)


@pytest.mark.parametrize(
    ("answer", "is_clear"),
    [
        (Answer(Question.PEOPLE, number=2), True),
        (Answer(Question.PEOPLE, number=0), False),
        (Answer(Question.PEOPLE, number=21), False),
        (Answer(Question.PEOPLE), False),
        (Answer(Question.ALLERGIES, ("milk", "nuts")), True),
        (Answer(Question.ALLERGIES), True),
        (Answer(Question.ALLERGIES, ("vegan",)), False),
        (Answer(Question.BABY, ("yes",)), True),
        (Answer(Question.BABY), False),
        (Answer(Question.BABY, ("yes", "no")), False),
        (Answer(Question.BUDGET, ("yes",), number=100), False),
        (Answer(Question.BUDGET, unsaid=True), True),
        (Answer(Question.BUDGET, number=100, unsaid=True), False),
    ],
)
def test_an_answer_is_what_somebody_can_mean(answer: Answer, is_clear: bool) -> None:
    assert (answer.fault() == "") == is_clear


def test_the_reason_says_that_the_household_said_so() -> None:
    said = {reason(None, wording, ABOUT_US) for wording in layouts.wordings().values()}
    assert "because of what you said about your home" in said
    assert "" not in said
