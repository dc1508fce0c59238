"""Which products of the catalogue a deal counts."""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from service.deals.columns import plain
from service.engine.codes import gtin_text

_GROUPS = {"items": "item", "categories": "category", "brands": "brand"}
_FILTERS = (
    "excluded_gtins", "excluded_items", "excluded_categories", "excluded_brands",
    "eligible_items", "eligible_categories", "eligible_brands", "with_gtins", "with_items",
)  # fmt: skip
_CLOSE = 0.7

Tell = Callable[[str, str, str], None]
"""Takes the column, what is wrong, and the remedy."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What the products of a deal have in common: median price, commonest category, whose brand."""

    price_cents: int | None
    category_id: int
    private_label: bool


@dataclass(frozen=True, slots=True)
class _Filter:
    """What the columns beside `eligible_gtins` choose, and what was wrong in them.

    `restricted` counts what both sets left out.
    """

    chosen: frozenset[int]
    excluded: frozenset[int]
    second: tuple[int, ...]
    restricted: int
    told: tuple[tuple[str, str, str], ...]


class Goods:
    """The catalogue as deals ask for it; names are compared without capitals and accents.

    What deals of a file have in common is worked out once.
    """

    def __init__(self, products: pl.DataFrame) -> None:
        columns = ("gtin", "price_cents", "category_id", "private_label", "restriction")
        self._known = {row[0]: row[1:] for row in products.select(columns).iter_rows()}
        self._restricted = frozenset(gtin for gtin, row in self._known.items() if row[3])
        self._filters: dict[tuple[Any, ...], _Filter] = {}
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
        key = tuple([values.get(column) for column in _FILTERS])
        found = self._filters.get(key)
        if found is None:
            found = self._filters[key] = self._filter(values)
        for each in found.told:
            tell(*each)
        named = set(self._named(values, "eligible_gtins", tell))
        if not self._restricted.isdisjoint(named):
            self._tell_restricted(values["eligible_gtins"], "eligible_gtins", found.excluded, tell)
        counted = (named | found.chosen) - found.excluded
        return tuple(sorted(counted)), found.second, found.restricted

    def traits(self, members: tuple[int, ...]) -> Traits:
        """What products have in common; there is at least one."""
        found = self._traits.get(members)
        if found is None:
            rows = [self._known[gtin] for gtin in members]
            prices, categories, own, _ = zip(*rows, strict=True)
            known = sorted([price for price in prices if price is not None])
            middle = known[(len(known) - 1) // 2 : len(known) // 2 + 1]
            found = self._traits[members] = Traits(
                sum(middle) // len(middle) if middle else None,
                _commonest(categories),
                sum(own) * 2 > len(rows),
            )
        return found

    def _filter(self, values: Mapping[str, Any]) -> _Filter:
        told: list[tuple[str, str, str]] = []

        def tell(column: str, detail: str, remedy: str) -> None:
            told.append((column, detail, remedy))

        excluded = set(self._named(values, "excluded_gtins", tell))
        for plural, column in _GROUPS.items():
            excluded |= self._grouped(values, f"excluded_{plural}", column, tell) or set()
        chosen, left_out = self._chosen(values, "eligible", excluded, tell)
        second, others = self._chosen(values, "with", set(), tell)
        named = self._named(values, "with_gtins", tell)
        self._tell_restricted(named, "with_gtins", (), tell)
        return _Filter(
            chosen,
            frozenset(excluded),
            tuple(sorted(second.union(named))),
            left_out + others,
            tuple(told),
        )

    def _chosen(
        self, values: Mapping[str, Any], prefix: str, excluded: set[int], tell: Tell
    ) -> tuple[frozenset[int], int]:
        """The products that fit every group named, and how many more were restricted."""
        chosen: frozenset[int] | None = None
        for plural, group in _GROUPS.items():
            found = self._grouped(values, f"{prefix}_{plural}", group, tell)
            if found is not None:
                chosen = found if chosen is None else chosen & found
        if not chosen:
            return frozenset(), 0
        left = chosen - excluded
        free = left - self._restricted
        return free, len(left) - len(free)

    def _tell_restricted(
        self, named: Sequence[int], column: str, excluded: Collection[int], tell: Tell
    ) -> None:
        for gtin in dict.fromkeys(named):
            if gtin in self._restricted and gtin not in excluded:
                restriction = self._known[gtin][3]
                said = f"{gtin_text(gtin)} is restricted ({restriction}) and never gets a deal"
                tell(column, said, "take it out")

    def _named(self, values: Mapping[str, Any], column: str, tell: Tell) -> Sequence[int]:
        given: Sequence[int] = values.get(column, ())
        known = self._known
        unknown = [gtin for gtin in given if gtin not in known]
        for gtin in unknown:
            tell(column, f"no product has the GTIN {gtin_text(gtin)}", "load the products first")
        return [gtin for gtin in given if gtin in known] if unknown else given

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


def _commonest(categories: Sequence[int]) -> int:
    """The category of most products; of several, the lowest."""
    if len(set(categories)) == 1:
        return categories[0]
    counts = Counter(sorted(categories))
    return counts.most_common(1)[0][0]


def near(name: str, known: Mapping[str, str]) -> str:
    """`did you mean ...` for the closest of the names by their plain form; empty without one."""
    close = difflib.get_close_matches(plain(name)[:60], known, n=1, cutoff=_CLOSE)
    return f"did you mean {known[close[0]]!r}?" if close else ""
