"""The digest that identifies a deal's content, and the row as it was read."""

import hashlib
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from service.deals.coded_grid import CodedGrid
from service.deals.columns import FACE_VALUES
from service.deals.goods_rules import Kept
from service.deals.readers import Number
from service.engine.records import DealKind

# These columns are in every digest since the first version. Later columns are added only where
# they are filled in, so that the digests of deals loaded before stay valid.
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
_WHEN_FILLED = {
    "kind": str(DealKind.PRODUCT),
    "funding_cap_cents": None,
    "copy_fee_cents": 0,
    "value_text": None,
    "texts": "{}",
    "targets": "{}",
    "face_values": "[]",
}
_IN_ORDER = sorted((*_ALWAYS, *_WHEN_FILLED, "terms", "members", "face_value"))
_IN_CENTS = frozenset(
    ("benefit_cap", "min_spend", "face_value", *FACE_VALUES, "funding_cap", "handling_fee",
     "copy_fee", "budget")
)  # fmt: skip
_as_is = json.JSONEncoder(ensure_ascii=False).encode


def digest_deals(
    deals: pl.DataFrame, sets: Sequence[Sequence[int]], kept: Sequence[Kept] = ()
) -> pl.Series:
    """Digests of what deals mean, not of how they are written: 1.0 equals 1.00, and products count
    as a set. A deal with a rule means its rule and the products it names, whatever fits the rule.

    `deals` has the columns of an offer, and first_set and second_set, places in `sets`, and kept,
    a place in `kept`, where that is given. A digest is
    the SHA-256 of JSON with sorted names. It is assembled column by column, and a text that many
    deals share is encoded once.
    """
    parts = {name: _write_each(deals[of], _json_string) for name, of in _ALWAYS.items()}
    parts["terms"] = _write_each(deals["terms"], _sorted_json)
    parts["members"] = _members(deals, sets, kept)
    parts["face_value"] = deals["face_value_cents"].cast(pl.String)
    for name, empty in _WHEN_FILLED.items():
        parts[name] = _write_each(deals[name], partial(_unless, empty))
    members = [pl.concat_str(pl.lit(f'"{name}": '), parts[name].alias(name)) for name in _IN_ORDER]
    content = deals.select(pl.concat_str(members, separator=", ", ignore_nulls=True)).to_series()
    return pl.Series(
        "digest",
        [hashlib.sha256(f"{{{each}}}".encode()).hexdigest() for each in content],
        pl.String,
    )


def _write_each(column: pl.Series, write: Callable[[Any], str | None]) -> pl.Series:
    """Every value as JSON, each distinct one encoded once."""
    seen = column.unique()
    texts = pl.Series([write(value) for value in seen], dtype=pl.String)
    return column.replace_strict(seen, texts, return_dtype=pl.String)


def _members(deals: pl.DataFrame, sets: Sequence[Sequence[int]], kept: Sequence[Kept]) -> pl.Series:
    """The products as JSON: a list of them, or a list of two lists; empty for a partner's slot."""
    shown = pl.Series([str(list(members)) for members in sets], dtype=pl.String)
    first, second = (shown.gather(deals[name]) for name in ("first_set", "second_set"))
    both = pl.concat_str(pl.lit("["), first, pl.lit(", "), second, pl.lit("]"))
    by_name = pl.lit(None, pl.String)
    if kept:
        said = pl.Series([each.said() for each in kept], dtype=pl.String)
        by_name = pl.lit(said.gather(deals["kept"]))
    return deals.select(pl.coalesce(by_name, both, first, pl.lit("[]"))).to_series()


def _json_string(value: object) -> str:
    return json.dumps(str(value))


def _sorted_json(stored: str) -> str:
    return json.dumps(json.loads(stored), sort_keys=True)


def _unless(empty: object, value: object) -> str | None:
    return None if value == empty else json.dumps(value)


def rows_as_read(grid: CodedGrid, digits: int) -> pl.Series:
    """Each row as it was read, by column as JSON, for the history of the deal.

    `digits` are the decimals that amounts have.
    """
    members = [
        pl.Series(
            name, [*[_json_member(name, value, digits) for value in cells.values], None], pl.String
        ).gather(np.where(cells.codes < 0, len(cells.values), cells.codes))
        for name, cells in grid.columns.items()
    ]
    content = pl.concat_str(members, separator=", ", ignore_nulls=True)
    return pl.select(pl.concat_str(pl.lit("{"), content, pl.lit("}")).alias("given")).to_series()


def _json_member(name: str, value: Any, digits: int) -> str:
    return f"{json.dumps(name)}: {_as_is(_as_text(name, value, digits))}"


def _as_text(name: str, value: Any, digits: int) -> str:
    if isinstance(value, Number):
        return f"{value.amount:f}{'%' if value.is_percent else ''}"
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    if isinstance(value, int) and name in _IN_CENTS:
        return f"{Decimal(value).scaleb(-digits):.{digits}f}"
    return str(value)
