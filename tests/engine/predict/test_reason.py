"""The line a person reads."""

from __future__ import annotations

from datetime import date

import pytest

from service.engine.predict import reason

AS_OF = date(2026, 5, 20)


@pytest.mark.parametrize(
    ("low", "high", "last", "text"),
    [
        (9.0, 11.0, date(2026, 5, 12), "every 9-11 days; last bought 8 days ago"),
        (7.0, 7.0, date(2026, 5, 19), "every 7 days; last bought yesterday"),
        (1.0, 1.0, date(2026, 5, 18), "every day; last bought 2 days ago"),
        (None, None, date(2026, 3, 1), "bought once, 80 days ago"),
    ],
)
def test_reason(low: float | None, high: float | None, last: date, text: str) -> None:
    found = reason(last_bought_on=last, as_of=AS_OF, interval_low_days=low, interval_high_days=high)
    assert found == text
