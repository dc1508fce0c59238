"""A household's own table."""

from __future__ import annotations

from datetime import date

from service.engine.predict import explain, fit
from tests.engine.predict.households import history_of


def test_explain_counts_days_and_says_why() -> None:
    """Day 20,000 is 2024-10-04."""
    days = {(1, 7): [19_960, 19_970, 19_980, 19_990], (1, 8): [19_995]}
    history = history_of(days)
    as_of = date(2024, 10, 4)
    model = fit(history, as_of=as_of, horizon_days=14)
    table = explain(model, history, as_of=as_of, horizon_days=14)
    assert table.select("item_id", "times").rows() == [(7, 4), (8, 1)]
    assert table["reason"][1] == "bought once, 5 days ago"
    assert table["reason"][0].endswith("days; last bought 10 days ago")
    assert (table["early_80_on"] <= table["expected_on"]).all()
    assert (table["expected_on"] <= table["late_80_on"]).all()
