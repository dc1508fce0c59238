"""Which recipe a household gets, against the rule written out one household at a time."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.recipes import (
    DIET_LINES,
    LEAST_ITEMS,
    bought_items,
    choose_recipes,
    followed_diets,
    items_at_hand,
)

GOODS = {"recipe": pl.Int64, "place": pl.Int64, "item_id": pl.Int64}
BOUGHT = {"household_id": pl.Int64, "item_id": pl.Int64, "lines": pl.UInt32}
OFFERED = {"household_id": pl.Int64, "item_id": pl.Int64, "line": pl.Int64}
WITHOUT = {"diet": pl.String, "item_id": pl.Int64}
HOUSEHOLDS = {"household_id": pl.Int64, "language": pl.String, "last_key": pl.String}
RECIPES = {
    "recipe": pl.Int64,
    "key": pl.String,
    "named": pl.Int64,
    "languages": pl.List(pl.String),
    "diets": pl.List(pl.String),
}
ITEM = st.integers(1, 8)
RECIPE = st.tuples(
    st.lists(st.sets(ITEM, max_size=2), min_size=1, max_size=4),
    st.sets(st.sampled_from(["de", "en"]), min_size=1),
    st.sets(st.sampled_from(["vegan", "nutless"])),
)
HOUSEHOLD = st.tuples(
    st.dictionaries(ITEM, st.sampled_from([1, DIET_LINES]), max_size=4),
    st.lists(ITEM, max_size=3),
    st.sampled_from(["de", "en"]),
    st.none() | st.integers(0, 4),
)
TURN = 3
DIETS = {"vegan": {1, 2}, "nutless": {3}}


def frame(rows: Any, schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema, orient="row")


def chosen(recipes: list[Any], people: dict[int, Any], seed: int) -> tuple[dict[int, int], Any]:
    """The choice of the engine; `seed` orders the rows of its frames."""
    goods = [
        (r, p, i) for r, of in enumerate(recipes) for p, some in enumerate(of[0]) for i in some
    ]
    bought = [(h, i, n) for h, of in people.items() for i, n in of[0].items()]
    offered = [(h, i, n) for h, of in people.items() for n, i in enumerate(of[1], 1)]
    mix = random.Random(seed)
    for rows in (goods, bought, offered):
        mix.shuffle(rows)
    at_hand = items_at_hand(frame(goods, GOODS), frame(bought, BOUGHT), frame(offered, OFFERED))
    without = frame(((diet, i) for diet, of in DIETS.items() for i in sorted(of)), WITHOUT)
    found = choose_recipes(
        at_hand,
        frame(
            (
                (r, f"r{r}", sum(bool(some) for some in of[0]), sorted(of[1]), sorted(of[2]))
                for r, of in enumerate(recipes)
            ),
            RECIPES,
        ),
        households=frame(
            ((h, of[2], None if of[3] is None else f"r{of[3]}") for h, of in people.items()),
            HOUSEHOLDS,
        ),
        followed=followed_diets(frame(bought, BOUGHT), without),
        turn=TURN,
    )
    return found, at_hand


def by_hand(recipes: list[Any], household: int, person: Any) -> int | None:
    bought, offered, language, last = person
    steady = sum(bought.values()) >= DIET_LINES
    follows = {diet for diet, of in DIETS.items() if steady and not of & set(bought)}
    best = None
    for number, (places, languages, diets) in enumerate(recipes):
        had = [place for place in places if place & ({*bought} | {*offered})]
        on_offer = [place for place in places if place & {*offered}]
        named = sum(bool(place) for place in places)
        if language not in languages or number == last or not follows <= diets:
            continue
        if not had or len(had) < min(named, LEAST_ITEMS):
            continue
        turn = (number - household - TURN) % len(recipes)
        rank = (-len(had), -len(on_offer), named, turn)
        best = min(best or (rank, number), (rank, number))
    return None if best is None else best[1]


@settings(max_examples=30)
@given(st.lists(RECIPE, max_size=4), st.lists(HOUSEHOLD, max_size=4), st.integers(0, 99))
def test_each_household_gets_the_recipe_it_has_most_of(
    recipes: list[Any], persons: list[Any], seed: int
) -> None:
    people = dict(enumerate(persons, 1))
    found, at_hand = chosen(recipes, people, seed)
    expected = {h: r for h, of in people.items() if (r := by_hand(recipes, h, of)) is not None}
    assert found == expected
    assert chosen(recipes, people, seed + 1)[0] == found
    # Alone as among others: one household is served as all are.
    for household, person in people.items():
        alone = chosen(recipes, {household: person}, seed)[0]
        assert alone.get(household) == expected.get(household)
    for h, recipe, place, is_bought, line in at_hand.iter_rows():
        items = recipes[recipe][0][place]
        assert is_bought == bool(items & set(people[h][0]))
        lines = [n for n, item in enumerate(people[h][1], 1) if item in items]
        assert line == (min(lines) if lines else None)


def test_only_what_was_bought_lately_and_kept_counts() -> None:
    day = date(2026, 3, 2)
    moment = datetime(2026, 3, 2)  # noqa: DTZ001
    purchases = pl.DataFrame(
        {
            "household_id": [1, 1, 1, 1],
            "item_id": [1, 2, 3, 3],
            "purchased_at": [moment - timedelta(weeks=weeks) for weeks in (26, 27, 1, 2)],
            "quantity": [1.0, 1.0, -1.0, 1.0],
        }
    )
    found = bought_items(purchases, as_of=day).sort("item_id")
    assert found.rows() == [(1, 1, 1), (1, 3, 1)]
