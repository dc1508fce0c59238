"""Why an item is on the list, in one line for a person to read."""

from __future__ import annotations

from datetime import date


def reason(
    *,
    last_bought_on: date,
    as_of: date,
    interval_low_days: float | None = None,
    interval_high_days: float | None = None,
) -> str:
    """A text such as "every 9-11 days; last bought 8 days ago", from columns of `score`."""
    days = (as_of - last_bought_on).days
    ago = "today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"
    if interval_low_days is None or interval_high_days is None:
        return f"bought once, {ago}"
    low, high = max(1, round(interval_low_days)), max(1, round(interval_high_days))
    if low != high:
        often = f"every {low}-{high} days"
    else:
        often = "every day" if low == 1 else f"every {low} days"
    return f"{often}; last bought {ago}"
