"""What a deal was understood to mean, in one sentence that marketing can check."""

import json

from service.deals.columns import FACE_VALUES
from service.deals.understood import Deal
from service.engine.money import format_money
from service.engine.records import DealKind
from service.files import layouts

_LANGUAGE = "en"


def sentence(deal: Deal, *, currency: str) -> str:
    """`Dale Foods gives $1.00 off Dale Milk (2 products), ...`, with everything that limits it."""
    columns = deal.columns

    def money(cents: int) -> str:
        return format_money(cents, currency, _LANGUAGE)

    if columns["kind"] == DealKind.PARTNER:
        parts = [
            f"{deal.supplier} pays {money(columns['copy_fee_cents'])} for each copy of "
            f'"{columns["title"]}: {columns["value_text"]}", which the till does not redeem'
        ]
    else:
        parts = [_offer(deal, currency), *_funding(deal, currency)]
    parts.append(_limits(deal, currency))
    parts.append(f"mailed {columns['mail_from']} to {columns['mail_to']}")
    if columns["kind"] == DealKind.PRODUCT:
        parts.append(f"redeemed {columns['redeem_from']} to {columns['redeem_to']}")
    parts.extend(_aims(deal))
    return "; ".join(part for part in parts if part) + "."


def _offer(deal: Deal, currency: str) -> str:
    assert deal.terms is not None
    columns = deal.columns
    wording = layouts.wordings()[_LANGUAGE]
    off = wording.benefit(deal.terms, currency=currency)
    when = wording.condition(deal.terms, currency=currency)
    counted = _products(deal.counted[0])
    if deal.restricted:
        counted += f", {deal.restricted} restricted left out"
    said = f"{deal.supplier} gives {off} {columns['title']} ({counted})"
    if len(deal.counted) > 1:
        said += f" with {_products(deal.counted[1])} of a second set"
    said += f" {when}" if when else ""
    faces = json.loads(columns["face_values"])
    if faces:
        shown = (
            f"{name.removeprefix('face_value_').replace('_', ' ')} "
            f"{format_money(cents, currency, _LANGUAGE)}"
            for name, cents in zip(FACE_VALUES, faces, strict=True)
        )
        said += f" (by cell: {', '.join(shown)})"
    elif f"{format_money(columns['face_value_cents'], currency, _LANGUAGE)} off" != off:
        said += f", printed as worth {format_money(columns['face_value_cents'], currency)}"
    return said


def _products(count: int) -> str:
    return "1 product" if count == 1 else f"{count:,} products"


def _funding(deal: Deal, currency: str) -> list[str]:
    columns = deal.columns
    if columns["funding_share"] == 0:
        said = "the retailer pays it all"
    elif columns["funding_share"] == 100:
        said = "the supplier pays it all"
    else:
        said = f"the supplier pays {columns['funding_share']} %"
    if columns["funding_cap_cents"] is not None:
        said += f", at most {format_money(columns['funding_cap_cents'], currency)} a redemption"
    if columns["handling_fee_cents"]:
        said += f", and {format_money(columns['handling_fee_cents'], currency)} a redemption"
    return [said]


def _limits(deal: Deal, currency: str) -> str:
    columns = deal.columns
    budget, most = columns["budget_cents"], columns["circulation_max"]
    said = "no budget limit" if budget is None else f"budget {format_money(budget, currency)}"
    if most is not None:
        said += f", at most {most:,} lists"
    if columns["circulation_min"] is not None:
        said += f", at least {columns['circulation_min']:,} lists"
    if columns["limit_per_household"] != 1:
        said += f", {columns['limit_per_household']} uses a household"
    return said


def _aims(deal: Deal) -> list[str]:
    targets = json.loads(deal.columns["targets"])
    said = []
    if targets:
        shown = (f"{name} {', '.join(values)}" for name, values in targets.items())
        said.append(f"only for {'; '.join(shown)}".replace("_", " "))
    if deal.columns["control_share"]:
        said.append(f"{deal.columns['control_share']} % of households never get it")
    return said
