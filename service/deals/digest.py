"""What identifies a deal's meaning, and the row as it was understood."""

import hashlib
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from service.deals.columns import FACE_VALUES
from service.deals.grid import Grid
from service.deals.readers import Number
from service.engine.records import DealKind

# What a digest has been made of since the first version; new columns join it when they say
# something, so that deals loaded before are still known again.
_ALWAYS = {
    "title": "title",
    "funding_share_percent": "funding_share",
    "handling_fee": "handling_fee_cents",
    "budget": "budget_cents",
    "circulation_max": "circulation_max",
    "circulation_min": "circulation_min",
    "mail_from": "mail_from",
    "mail_to": "mail_to",
    "redeem_from": "redeem_from",
    "redeem_to": "redeem_to",
    "limit_per_household": "limit_per_household",
    "control_share_percent": "control_share",
    "legal_text": "legal",
}
_WHEN_SAID = {
    "kind": str(DealKind.PRODUCT),
    "funding_cap_cents": None,
    "copy_fee_cents": 0,
    "value_text": None,
    "texts": "{}",
    "targets": "{}",
    "face_values": "[]",
}
_IN_ORDER = sorted((*_ALWAYS, *_WHEN_SAID, "terms", "members", "face_value"))
_IN_CENTS = frozenset(
    ("benefit_cap", "min_spend", "face_value", *FACE_VALUES, "funding_cap", "handling_fee",
     "copy_fee", "budget")
)  # fmt: skip
_as_is = json.JSONEncoder(ensure_ascii=False).encode


def digests(deals: pl.DataFrame, sets: Sequence[Sequence[int]]) -> pl.Series:
    """What deals mean, however they are written: 1.0 is 1.00, and a set of products its members.

    `deals` has the columns of an offer, and first_set and second_set, places in `sets`. A digest is
    the SHA-256 of JSON with sorted names; it is put together column by column, and a text that many
    deals share is written once.
    """
    parts = {name: _each(deals[of], _string) for name, of in _ALWAYS.items()}
    parts["terms"] = _each(deals["terms"], _sorted)
    parts["members"] = _members(deals, sets)
    parts["face_value"] = deals["face_value_cents"].cast(pl.String)
    for name, no in _WHEN_SAID.items():
        parts[name] = _each(deals[name], partial(_unless, no))
    said = [pl.concat_str(pl.lit(f'"{name}": '), parts[name].alias(name)) for name in _IN_ORDER]
    content = deals.select(pl.concat_str(said, separator=", ", ignore_nulls=True)).to_series()
    return pl.Series(
        "digest",
        [hashlib.sha256(f"{{{each}}}".encode()).hexdigest() for each in content],
        pl.String,
    )


def _each(column: pl.Series, written: Callable[[Any], str | None]) -> pl.Series:
    """Every value as it is written, each different one looked at once."""
    seen = column.unique()
    texts = pl.Series([written(value) for value in seen], dtype=pl.String)
    return column.replace_strict(seen, texts, return_dtype=pl.String)


def _members(deals: pl.DataFrame, sets: Sequence[Sequence[int]]) -> pl.Series:
    """The products as JSON: a list of them, or a list of two lists; empty for a partner's slot."""
    shown = pl.Series([str(list(members)) for members in sets], dtype=pl.String)
    first, second = (shown.gather(deals[name]) for name in ("first_set", "second_set"))
    both = pl.concat_str(pl.lit("["), first, pl.lit(", "), second, pl.lit("]"))
    return deals.select(pl.coalesce(both, first, pl.lit("[]"))).to_series()


def _string(value: object) -> str:
    return json.dumps(str(value))


def _sorted(stored: str) -> str:
    return json.dumps(json.loads(stored), sort_keys=True)


def _unless(no: object, value: object) -> str | None:
    return None if value == no else json.dumps(value)


def givens(grid: Grid) -> pl.Series:
    """Each row as it was understood, by column as JSON, for the history of the deal."""
    said = [
        pl.Series(name, [*[_named(name, value) for value in cells.values], None], pl.String).gather(
            np.where(cells.codes < 0, len(cells.values), cells.codes)
        )
        for name, cells in grid.columns.items()
    ]
    content = pl.concat_str(said, separator=", ", ignore_nulls=True)
    return pl.select(pl.concat_str(pl.lit("{"), content, pl.lit("}")).alias("given")).to_series()


def _named(name: str, value: Any) -> str:
    return f"{json.dumps(name)}: {_as_is(_shown(name, value))}"


def _shown(name: str, value: Any) -> str:
    if isinstance(value, Number):
        return f"{value.amount:f}{'%' if value.is_percent else ''}"
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    if isinstance(value, int) and name in _IN_CENTS:
        return f"{Decimal(value) / 100:.2f}"
    return str(value)
