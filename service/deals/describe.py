"""Describes an interpreted deal in one sentence that marketing can check."""

import json

from service.deals.columns import FACE_VALUES
from service.deals.interpreted import InterpretedDeal
from service.engine.money import format_money
from service.engine.records import DealKind
from service.files import layouts

_LANGUAGE = "en"


def describe_deal(deal: InterpretedDeal, *, currency: str) -> str:
    """`Dale Foods gives $1.00 off Dale Milk (2 products), ...`, with all its limits."""
    columns = deal.columns

    def money(cents: int) -> str:
        return format_money(cents, currency, _LANGUAGE)

    if columns["kind"] == DealKind.PARTNER:
        parts = [
            f"{deal.supplier} pays {money(columns['copy_fee_cents'])} for each copy of "
            f'"{columns["title"]}: {columns["value_text"]}", which the till does not redeem'
        ]
    else:
        parts = [_describe_offer(deal, currency), *_describe_funding(deal, currency)]
    parts.append(_describe_limits(deal, currency))
    parts.append(f"mailed {columns['mail_from']} to {columns['mail_to']}")
    if columns["kind"] == DealKind.PRODUCT:
        parts.append(f"redeemed {columns['redeem_from']} to {columns['redeem_to']}")
    parts.extend(_describe_targeting(deal))
    return "; ".join(part for part in parts if part) + "."


def _describe_offer(deal: InterpretedDeal, currency: str) -> str:
    assert deal.terms is not None
    columns = deal.columns
    wording = layouts.wordings()[_LANGUAGE]
    off = wording.benefit(deal.terms, currency=currency)
    when = wording.condition(deal.terms, currency=currency)
    counted = _count_products(deal.counted[0])
    if deal.restricted:
        counted += f", {deal.restricted} restricted left out"
    text = f"{deal.supplier} gives {off} {columns['title']} ({counted})"
    if len(deal.counted) > 1:
        text += f" with {_count_products(deal.counted[1])} of a second set"
    text += f" {when}" if when else ""
    faces = json.loads(columns["face_values"])
    if faces:
        shown = (
            f"{name.removeprefix('face_value_').replace('_', ' ')} "
            f"{format_money(cents, currency, _LANGUAGE)}"
            for name, cents in zip(FACE_VALUES, faces, strict=True)
        )
        text += f" (by cell: {', '.join(shown)})"
    elif f"{format_money(columns['face_value_cents'], currency, _LANGUAGE)} off" != off:
        text += f", printed as worth {format_money(columns['face_value_cents'], currency)}"
    return text


def _count_products(count: int) -> str:
    return "1 product" if count == 1 else f"{count:,} products"


def _describe_funding(deal: InterpretedDeal, currency: str) -> list[str]:
    columns = deal.columns
    if columns["funding_share"] == 0:
        text = "the retailer pays it all"
    elif columns["funding_share"] == 100:
        text = "the supplier pays it all"
    else:
        text = f"the supplier pays {columns['funding_share']} %"
    if columns["funding_cap_cents"] is not None:
        text += f", at most {format_money(columns['funding_cap_cents'], currency)} a redemption"
    if columns["handling_fee_cents"]:
        text += f", and {format_money(columns['handling_fee_cents'], currency)} a redemption"
    return [text]


def _describe_limits(deal: InterpretedDeal, currency: str) -> str:
    columns = deal.columns
    budget, most = columns["budget_cents"], columns["circulation_max"]
    text = "no budget limit" if budget is None else f"budget {format_money(budget, currency)}"
    if most is not None:
        text += f", at most {most:,} lists"
    if columns["circulation_min"] is not None:
        text += f", at least {columns['circulation_min']:,} lists"
    if columns["limit_per_household"] != 1:
        text += f", {columns['limit_per_household']} uses a household"
    return text


def _describe_targeting(deal: InterpretedDeal) -> list[str]:
    targets = json.loads(deal.columns["targets"])
    text = []
    if targets:
        shown = (f"{name} {', '.join(values)}" for name, values in targets.items())
        text.append(f"only for {'; '.join(shown)}".replace("_", " "))
    if deal.columns["control_share"]:
        text.append(f"{deal.columns['control_share']} % of households never get it")
    return text
