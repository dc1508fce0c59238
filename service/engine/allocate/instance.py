"""An instance as flat arrays: candidates grouped by household, sorted for the scan."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate.arrange import arrange
from service.engine.allocate.kernels.arguments import Pairs
from service.engine.allocate.validate import (
    CANDIDATE_COLUMNS,
    HOUSEHOLD_COLUMNS,
    LARGEST,
    OFFER_COLUMNS,
    UNLIMITED,
    Ids,
    Rows,
    limits,
    refuse,
    require_columns,
    rows_where,
    values,
    whole,
)
from service.errors import Problem

BAND_PAIRS = 1 << 18
EXACT_IN_32 = 1 << 24
SENTINEL = 1 << 40
DEAREST = 1e12


@dataclass(frozen=True, slots=True)
class ShortfallPrices:
    """The prices of the soft limits.

    `floor_shortfall_price`: value cents lost per cent of face value that a household is below its
    floor. `minimum_shortfall_price_cents`: value cents lost per guaranteed copy not delivered.
    """

    floor_shortfall_price: float = 0.1
    minimum_shortfall_price_cents: float = 500.0

    def __post_init__(self) -> None:
        for name in ("floor_shortfall_price", "minimum_shortfall_price_cents"):
            price = getattr(self, name)
            number = isinstance(price, int | float) and not isinstance(price, bool)
            if not number or not 0 <= price <= DEAREST:
                raise refuse(
                    "terms cannot be used",
                    [Problem(f"terms.{name}", "is not a number from 0 to 1e12", "correct it")],
                )


@dataclass(frozen=True, slots=True)
class DealLimits:
    """Limits per deal, in the order of the ids; UNLIMITED where there is none."""

    ids: Ids
    budget: NDArray[np.int64]
    maximum: NDArray[np.int64]
    minimum: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Instance:
    """An allocation instance; immutable.

    Pairs of household `h` are at `indptr[h]:indptr[h + 1]`, sorted by category, then by conflict
    group; `border` marks where each begins, `cross` numbers the groups that cross categories.
    Candidates that no solution can hold (above the budget or the ceiling, or without a slot) are
    left out. `floor` is the floor reduced to the ceiling; `unreachable_floor_cents` is the sum of
    these reductions, a shortfall in every solution. `divisor` divides every copy's cost of a deal.
    """

    deals: DealLimits
    households: pl.Series
    indptr: NDArray[np.int64]
    offer: NDArray[np.int32]
    value: NDArray[np.floating[Any]]
    cost: NDArray[np.int32]
    face: NDArray[np.int32]
    border: NDArray[np.uint8]
    cross: NDArray[np.int32]
    slots: NDArray[np.int32]
    per_category: NDArray[np.int32]
    floor: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    unreachable_floor_cents: int
    whole_values: bool
    takers: NDArray[np.int64]
    cost_low: NDArray[np.int32]
    cost_high: NDArray[np.int32]
    divisor: NDArray[np.int32]

    @property
    def size(self) -> int:
        """Number of pairs."""
        return len(self.offer)

    def pairs(self, *, floor_price: float) -> Pairs:
        """The columns in the form of the loops; a cent below a floor costs `floor_price`."""
        return Pairs(
            self.indptr,
            self.offer,
            self.value,
            self.cost,
            self.face,
            self.border,
            self.cross,
            self.slots,
            self.per_category,
            self.floor,
            self.ceiling,
            floor_price,
        )


@dataclass(frozen=True, slots=True)
class _HouseholdLimits:
    """Households in the order of their ids, with their limits."""

    ids: Ids
    slots: NDArray[np.int64]
    category_max: NDArray[np.int64]
    floor: NDArray[np.int64]
    ceiling: NDArray[np.int64]


def read_deals(offers: pl.DataFrame) -> DealLimits:
    """Deals by id from the offers frame; a guarantee above the circulation maximum is refused."""
    require_columns(offers.schema, OFFER_COLUMNS, frame="offers")
    Ids(offers["offer_id"], frame="offers")
    maximum = limits(offers["circulation_max"], frame="offers")
    minimum = whole(offers["circulation_min"], frame="offers", nullable=True).fill_null(0)
    least = minimum.to_numpy()
    if (least > maximum).any():
        raise refuse(
            "offers: a guaranteed minimum is above the circulation maximum",
            rows_where(
                least > maximum,
                frame="offers",
                column="circulation_min",
                detail="is above circulation_max",
                remedy="lower the minimum or raise the maximum",
            ),
        )
    budget = limits(offers["budget_cents"], frame="offers")
    order = offers["offer_id"].arg_sort()
    at = order.to_numpy()
    ids = Ids(offers["offer_id"].gather(order), frame="offers")
    return DealLimits(ids, budget[at], maximum[at], least[at])


def _read_household_limits(households: pl.DataFrame) -> _HouseholdLimits:
    require_columns(households.schema, HOUSEHOLD_COLUMNS, frame="households")
    Ids(households["household_id"], frame="households")
    ordered = households.select(HOUSEHOLD_COLUMNS)
    columns = {name: limits(ordered[name], frame="households") for name in HOUSEHOLD_COLUMNS[1:]}
    order = ordered["household_id"].arg_sort()
    at = order.to_numpy()
    floor = columns["face_value_floor_cents"]
    return _HouseholdLimits(
        Ids(ordered["household_id"].gather(order), frame="households"),
        columns["slots"][at],
        columns["category_max"][at],
        np.where(floor == UNLIMITED, 0, floor)[at],
        columns["face_value_ceiling_cents"][at],
    )


def _count(candidates: pl.LazyFrame, bounds: _HouseholdLimits) -> tuple[NDArray[np.int64], bool]:
    """Candidates per household, and whether they are in the order of the households."""
    counts = np.zeros(len(bounds.ids), np.int64)
    ordered, last, first = True, -1, 0
    while True:
        part = candidates.select("household_id").slice(first, 2 * BAND_PAIRS).collect()
        if part.is_empty():
            return counts, ordered
        rows = np.arange(first, first + len(part))
        at = bounds.ids.positions(part["household_id"], rows=rows)
        counts += np.bincount(at, minlength=len(counts))
        ordered = ordered and at[0] >= last and bool((np.diff(at) >= 0).all())
        last = int(at[-1])
        first += len(part)


def _bands(counts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of whole households with about BAND_PAIRS candidates each."""
    ends = np.cumsum(counts)
    bands: list[tuple[int, int]] = []
    begin = 0
    while begin < len(counts):
        before = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + BAND_PAIRS, side="right")))
        bands.append((begin, end))
        begin = end
    return bands


def codes(series: pl.Series, offer: NDArray[np.int32]) -> NDArray[np.int64]:
    """Integers equal where the ids are equal; each null (or NaN) is a separate, negative group."""
    if series.dtype == pl.Null:
        series = series.cast(pl.Int64)
    if series.dtype.is_float():
        series = series.fill_nan(None)
    if series.dtype.is_integer():
        low, high = series.min(), series.max()
        plain = low is None or (int(low) >= 0 and int(high) < SENTINEL)  # type: ignore[arg-type]
        codes = series if plain else series.rank("dense")
    else:
        codes = series.rank("dense")
    numbers = codes.cast(pl.Int64).fill_null(-1).to_numpy()
    return np.where(numbers < 0, -1 - offer.astype(np.int64), numbers)


def build(
    candidates: pl.LazyFrame | pl.DataFrame, offers: pl.DataFrame, households: pl.DataFrame
) -> Instance:
    """Validate an instance and lay it out; candidates are read in bands of whole households.

    Raises InvalidInput with the row and column of the first faults: missing columns, wrong types,
    nulls where a number is needed, unknown ids, duplicate pairs, minimum above maximum.
    """
    lazy = candidates.lazy()
    schema = lazy.collect_schema()
    require_columns(schema, CANDIDATE_COLUMNS, frame="candidates")
    lazy = lazy.select(CANDIDATE_COLUMNS)
    deals, bounds = read_deals(offers), _read_household_limits(households)
    counts, ordered = _count(lazy, bounds)
    size = int(counts.sum())
    narrow = schema["value_cents"].is_integer() and _small(lazy)
    offer = np.empty(size, np.int32)
    value: NDArray[np.floating[Any]] = np.empty(size, np.float32 if narrow else np.float64)
    cost, face = np.empty(size, np.int32), np.empty(size, np.int32)
    border = np.empty(size, np.uint8)
    cross = np.empty(0, np.int32)
    kept = np.zeros(len(counts), np.int64)
    takers = np.zeros(len(deals.ids), np.int64)
    cost_low = np.full(len(deals.ids), LARGEST, np.int32)
    cost_high = np.zeros(len(deals.ids), np.int32)
    divisor = np.zeros(len(deals.ids), np.int32)
    used = first = 0
    for begin, end in _bands(counts):
        length = int(counts[begin:end].sum())
        part, rows = _band(lazy, bounds, begin, end, first if ordered else -1, length)
        first += length
        band = _lay_out(part, rows, deals, bounds, begin, end)
        stop = used + len(band.offer)
        offer[used:stop], value[used:stop] = band.offer, band.value
        cost[used:stop], face[used:stop], border[used:stop] = band.cost, band.face, band.border
        if band.crossing:
            cross = np.full(size, -1, np.int32) if not len(cross) else cross
            cross[used:stop] = band.cross
        takers += np.bincount(band.offer, minlength=len(takers))
        np.minimum.at(cost_low, band.offer, band.cost)
        np.maximum.at(cost_high, band.offer, band.cost)
        np.gcd.at(divisor, band.offer, band.cost)
        kept[begin:end] = band.kept
        used = stop
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])
    most = np.maximum(kept, 1)
    finite = np.minimum(bounds.floor, bounds.ceiling)
    return Instance(
        deals=deals,
        households=bounds.ids.series,
        indptr=indptr,
        offer=offer[:used],
        value=value[:used],
        cost=cost[:used],
        face=face[:used],
        border=border[:used],
        cross=cross[:used] if len(cross) else cross,
        # Candidates under a limit of zero are left out already; the scan needs at least one.
        slots=np.clip(bounds.slots, 1, most).astype(np.int32),
        per_category=np.clip(bounds.category_max, 1, most).astype(np.int32),
        floor=finite.astype(np.float64),
        ceiling=bounds.ceiling.astype(np.float64),
        unreachable_floor_cents=int((bounds.floor - finite).sum()),
        whole_values=schema["value_cents"].is_integer(),
        takers=takers,
        cost_low=cost_low,
        cost_high=cost_high,
        divisor=np.maximum(divisor, 1),
    )


def _small(lazy: pl.LazyFrame) -> bool:
    """Whether float32 holds every integer value exactly."""
    ends = lazy.select(
        pl.col("value_cents").min().alias("low"), pl.col("value_cents").max().alias("high")
    ).collect()
    low, high = ends["low"][0], ends["high"][0]
    return low is None or (low >= -EXACT_IN_32 and high <= EXACT_IN_32)


def _band(
    lazy: pl.LazyFrame, bounds: _HouseholdLimits, begin: int, end: int, first: int, length: int
) -> tuple[pl.DataFrame, Rows]:
    """The candidates of households begin..end-1 and their rows in the whole frame."""
    if first >= 0:
        return lazy.slice(first, length).collect(), np.arange(first, first + length)
    low, high = bounds.ids.series[begin], bounds.ids.series[end - 1]
    part = (
        lazy.with_row_index("row")
        .filter(pl.col("household_id").is_between(pl.lit(low), pl.lit(high)))
        .collect()
    )
    return part, part["row"].cast(pl.Int64).to_numpy()


@dataclass(frozen=True, slots=True)
class _Band:
    offer: NDArray[np.int32]
    value: NDArray[np.float64]
    cost: NDArray[np.int32]
    face: NDArray[np.int32]
    border: NDArray[np.uint8]
    cross: NDArray[np.int32]
    kept: NDArray[np.int64]
    crossing: bool


def _lay_out(
    part: pl.DataFrame,
    rows: Rows,
    deals: DealLimits,
    bounds: _HouseholdLimits,
    begin: int,
    end: int,
) -> _Band:
    """One band: ids to positions, faults refused, impossible pairs dropped, the rest sorted."""
    home = bounds.ids.positions(part["household_id"], rows=rows)
    offer = deals.ids.positions(part["offer_id"], rows=rows)
    value = values(part["value_cents"], rows=rows)
    cost = _money(part["cost_cents"], rows)
    face = _money(part["face_value_cents"], rows)
    category = codes(part["category_id"], offer)
    conflict = codes(part["conflict_id"], offer)
    fits = (
        (bounds.slots[home] > 0)
        & ((bounds.category_max[home] > 0) | (category < 0))
        & (face <= bounds.ceiling[home])
        & (cost <= deals.budget[offer])
        & (deals.maximum[offer] > 0)
    )
    order, border, cross, twice, crossing = arrange(
        home - np.int32(begin), end - begin, category, conflict, offer, fits, len(deals.ids)
    )
    if twice >= 0:
        row = int(rows[twice]) if rows is not None else twice
        raise refuse(
            "candidates: a pair occurs twice",
            [Problem(f"candidates row {row + 1}", "household and offer occur twice", "keep one")],
        )
    kept = np.bincount(home[order] - begin, minlength=end - begin).astype(np.int64)
    return _Band(
        offer[order],
        value[order],
        cost[order].astype(np.int32),
        face[order].astype(np.int32),
        border,
        cross,
        kept,
        crossing,
    )


def _money(series: pl.Series, rows: Rows) -> NDArray[np.int64]:
    """A money column of the candidates: whole cents that fit in 31 bits."""
    cents = whole(series, frame="candidates", rows=rows).to_numpy()
    if len(cents) and cents.max() > LARGEST:
        raise refuse(
            f"candidates: {series.name} cannot be used",
            rows_where(
                cents > LARGEST,
                frame="candidates",
                column=series.name,
                detail="is above 21 million",
                remedy="check the unit: cents",
                rows=rows,
            ),
        )
    return cents
