"""Moments as files write them: with an offset, or on the clocks of a zone that is said."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import polars as pl

from service.files import rows
from service.files.dates import Order, read_day

NOON = time(12)
_TIMED = re.compile(
    r"(?P<day>.*?)[T ,]+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d+)?)?\s*(?P<half>[ap]m)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(\d{1,2}):?(\d{2})?(?::?(\d{2}))?")
_HALF = 12
_SHORT = 2
_MOMENTS = pl.Datetime("us", "UTC")


class MomentReader:
    """Reads moments of a file; counts those without an offset and those without a time.

    Without a `zone` a moment without an offset is not read.
    """

    def __init__(self, zone: ZoneInfo | None, order: Order) -> None:
        self.local = 0
        self.untimed = 0
        self._zone = zone
        self._order = order

    def parse(self, expr: pl.Expr) -> pl.Expr:
        """A parser as `rows.FileColumn` takes it."""
        if self._zone is None:
            return rows.moment(expr)
        return expr.map_batches(self._read, return_dtype=_MOMENTS)

    def parse_day(self, expr: pl.Expr) -> pl.Expr:
        """A parser of dates."""
        return expr.map_batches(self._read_days, return_dtype=pl.Date)

    def at(self, days: Iterable[date], clocks: Iterable[str | None]) -> list[datetime | None]:
        """The moments of local days and times, as `1631`, `16` or `16:31`; noon without one."""
        known: dict[tuple[date, str | None], datetime | None] = {}
        found = []
        for key in zip(days, clocks, strict=True):
            if key not in known:
                known[key] = self._moment(key[0], _clock(key[1]) if key[1] else NOON)
            self.untimed += not key[1]
            found.append(known[key])
        return found

    def _read(self, texts: pl.Series) -> pl.Series:
        found = texts.to_frame("text").select(rows.moment(pl.col("text"))).to_series()
        lacking = found.is_null() & texts.is_not_null()
        if not lacking.any():
            return found
        distinct = texts.filter(lacking).unique().to_list()
        known = {text: self._local(text) for text in distinct}
        self.local += int(lacking.sum())
        rest = [known.get(text) if need else None
                for text, need in zip(texts, lacking, strict=True)]  # fmt: skip
        return found.fill_null(pl.Series(rest, dtype=_MOMENTS))

    def _local(self, text: str) -> datetime | None:
        timed = _TIMED.fullmatch(text)
        day = read_day(timed["day"] if timed else text, self._order).value
        if day is None:
            return None
        if timed is None:
            self.untimed += 1
            return self._moment(day, NOON)
        hour = int(timed["h"])
        if timed["half"]:
            hour = hour % _HALF + _HALF * (timed["half"].lower() == "pm")
        try:
            return self._moment(day, time(hour, int(timed["m"]), int(timed["s"] or 0)))
        except ValueError:
            return None

    def _moment(self, day: date, clock: time | None) -> datetime | None:
        """The moment in UTC; None for an hour that the clocks show twice or never."""
        if clock is None or not 1900 <= day.year < 9999:
            return None
        local = datetime.combine(day, clock, tzinfo=self._zone or UTC)
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            return None
        return local.astimezone(UTC)

    def _read_days(self, texts: pl.Series) -> pl.Series:
        known = {text: read_day(text, self._order).value for text in texts.drop_nulls().unique()}
        return pl.Series([known.get(text) for text in texts], dtype=pl.Date)


def _clock(text: str) -> time | None:
    """`1631`, `931`, `16:31` or `16`."""
    bare = text.strip().removesuffix(".0")
    if bare.isdigit() and len(bare) > _SHORT:
        bare = bare.zfill(4)
    found = _CLOCK.fullmatch(bare)
    try:
        return time(int(found[1]), int(found[2] or 0), int(found[3] or 0)) if found else None
    except ValueError:
        return None
