"""The rules of deals: what their rows say of the goods that count, by name."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import polars as pl

from service.files.headers import plain
from service.store.offers.goods import NAMES, RULES

Names: TypeAlias = tuple[str, tuple[str, ...]]
CountProducts = Callable[[str, Sequence[str]], int]
_CHOOSING = (("brand", "brands"), ("category", "categories"), ("item", "items"))


class Rule(NamedTuple):
    """What a product must have to count: a name of each kind in `named`, and none of `excluded`.

    Names are plain, each once and in order; the kind comes first that has the fewest products, by
    which the others are looked up. Excluded are GTINs too, as text.
    """

    named: tuple[Names, ...]
    excluded: tuple[Names, ...] = ()


class Kept(NamedTuple):
    """What is stored of a deal's two sets: products, those that are excluded, and a rule or None.

    Products of a rule are not stored beside it, but those that are named by their GTIN are.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    first_excluded: tuple[int, ...]
    second_excluded: tuple[int, ...]
    first_rule: Rule | None = None
    second_rule: Rule | None = None

    def said(self) -> str | None:
        """What it says as JSON for the deal's digest; None where it only stores products."""
        if self.first_rule is None and self.second_rule is None:
            return None
        rules = [rule and _sorted(rule) for rule in (self.first_rule, self.second_rule)]
        return json.dumps([self.first, self.second, *rules])


def first_rule(values: Mapping[str, Any], products: CountProducts) -> Rule | None:
    """The rule of a row's first set; None where its products are named by GTIN alone.

    `products` says how many products have one of some names of a kind.
    """
    if not (named := _names(values, "eligible")):
        return None
    gtins = values.get("excluded_gtins", ())
    by_gtin: tuple[Names, ...] = (("gtin", tuple(map(str, sorted(set(gtins))))),) if gtins else ()
    named = tuple(sorted(named, key=lambda each: products(*each)))
    return Rule(named, _names(values, "excluded") + by_gtin)


def second_rule(values: Mapping[str, Any]) -> Rule | None:
    """The rule of a row's second set."""
    named = _names(values, "with")
    return Rule(named) if named else None


def _names(values: Mapping[str, Any], prefix: str) -> tuple[Names, ...]:
    found = ((kind, values.get(f"{prefix}_{plural}", ())) for kind, plural in _CHOOSING)
    return tuple(
        (kind, tuple(sorted({plain(name) for name in names}))) for kind, names in found if names
    )


def as_frames(rules: Sequence[Rule]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rules as they are stored: a row each, and their names by its place."""
    rows = [
        (_digest(rule), rule.named[0][0], len(rule.named), bool(rule.excluded)) for rule in rules
    ]
    names = [
        (place, kind, key, is_excluded)
        for place, rule in enumerate(rules)
        for is_excluded, part in ((False, rule.named), (True, rule.excluded))
        for kind, keys in part
        for key in keys
    ]
    return (
        pl.DataFrame(rows, schema=RULES, orient="row"),
        pl.DataFrame(names, schema=NAMES, orient="row"),
    )


def _digest(rule: Rule) -> str:
    return hashlib.sha256(json.dumps(_sorted(rule)).encode()).hexdigest()


def _sorted(rule: Rule) -> Rule:
    """The rule as rules that say the same all are."""
    return Rule(tuple(sorted(rule.named)), tuple(sorted(rule.excluded)))
