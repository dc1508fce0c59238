"""What looks wrong in lines of baskets though it can be read: said, and asked where it matters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from service.engine.measures import unit_of
from service.files.notes import shown_rows
from service.files.rows import ROW
from service.files.staging import Staging

_FIRST_YEAR = 1990
_MANY_PIECES = 1000
_MUCH_CENTS = 1_000_000
_TIMES = 40
"""A price that differs so many times from the catalogue's is in another unit of money."""

_FEW = 0.01
_LOW_MEDIAN_CENTS = 20
_ENOUGH_LINES = 20
_MOST_EXAMPLES = 5
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class SourceWords:
    """How notes call what a file has: the numbers of `ROW`, its amounts, and GTINs to be given."""

    place: str = "row"
    amounts: str = "amount_cents may not be in cents"
    gtins: str = "; --items FILE gives GTINs by the shop's own numbers"


TABLE_WORDS = SourceWords()


@dataclass(slots=True)
class _Found:
    """Rows with the same sign: how many, and the first of them."""

    place: str
    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, frame: pl.DataFrame) -> None:
        self.count += frame.height
        if len(self.first) < _MOST_EXAMPLES:
            self.first += frame[ROW].head(_MOST_EXAMPLES - len(self.first)).to_list()

    def shown(self) -> str:
        more = self.count - len(self.first)
        return shown_rows(self.first, place=self.place) + (f" and {more:,} more" if more else "")


class BasketSigns:
    """Looks at the lines of a file, chunk by chunk; `prices` are the catalogue's by GTIN."""

    def __init__(
        self,
        prices: Mapping[int, int],
        units: Mapping[str, str],
        words: SourceWords = TABLE_WORDS,
    ) -> None:
        self._words = words
        self._prices = pl.DataFrame(
            {"gtin": list(prices), "price": list(prices.values())},
            {"gtin": pl.Int64, "price": pl.Int64},
        )
        self._units = units
        self._ahead, self._before = _Found(words.place), _Found(words.place)
        self._pieces, self._much = _Found(words.place), _Found(words.place)
        self._priced = 0
        self._cheap, self._dear = _Found(words.place), _Found(words.place)
        self._odd_sign = _Found(words.place)
        self._unnamed = _Found(words.place)
        self._codes: dict[str, None] = {}
        self._strange_units: dict[str, None] = {}
        self._amounts: list[pl.DataFrame] = []
        self._latest = datetime.now(UTC) + timedelta(days=1)
        self._earliest = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)

    def look(self, frame: pl.DataFrame, sold: pl.DataFrame) -> None:
        """Look at rows; `sold` has their gtin (a number) and code."""
        moment = frame["purchased_at"]
        if frame.is_empty():
            return
        if moment.max() > self._latest:  # type: ignore[operator]
            self._ahead.add(frame.filter(pl.col("purchased_at") > self._latest))
        if moment.min() < self._earliest:  # type: ignore[operator]
            self._before.add(frame.filter(pl.col("purchased_at") < self._earliest))
        self._look_at_amounts(frame, sold)
        unnamed = sold["gtin"].eq(0) & sold["code"].ne("")
        if unnamed.any():
            self._unnamed.add(frame.filter(unnamed))
            self._codes |= dict.fromkeys(sold.filter(unnamed)["code"].unique(maintain_order=True)
                                         .head(_MOST_EXAMPLES))  # fmt: skip
        for unit in frame["unit"].unique():
            if not unit_of(unit, self._units):
                self._strange_units[unit] = None

    def _look_at_amounts(self, frame: pl.DataFrame, sold: pl.DataFrame) -> None:
        quantity, cents = frame["quantity"], frame["amount_cents"]
        if quantity.abs().max() >= _MANY_PIECES:  # type: ignore[operator]
            self._pieces.add(frame.filter(quantity.abs() >= _MANY_PIECES))
        if cents.abs().max() >= _MUCH_CENTS:  # type: ignore[operator]
            self._much.add(frame.filter(cents.abs() >= _MUCH_CENTS))
        odd = (quantity * cents) < 0
        if odd.any():
            self._odd_sign.add(frame.filter(odd))
        self._amounts.append(cents.value_counts(name="lines"))
        if len(self._amounts) > _MOST_PARTS:
            merged = pl.concat(self._amounts).group_by("amount_cents").agg(pl.col("lines").sum())
            self._amounts = [merged]
        if self._prices.is_empty():
            return
        priced = (
            pl.DataFrame({ROW: frame[ROW], "gtin": sold["gtin"], "quantity": quantity,
                          "cents": cents})
            .filter((pl.col("quantity") > 0) & (pl.col("cents") > 0))
            .join(self._prices, on="gtin")
        )  # fmt: skip
        self._priced += priced.height
        usual = pl.col("price") * pl.col("quantity")
        self._cheap.add(priced.filter(pl.col("cents") * _TIMES < usual))
        self._dear.add(priced.filter(pl.col("cents") > usual * _TIMES))

    def say(self, staged: Staging) -> None:
        """Add the notes on what was seen."""
        if self._ahead.count:
            staged.ask(f"{self._ahead.count:,} lines are of days to come: {self._ahead.shown()}")
        if self._before.count:
            staged.ask(f"{self._before.count:,} lines are from before {_FIRST_YEAR}: "
                       f"{self._before.shown()}")  # fmt: skip
        if self._pieces.count:
            staged.ask(f"{self._pieces.count:,} lines have a quantity of {_MANY_PIECES:,} or more: "
                       f"{self._pieces.shown()}")  # fmt: skip
        if self._much.count:
            staged.ask(f"{self._much.count:,} lines have an amount of {_MUCH_CENTS:,} cents or "
                       f"more: {self._much.shown()}")  # fmt: skip
        self._say_scale(staged)
        if self._odd_sign.count:
            staged.report.note(f"{self._odd_sign.count:,} lines have a quantity and an amount of "
                               f"different sign: {self._odd_sign.shown()}")  # fmt: skip
        if self._unnamed.count:
            staged.report.note(
                f"{self._unnamed.count:,} lines have goods without a GTIN ({', '.join(self._codes)}"
                f"): they count as spend and in no forecast{self._words.gtins}"
            )
        if self._strange_units:
            shown = ", ".join(sorted(self._strange_units)[:_MOST_EXAMPLES])
            staged.report.note(f"units that are not known are kept as they are: {shown}")

    def _say_scale(self, staged: Staging) -> None:
        for found, meaning in ((self._cheap, "below"), (self._dear, "above")):
            text = (
                f"{found.count:,} of {self._priced:,} lines are more than {_TIMES} times {meaning} "
                f"the catalogue's price; {self._words.amounts}: {found.shown()}"
            )
            if found.count > _FEW * self._priced:
                staged.ask(text)
            elif found.count:
                staged.report.note(text)
        if not self._amounts:
            return
        amounts = (
            pl.concat(self._amounts)
            .filter(pl.col("amount_cents") > 0)
            .group_by("amount_cents")
            .agg(pl.col("lines").sum())
            .sort("amount_cents")
        )
        lines = int(amounts["lines"].sum())
        if lines < _ENOUGH_LINES:
            return
        middle = amounts.filter(pl.col("lines").cum_sum() * 2 >= lines)["amount_cents"][0]
        whole = int(amounts.filter(pl.col("amount_cents") % 100 == 0)["lines"].sum())
        if middle < _LOW_MEDIAN_CENTS and self._cheap.count <= _FEW * self._priced:
            staged.ask(f"half of the amounts are below {_LOW_MEDIAN_CENTS} cents: they may be in "
                       "whole units of money")  # fmt: skip
        elif whole == lines:
            staged.ask("all amounts are whole hundreds of cents: they may have been rounded")
