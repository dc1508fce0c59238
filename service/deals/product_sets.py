"""Which products of the catalogue a deal counts."""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from service.deals.goods_rules import Kept, Rule, first_rule, second_rule
from service.engine.codes import gtin_text
from service.files.headers import plain

_GROUPS = {"items": "item", "categories": "category", "brands": "brand"}
FILTERS = (
    "excluded_gtins", "excluded_items", "excluded_categories", "excluded_brands",
    "eligible_items", "eligible_categories", "eligible_brands", "with_gtins", "with_items",
)  # fmt: skip
"""The columns that choose products, beside `eligible_gtins`."""

_CLOSE = 0.7

ReportFault = Callable[[str, str, str], None]
"""Takes the column, what is wrong, and the remedy."""


@dataclass(frozen=True, slots=True)
class _Filter:
    """What the columns beside `eligible_gtins` choose, and what was wrong in them.

    `left_out` would be chosen but for an exclusion or a restriction, or is excluded by its GTIN
    (`by_gtin`); `second_named` are those of the second set that are named by theirs. `restricted`
    counts what both sets left out because of a restriction.
    """

    chosen: frozenset[int]
    excluded: frozenset[int]
    left_out: frozenset[int]
    second: tuple[int, ...]
    second_left_out: tuple[int, ...]
    second_named: tuple[int, ...]
    by_gtin: frozenset[int]
    rules: tuple[Rule | None, Rule | None]
    restricted: int
    faults: tuple[tuple[str, str, str], ...]


class Members(NamedTuple):
    """The products of both sets of a deal, how many were left out as restricted, and what of the
    sets is stored.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    restricted: int
    first_excluded: tuple[int, ...]
    kept: Kept


class ProductSets:
    """Finds the products of deals in a catalogue; names are compared without capitals or accents.

    Filters and sets that several deals share are computed and stored once.
    """

    def __init__(self, products: pl.DataFrame) -> None:
        columns = (
            "gtin",
            "price_cents",
            "category_id",
            "private_label",
            "restriction",
            "supplier_id",
        )
        self._known = {row[0]: row[1:] for row in products.select(columns).iter_rows()}
        self._restricted = frozenset(gtin for gtin, row in self._known.items() if row[3])
        self._allowed = self._known.keys() - self._restricted
        self._traits = products.select(columns)
        self.descriptions = dict(products.select("gtin", "description").iter_rows())
        """The name of each product."""
        self._filters: dict[tuple[Any, ...], _Filter] = {}
        self._groups: dict[str, dict[str, frozenset[int]]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._products = products
        self._group_of: dict[str, dict[int, str]] = {}
        for column in _GROUPS.values():
            grouped: dict[str, set[int]] = {}
            names: dict[str, str] = {}
            by_name = products.group_by(column, maintain_order=True).agg("gtin")
            for name, gtins in by_name.iter_rows():
                grouped.setdefault(plain(name), set()).update(gtins)
                names.setdefault(plain(name), name)
            self._groups[column] = {name: frozenset(gtins) for name, gtins in grouped.items()}
            self._names[column] = names
        self._places: dict[tuple[int, ...], int] = {}
        self._exclusions: dict[tuple[int, ...], int] = {}
        self._kept: dict[Kept, int] = {}

    def find_members(self, values: Mapping[str, Any], report: ReportFault) -> Members:
        """Find the products of a deal: those named by GTIN and those that match every filter given,
        without the excluded ones. Faults go to `report`.
        """
        if len(values) == 1 and self._allowed.issuperset(values.get("eligible_gtins", (None,))):
            gtins = tuple(sorted(set(values["eligible_gtins"])))
            return Members(gtins, (), 0, (), Kept(gtins, (), (), ()))
        key = tuple([values.get(column) for column in FILTERS])
        found = self._filters.get(key)
        if found is None:
            found = self._filters[key] = self._apply_filters(values)
        for each in found.faults:
            report(*each)
        named = set(self._known_gtins(values, "eligible_gtins", report))
        if not self._restricted.isdisjoint(named):
            self._report_restricted(
                values["eligible_gtins"], "eligible_gtins", found.excluded, report
            )
        counted = (named | found.chosen) - found.excluded
        left_out = ((named & found.excluded) | found.left_out) - counted
        first, excluded = tuple(sorted(counted)), tuple(sorted(left_out))
        one, two = found.rules
        return Members(
            first,
            found.second,
            found.restricted,
            excluded,
            Kept(
                tuple(sorted(named - found.excluded)) if one else first,
                found.second_named if two else found.second,
                tuple(sorted((named & found.excluded) | found.by_gtin)) if one else excluded,
                () if two else found.second_left_out,
                one,
                two,
            ),
        )

    def names_of(self, gtin: int, group: str) -> str:
        """The brand, item or category of a product; empty for one that is not known."""
        if group not in self._group_of:
            self._group_of[group] = dict(self._products.select("gtin", group).iter_rows())
        return self._group_of[group].get(gtin, "")

    def is_known(self, group: str, name: str) -> bool:
        """Whether a product has this brand, item or category."""
        return plain(name) in self._groups[group]

    @property
    def exclusions(self) -> Sequence[tuple[int, ...]]:
        """The sets of products left out of deals so far; a place is an index into them."""
        return list(self._exclusions)

    def place_of_exclusion(self, members: tuple[int, ...]) -> int:
        """The place of a set of products left out; -1 for none."""
        return self._exclusions.setdefault(members, len(self._exclusions)) if members else -1

    @property
    def kept(self) -> Sequence[Kept]:
        """What is stored of deals' sets; a place is an index into it."""
        return list(self._kept)

    def place_of_kept(self, kept: Kept) -> int:
        """The place of what is stored of a deal's sets; equal ones share one."""
        return self._kept.setdefault(kept, len(self._kept))

    @property
    def sets(self) -> Sequence[tuple[int, ...]]:
        """The sets of products found so far; a place is an index into them."""
        return list(self._places)

    def place_of(self, members: tuple[int, ...]) -> int:
        """The place of a set of products; equal sets share one."""
        return self._places.setdefault(members, len(self._places))

    def with_traits(self, deals: pl.DataFrame) -> pl.DataFrame:
        """Deals with typical traits of the products of their first set.

        `deals` has first_set (null without), face_value_cents; added are price_cents (the median,
        or the face value where no price is known; 0 without products), category_id (of most of
        them; of several, the lowest) and private_label (of more than half); also list_price_cents,
        the median or null, and least_supplier and most_supplier, the lowest and the highest id.
        """
        members = members_of(self.sets, range(len(self._places))).join(self._traits, on="gtin")
        category = (
            members.group_by("set", "category_id")
            .len()
            .sort("set", "len", "category_id", descending=[False, True, False])
            .unique("set", keep="first", maintain_order=True)
            .select("set", "category_id")
        )
        owned = members.group_by("set").agg(
            (pl.col("private_label").sum() * 2 > pl.len()).alias("private_label"),
            pl.col("supplier_id").min().alias("least_supplier"),
            pl.col("supplier_id").max().alias("most_supplier"),
        )
        common = owned.join(category, on="set").join(_median_prices(members), on="set", how="left")
        return deals.join(
            common, left_on="first_set", right_on="set", how="left", maintain_order="left"
        ).with_columns(
            pl.coalesce("price_cents", "face_value_cents"),
            pl.col("price_cents").alias("list_price_cents"),
            pl.col("private_label").fill_null(False),
        )

    def _apply_filters(self, values: Mapping[str, Any]) -> _Filter:
        faults: list[tuple[str, str, str]] = []

        def report(column: str, detail: str, remedy: str) -> None:
            faults.append((column, detail, remedy))

        by_gtin = frozenset(self._known_gtins(values, "excluded_gtins", report))
        excluded = set(by_gtin)
        for plural, column in _GROUPS.items():
            excluded |= self._group_members(values, f"excluded_{plural}", column, report) or set()
        chosen, left_out = self._choose(values, "eligible", excluded, report)
        second, others = self._choose(values, "with", set(), report)
        named = self._known_gtins(values, "with_gtins", report)
        self._report_restricted(named, "with_gtins", (), report)
        return _Filter(
            chosen,
            frozenset(excluded),
            left_out | by_gtin,
            tuple(sorted(second.union(named))),
            tuple(sorted(others.difference(named))),
            tuple(sorted(set(named))),
            by_gtin,
            (first_rule(values, self._count), second_rule(values)),
            len(left_out - excluded) + len(others),
            tuple(faults),
        )

    def _count(self, kind: str, names: Sequence[str]) -> int:
        """How many products have one of some names in plain form."""
        return sum(len(self._groups[kind].get(name, ())) for name in names)

    def _choose(
        self, values: Mapping[str, Any], prefix: str, excluded: set[int], report: ReportFault
    ) -> tuple[frozenset[int], frozenset[int]]:
        """The products that fit every group named, and those that are excluded or restricted."""
        chosen: frozenset[int] | None = None
        for plural, group in _GROUPS.items():
            found = self._group_members(values, f"{prefix}_{plural}", group, report)
            if found is not None:
                chosen = found if chosen is None else chosen & found
        if not chosen:
            return frozenset(), frozenset()
        allowed = chosen - excluded - self._restricted
        return allowed, chosen - allowed

    def _report_restricted(
        self, named: Sequence[int], column: str, excluded: Collection[int], report: ReportFault
    ) -> None:
        for gtin in dict.fromkeys(named):
            if gtin in self._restricted and gtin not in excluded:
                restriction = self._known[gtin][3]
                detail = f"{gtin_text(gtin)} is restricted ({restriction}) and never gets a deal"
                report(column, detail, "take it out")

    def _known_gtins(
        self, values: Mapping[str, Any], column: str, report: ReportFault
    ) -> Sequence[int]:
        given: Sequence[int] = values.get(column, ())
        known = self._known
        unknown = [gtin for gtin in given if gtin not in known]
        for gtin in unknown:
            report(column, f"no product has the GTIN {gtin_text(gtin)}", "load the products first")
        return [gtin for gtin in given if gtin in known] if unknown else given

    def _group_members(
        self, values: Mapping[str, Any], column: str, group: str, report: ReportFault
    ) -> frozenset[int] | None:
        """The products of the groups named; None when the cell is empty."""
        if column not in values:
            return None
        known = self._groups[group]
        found: set[int] = set()
        for name in values[column]:
            members = known.get(plain(name))
            if members is None:
                report(
                    column,
                    f"no product has the {group} {name[:60]!r}",
                    self._suggest_group(group, name),
                )
            else:
                found |= members
        return frozenset(found)

    def _suggest_group(self, group: str, name: str) -> str:
        return suggest_name(name, self._names[group]) or "check the spelling"


def members_of(sets: Sequence[tuple[int, ...]], places: Iterable[int]) -> pl.DataFrame:
    """The products of some sets: set, gtin."""
    chosen = list(places)
    sizes = [len(sets[place]) for place in chosen]
    gtins = chain.from_iterable(sets[place] for place in chosen)
    return pl.DataFrame(
        {
            "set": np.repeat(np.array(chosen, np.int64), sizes),
            "gtin": np.fromiter(gtins, np.int64, sum(sizes)),
        }
    )


def _median_prices(members: pl.DataFrame) -> pl.DataFrame:
    """The median of the prices that are known, of two the lower half: set, price_cents."""
    known = members.drop_nulls("price_cents").sort("set", "price_cents")
    prices = known["price_cents"].to_numpy()
    sets, first, count = np.unique(known["set"].to_numpy(), return_index=True, return_counts=True)
    middle = (prices[first + (count - 1) // 2] + prices[first + count // 2]) // 2
    return pl.DataFrame({"set": sets, "price_cents": middle})


def suggest_name(name: str, known: Mapping[str, str]) -> str:
    """`did you mean ...` for the closest of the names by their plain form; empty without one."""
    close = difflib.get_close_matches(plain(name)[:60], known, n=1, cutoff=_CLOSE)
    return f"did you mean {known[close[0]]!r}?" if close else ""
