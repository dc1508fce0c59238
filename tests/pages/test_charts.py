"""Charts lie within their frames and say the same as their tables."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.pages.charts import FunnelStep, Series, bars_by_day, burn_down, funnel
from service.pages.charts.burn_down import burn
from service.pages.charts.shapes import nice_ticks, nice_top
from service.pages.languages import LANGUAGES, language_of

DAY = date(2026, 3, 2)
EN = language_of("en")


@settings(max_examples=25)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60), st.sampled_from(list(LANGUAGES)))
def test_bars_are_as_high_as_their_values_and_stay_inside(uses: list[int], tag: str) -> None:
    language = language_of(tag)
    days = [DAY + timedelta(place) for place in range(len(uses))]
    drawn = bars_by_day(
        "uses", days, Series("Uses", uses, "first"), Series("Mean", [1.5] * len(uses), "expected"),
        title="Uses", description="Uses.", language=language,
    )  # fmt: skip
    assert [row[1] for row in drawn.table.rows] == [language.number(each) for each in uses]
    for view in drawn.views:
        bars = list(view.bars)
        assert len(bars) == sum(1 for each in uses if each)
        assert all(bar.x >= 0 and bar.x + bar.width <= view.width for bar in bars)
        assert all(bar.y >= 0 and bar.y + bar.height <= view.height for bar in bars)
        assert all(0 <= label.x <= view.width for label in view.labels)
        assert all(one.x + one.width <= next_.x for one, next_ in pairwise(bars))
        named = [label.text for label in view.labels if label.anchor == "end"]
        assert named[0] == "0"
        assert len(set(named)) == len(named)
        for bar, value in zip(bars, filter(None, uses), strict=True):
            share = bar.height / max(each.height for each in bars)
            assert abs(share - value / max(uses)) < 0.02


@settings(max_examples=25)
@given(st.floats(1e-6, 1e15))
@example(0.0020539013565358043)
def test_scales_end_on_round_numbers_above_what_they_show(highest: float) -> None:
    top = nice_top(highest)
    ticks = nice_ticks(top)
    assert highest <= top <= highest * 2.0001
    assert ticks[0] == 0
    assert ticks[-1] == top
    assert 4 <= len(ticks) <= 6


@settings(max_examples=25)
@given(
    st.dictionaries(st.integers(0, 40), st.integers(0, 5000), min_size=1, max_size=20),
    st.integers(1, 100_000),
    st.integers(0, 90),
)
def test_what_is_left_of_a_budget_is_what_was_not_spent(
    spent: dict[int, int], budget: int, until: int
) -> None:
    by_day = {DAY + timedelta(place): cents for place, cents in spent.items()}
    burned = burn(budget, by_day, until=DAY + timedelta(until))
    assert burned is not None
    left = [value for value in burned.left_cents if value is not None]
    assert left[-1] == budget - sum(spent.values())
    assert all(one >= other for one, other in pairwise(left))
    ahead = [value for value in burned.ahead_cents if value is not None]
    assert min(ahead) >= 0
    assert len(burned.days) == len(burned.left_cents) == len(burned.ahead_cents)
    if burned.runs_out_on is not None:
        assert burned.runs_out_on <= max(DAY + timedelta(until), max(by_day))
    drawn = burn_down("b", burned, language=EN, write=lambda cents: f"{cents:.0f}")
    assert len(drawn.table.rows) == len(burned.days)


def test_a_pace_goes_on_as_it_was() -> None:
    by_day = {DAY + timedelta(place): 100 for place in range(5)}
    burned = burn(1000, by_day, until=DAY + timedelta(30))
    assert burned is not None
    assert list(burned.left_cents[:5]) == [900, 800, 700, 600, 500]
    assert burned.runs_out_on == DAY + timedelta(9)
    lasting = burn(1000, by_day, until=DAY + timedelta(8))
    assert lasting is not None
    assert lasting.runs_out_on is None
    assert burn(1000, {}, until=DAY) is None


def test_a_funnel_shows_shares_of_its_first_step() -> None:
    steps = [FunnelStep("a", 200, "200"), FunnelStep("b", 50, "50"), FunnelStep("c", 0, "0")]
    drawn = funnel("f", steps, title="F", description="F.", language=EN)
    assert [row[2] for row in drawn.table.rows] == ["100%", "25%", "0%"]
    for view in drawn.views:
        widths = [bar.width for bar in view.bars if bar.kind == "first"]
        assert widths == [view.width, view.width / 4, 2.0]
    nothing = funnel("f", [FunnelStep("a", 0, "0")], title="F", description="F.", language=EN)
    assert nothing.table.rows == [["a", "0", "0%"]]
