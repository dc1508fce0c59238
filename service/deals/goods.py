"""Which products of the catalogue a deal counts."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from service.deals.columns import plain
from service.engine.codes import gtin_text

_GROUPS = {"items": "item", "categories": "category", "brands": "brand"}
_CLOSE = 0.7

Tell = Callable[[str, str, str], None]
"""Takes the column, what is wrong, and the remedy."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What the products of a deal have in common: median price, commonest category, whose brand."""

    price_cents: int | None
    category_id: int
    private_label: bool


class Goods:
    """The catalogue as deals ask for it; names are compared without capitals and accents."""

    def __init__(self, products: pl.DataFrame) -> None:
        columns = ("gtin", "price_cents", "category_id", "private_label", "restriction")
        self._known = {row[0]: row[1:] for row in products.select(columns).iter_rows()}
        self._groups: dict[str, dict[str, frozenset[int]]] = {}
        self._names: dict[str, dict[str, str]] = {}
        for column in _GROUPS.values():
            grouped: dict[str, set[int]] = {}
            names: dict[str, str] = {}
            by_name = products.group_by(column, maintain_order=True).agg("gtin")
            for name, gtins in by_name.iter_rows():
                grouped.setdefault(plain(name), set()).update(gtins)
                names.setdefault(plain(name), name)
            self._groups[column] = {name: frozenset(gtins) for name, gtins in grouped.items()}
            self._names[column] = names
        self._traits: dict[tuple[int, ...], Traits] = {}

    def members(
        self, values: Mapping[str, Any], tell: Tell
    ) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """The products of both sets of a deal, and how many were left out as restricted.

        Those named, and those that fit every filter given, without the excluded ones.
        """
        excluded = set(self._named(values, "excluded_gtins", tell))
        for plural, column in _GROUPS.items():
            found = self._grouped(values, f"excluded_{plural}", column, tell)
            excluded |= set() if found is None else found
        counted, restricted = self._set(values, "eligible", excluded, tell)
        second, others = self._set(values, "with", set(), tell)
        return counted, second, restricted + others

    def traits(self, members: tuple[int, ...]) -> Traits:
        """What products have in common; there is at least one."""
        found = self._traits.get(members)
        if found is None:
            rows = [self._known[gtin] for gtin in members]
            prices = sorted([row[0] for row in rows if row[0] is not None])
            middle = prices[(len(prices) - 1) // 2 : len(prices) // 2 + 1]
            categories = [row[1] for row in rows]
            found = self._traits[members] = Traits(
                sum(middle) // len(middle) if middle else None,
                min(set(categories), key=lambda each: (-categories.count(each), each)),
                sum([row[2] for row in rows]) * 2 > len(rows),
            )
        return found

    def _set(
        self, values: Mapping[str, Any], prefix: str, excluded: set[int], tell: Tell
    ) -> tuple[tuple[int, ...], int]:
        column = f"{prefix}_gtins"
        named = dict.fromkeys(self._named(values, column, tell))
        for gtin in named:
            restriction = self._known[gtin][3]
            if restriction and gtin not in excluded:
                said = f"{gtin_text(gtin)} is restricted ({restriction}) and never gets a deal"
                tell(column, said, "take it out")
        chosen: frozenset[int] | None = None
        for plural, group in _GROUPS.items():
            found = self._grouped(values, f"{prefix}_{plural}", group, tell)
            if found is not None:
                chosen = found if chosen is None else chosen & found
        counted = set(named)
        restricted = 0
        if chosen:
            free = {gtin for gtin in chosen - excluded if not self._known[gtin][3]}
            restricted = len(chosen - excluded) - len(free)
            counted |= free
        return tuple(sorted(counted - excluded)), restricted

    def _named(self, values: Mapping[str, Any], column: str, tell: Tell) -> Sequence[int]:
        given: Sequence[int] = values.get(column, ())
        unknown = [gtin for gtin in given if gtin not in self._known]
        for gtin in unknown:
            tell(column, f"no product has the GTIN {gtin_text(gtin)}", "load the products first")
        return [gtin for gtin in given if gtin in self._known] if unknown else given

    def _grouped(
        self, values: Mapping[str, Any], column: str, group: str, tell: Tell
    ) -> frozenset[int] | None:
        """The products of the groups named; None when the cell is empty."""
        if column not in values:
            return None
        known = self._groups[group]
        found: set[int] = set()
        for name in values[column]:
            members = known.get(plain(name))
            if members is None:
                tell(column, f"no product has the {group} {name[:60]!r}", self._hint(group, name))
            else:
                found |= members
        return frozenset(found)

    def _hint(self, group: str, name: str) -> str:
        return near(name, self._names[group]) or "check the spelling"


def near(name: str, known: Mapping[str, str]) -> str:
    """`did you mean ...` for the closest of the names by their plain form; empty without one."""
    close = difflib.get_close_matches(plain(name)[:60], known, n=1, cutoff=_CLOSE)
    return f"did you mean {known[close[0]]!r}?" if close else ""
