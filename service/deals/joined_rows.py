"""Joins rows of a table that differ only in their products into one deal each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

_PRODUCTS = "eligible_gtins"


@dataclass(frozen=True, slots=True)
class JoinedRows:
    """`places` are the rows that remain, `texts` the cells with the products joined; `parts` are
    the rows of each deal that had several, its first among them."""

    places: Sequence[int]
    texts: Mapping[str, pl.Series]
    parts: Mapping[int, Sequence[int]]


def join_rows(
    texts: Mapping[str, pl.Series], places: list[int], *, describing: Collection[str]
) -> JoinedRows:
    """Join the rows of a deal that are equal but for their GTIN, or empty but for it and below.

    Columns that are `describing` tell about the product of their row, and may differ.
    """
    unchanged = JoinedRows(places, texts, {})
    if "deal_id" not in texts or _PRODUCTS not in texts or len(places) < 2:
        return unchanged
    ids = texts["deal_id"].gather(places)
    if not ids.null_count() and ids.n_unique() == len(places):
        return unchanged
    gtins = texts[_PRODUCTS]
    others = [name for name in texts if name != _PRODUCTS and name not in describing]
    rows = pl.DataFrame([texts[name].gather(places).alias(name) for name in others])
    first_of: dict[tuple[str | None, ...], int] = {}
    parts: dict[int, list[int]] = {}
    latest: int | None = None
    remaining: list[int] = []
    for place, row in zip(places, rows.iter_rows(), strict=True):
        is_bare = not any(row)
        first = latest if is_bare else first_of.setdefault(row, place)
        known = parts.get(first, [first]) if first is not None else []
        if (
            first is None or first == place or gtins[place] is None
            or gtins[place] in [gtins[each] for each in known]
        ):  # fmt: skip
            remaining.append(place)
            latest = latest if is_bare else place
        else:
            parts[first] = [*known, place]
            latest = first
    if not parts:
        return unchanged
    joined = gtins.to_list()
    for first, rows_of in parts.items():
        joined[first] = "; ".join(gtins[each] for each in rows_of)
    return JoinedRows(remaining, {**texts, _PRODUCTS: pl.Series(_PRODUCTS, joined)}, parts)
