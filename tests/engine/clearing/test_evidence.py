"""Evidence of claims sums to what is claimed, whatever was given on what."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.engine.clearing.evidence import ClaimedEvent, Given, evidence_of

goods = st.lists(
    st.builds(Given, st.integers(0, 3), st.integers(0, 5), st.integers(0, 300)), max_size=4
)
events = st.lists(
    st.builds(
        ClaimedEvent,
        st.integers(1, 3),
        st.sampled_from(["r1", "r2", "r1-void"]),
        st.dates(date(2026, 3, 1), date(2026, 3, 3)),
        st.sampled_from(["001", "002"]),
        st.integers(-500, 500),
        st.integers(-500, 500),
        goods.map(tuple),
    ),
    max_size=8,
)


@given(events)
def test_shares_and_discounts_sum_to_the_cent_by_line(found: list[ClaimedEvent]) -> None:
    made = evidence_of(found, lambda name: name[::-1])
    for line in (1, 2, 3):
        of_line = [each.evidence for each in made if each.line == line]
        events_of_line = [event for event in found if event.line == line]
        for field in ("share_cents", "discount_cents"):
            total = sum(getattr(each, field) for each in of_line)
            assert total == sum(getattr(event, field) for event in events_of_line)
    places: list[Any] = [(each.line, each.evidence.business_date) for each in made]
    assert places == sorted(places)


def test_an_event_on_several_products_is_split_by_what_was_given_on_each() -> None:
    sale = ClaimedEvent(
        1, "r1", date(2026, 3, 5), "001", 300, 100, (Given(7, 2, 200), Given(5, 1, 100))
    )
    back = ClaimedEvent(1, "t1", date(2026, 3, 6), "001", -100, -33, (Given(5, 1, 100),))
    made = [each.evidence for each in evidence_of([back, sale], str.upper)]
    assert [(e.gtin, e.units, e.discount_cents, e.share_cents, e.digest) for e in made] == [
        (5, 1, 100, 33, "R1"),
        (7, 2, 200, 67, "R1"),
        (5, -1, -100, -33, "T1"),
    ]
