"""Describes an interpreted deal in one sentence that marketing can check.

The sentence names every column that the row fills in: what it means, or the column itself.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.deals.columns import BY_NAME, FACE_VALUES, CellKind
from service.deals.interpreted import InterpretedDeal
from service.engine.codes import gtin_text
from service.engine.money import format_money
from service.engine.records import DealKind
from service.files import layouts

_LANGUAGE = "en"
_MOST_NAMED = 5
_MOST_QUOTED = 200
_CHOOSING = {
    "eligible_gtins": "GTIN", "eligible_items": "item", "eligible_categories": "category",
    "eligible_brands": "brand",
}  # fmt: skip
_EXCLUDING = {name.replace("eligible", "excluded"): word for name, word in _CHOOSING.items()}
_BY_NAME = [name for name in _CHOOSING if name != "eligible_gtins"]
_CHOOSING_SECOND = {"with_gtins": "GTIN", "with_items": "item"}
_USUAL = (
    "kind", "min_quantity", "unit", "min_spend", "with_quantity", "get_quantity", "handling_fee",
    "control_share_percent",
)  # fmt: skip
"""Columns of which the sentence has no word when they say what an empty cell would."""

Money = Callable[[int], str]


def describe_deal(deal: InterpretedDeal, *, currency: str) -> str:
    """`Dale Foods gives $1.00 off Dale Milk (2 products); on ...`, with all its limits."""
    columns = deal.columns

    def money(cents: int) -> str:
        return format_money(cents, currency, _LANGUAGE)

    if columns["kind"] == DealKind.PARTNER:
        parts = [
            f"{deal.supplier} pays {money(columns['copy_fee_cents'])} for each copy of "
            f'"{columns["title"]}: {columns["value_text"]}", which the till does not redeem'
        ]
    else:
        parts = [
            _describe_offer(deal, currency),
            *_describe_products(deal),
            *_describe_use(deal, money),
            _describe_funding(deal, money),
        ]
    parts.append(_describe_limits(deal, money))
    parts.append(f"mailed {columns['mail_from']} to {columns['mail_to']}")
    if columns["kind"] == DealKind.PRODUCT or {"redeem_from", "redeem_to"} & deal.given.keys():
        parts.append(f"redeemed {columns['redeem_from']} to {columns['redeem_to']}")
    parts += _describe_targeting(deal)
    parts += _describe_texts(deal.given)
    parts.append(_describe_usual(deal.given))
    return "; ".join(part for part in parts if part) + "."


def _describe_offer(deal: InterpretedDeal, currency: str) -> str:
    assert deal.terms is not None
    wording = layouts.wordings()[_LANGUAGE]
    off = wording.benefit(deal.terms, currency=currency)
    when = wording.condition(deal.terms, currency=currency)
    counted = _count(len(deal.sets[0]), "product")
    if any(name in deal.given for name in _BY_NAME):
        counted += " now"
    if deal.restricted:
        counted += f", {deal.restricted} restricted left out"
    text = f"{deal.supplier} gives {off} {deal.columns['title']} ({counted})"
    if len(deal.sets) > 1:
        quantity = deal.given.get("with_quantity", 1)
        also = _count(len(deal.sets[1]), "product") + (" now" if "with_items" in deal.given else "")
        text += f" with {quantity} of {also} of a second set"
    return f"{text} {when}" if when else text


def _describe_products(deal: InterpretedDeal) -> list[str]:
    """`on Dale Milk, ... and 2 more, chosen by brand Dale without item Cream`, for each set."""
    parts = [_describe_set(deal, 0, "on", _CHOOSING, _EXCLUDING)]
    if len(deal.sets) > 1:
        parts.append(_describe_set(deal, 1, "the second set is", _CHOOSING_SECOND, {}))
    return parts


def _describe_set(
    deal: InterpretedDeal,
    place: int,
    start: str,
    choosing: Mapping[str, str],
    excluding: Mapping[str, str],
) -> str:
    text = f"{start} {_list([deal.descriptions[gtin] for gtin in deal.sets[place]])}"
    for word, columns in (("chosen by", choosing), ("without", excluding)):
        named = [
            f"{noun} {_list(sorted(_texts(column, deal.given[column])))}"
            for column, noun in columns.items()
            if column in deal.given
        ]
        if named:
            text += f", {word} {' and '.join(named)}"
    return text


def _describe_use(deal: InterpretedDeal, money: Money) -> list[str]:
    """The limits of one use, how often a basket has it, and what is printed as its worth."""
    assert deal.terms is not None
    given, parts = deal.given, []
    if "benefit_cap" in given:
        parts.append(f"at most {money(given['benefit_cap'])} off in one use")
    if "covers" in given:
        whole = {"all": "all units that count", "needed": "the units needed"}
        parts.append(f"covers {whole.get(given['covers'], given['covers'])}")
    if "uses_per_basket" in given:
        parts.append(f"at most {_count(given['uses_per_basket'], 'use')} in one basket")
    faces = json.loads(deal.columns["face_values"])
    if faces:
        shown = (
            f"{name.removeprefix('face_value_').replace('_', ' ')} {money(cents)}"
            for name, cents in zip(FACE_VALUES, faces, strict=True)
        )
        parts.append(f"by cell {', '.join(shown)}")
    if "face_value" in given or not (faces or deal.terms.benefit.face_value_cents):
        parts.append(f"printed as worth {money(deal.columns['face_value_cents'])}")
    return parts


def _describe_funding(deal: InterpretedDeal, money: Money) -> str:
    columns = deal.columns
    if columns["funding_share"] == 0:
        text = "the retailer pays it all"
    elif columns["funding_share"] == 100:
        text = "the supplier pays it all"
    else:
        text = f"the supplier pays {columns['funding_share']} %"
    if columns["funding_cap_cents"] is not None:
        text += f", at most {money(columns['funding_cap_cents'])} a redemption"
    if columns["handling_fee_cents"]:
        text += f", and {money(columns['handling_fee_cents'])} a redemption"
    return text


def _describe_limits(deal: InterpretedDeal, money: Money) -> str:
    columns = deal.columns
    budget, most = columns["budget_cents"], columns["circulation_max"]
    text = "no budget limit" if budget is None else f"budget {money(budget)}"
    if most is not None:
        text += f", at most {most:,} lists"
    if columns["circulation_min"] is not None:
        text += f", at least {columns['circulation_min']:,} lists"
    if columns["limit_per_household"] != 1 or "limit_per_household" in deal.given:
        text += f", {_count(columns['limit_per_household'], 'use')} a household"
    return text


def _describe_targeting(deal: InterpretedDeal) -> list[str]:
    targets = json.loads(deal.columns["targets"])
    text = []
    if targets:
        shown = (f"{name} {', '.join(values)}" for name, values in targets.items())
        text.append(f"only for {', '.join(shown)}".replace("_", " "))
    if deal.columns["control_share"]:
        text.append(f"{deal.columns['control_share']} % of households never get it")
    return text


def _describe_texts(given: Mapping[str, Any]) -> list[str]:
    """The small print, and the texts in other languages."""
    parts = []
    for name in given:
        stem, _, language = name.rpartition("_")
        if name == "legal_text":
            parts.append(f"small print {_quote(given[name])}")
        elif stem in ("title", "legal_text"):
            noun = "title" if stem == "title" else "small print"
            parts.append(f"in {language} {noun} {_quote(given[name])}")
    return parts


def _describe_usual(given: Mapping[str, Any]) -> str:
    """The columns that say what an empty cell would."""
    named = [
        f"{name} {_texts(name, given[name])[0]}"
        for name in _USUAL
        if name in given and _texts(name, given[name])[0] == (BY_NAME[name].default or None)
    ]
    return f"stated as usual: {', '.join(named)}" if named else ""


def _texts(name: str, value: Any) -> list[str]:
    """A cell's value, or each of its values, as it is written."""
    column = BY_NAME[name]
    if column.kind is CellKind.GTINS:
        return [gtin_text(key) for key in value]
    if isinstance(value, tuple) and column.kind is not CellKind.NUMBER:
        return [*map(str, value)]
    return [f"{value.amount.normalize():f}" if column.kind is CellKind.NUMBER else str(value)]


def _list(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown} and {more:,} more" if more > 0 else shown


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _quote(text: str) -> str:
    if len(text) <= _MOST_QUOTED:
        return f'"{text}"'
    return f'"{text[:_MOST_QUOTED]}..." ({len(text):,} characters)'
