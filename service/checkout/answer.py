"""The wire answers of the till as compact JSON, stored and sent byte for byte."""

from collections.abc import Iterable
from typing import Any

from pydantic_core import to_json

from service.checkout.recognise import Found
from service.engine.redeem import Refusal, Settlement


def settled(redemption_id: str | None, status: str, found: Found, settlement: Settlement) -> str:
    """The answer to a quote (without a redemption) or a redemption."""
    return compact(
        {
            "redemption_id": redemption_id,
            "status": status,
            "discounts": [
                {
                    "line": discount.line,
                    "list_code": discount.list_code,
                    "list_line": discount.list_line,
                    "offer": discount.offer_id,
                    "text": discount.text,
                    "units": discount.units,
                    "amount_cents": discount.amount_cents,
                }
                for discount in settlement.discounts
            ],
            "total_discount_cents": settlement.total_cents,
            "refused": refused((*found.refusals, *settlement.refusals)),
            "next_list": {"status": "none" if found.household_id is None else "due"},
        }
    )


def refused(refusals: Iterable[Refusal]) -> list[dict[str, Any]]:
    """Refusals on the wire."""
    return [
        {
            "list_line": refusal.list_line,
            "offer": refusal.offer_id,
            "reason": refusal.reason,
            "detail": refusal.detail,
        }
        for refusal in refusals
    ]


def compact(answer: Any) -> str:
    """JSON without spaces, with letters as they are."""
    return to_json(answer).decode()
