"""The till's answers as compact JSON, stored and sent byte for byte; each is written here only."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pydantic_core import to_json

from service.checkout.sales import ClockSkew
from service.engine.redeem import OpenLine, Refusal
from service.engine.settle import Split
from service.store.till import Dispute, DraftLine, PresentedList

OFFER_LINE = "offer"
"""The kind of a list line that takes something off at the till."""


class Discounted(Protocol):
    """What came off one basket line because of one list line; no offer where nobody issued it."""

    @property
    def line(self) -> int: ...
    @property
    def list_code(self) -> str: ...
    @property
    def list_line(self) -> int: ...
    @property
    def offer_id(self) -> int | None: ...
    @property
    def text(self) -> str: ...
    @property
    def units(self) -> int: ...
    @property
    def amount_cents(self) -> int: ...


class Borne(NamedTuple):
    """Who bears a discount."""

    supplier_cents: int
    retailer_cents: int


def borne(part: Split) -> Borne:
    """Who bears the discount of a basket line."""
    return Borne(sum(part.supplier_cents), sum(part.retailer_cents))


class Use(Protocol):
    """A list line with the uses, points and cents of it that are made, or taken back."""

    @property
    def list_code(self) -> str: ...
    @property
    def list_line(self) -> int: ...
    @property
    def offer_id(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def uses(self) -> int: ...
    @property
    def points(self) -> int: ...
    @property
    def amount_cents(self) -> int: ...


class ListLineKey(Protocol):
    """A line of a list."""

    @property
    def list_code(self) -> str: ...
    @property
    def list_line(self) -> int: ...


def sale(
    redemption_id: str | None,
    status: str,
    *,
    discounts: Iterable[tuple[Discounted, Borne]],
    total_cents: int,
    applied: Iterable[Use],
    refusals: Iterable[Refusal],
    household_id: int | None,
    drafts: Iterable[DraftLine],
    clock_skew: ClockSkew | None = None,
) -> str:
    """The answer to a quote (without a redemption), a redemption, or a sale made offline.

    Of the `drafts` the lines of this household are what its next list has left.
    """
    return compact(
        {
            "redemption_id": redemption_id,
            "status": str(status),
            "discounts": [
                {
                    "line": discount.line,
                    "list_code": discount.list_code,
                    "list_line": discount.list_line,
                    "offer": discount.offer_id,
                    "text": discount.text,
                    "units": discount.units,
                    "amount_cents": discount.amount_cents,
                    "supplier_cents": parts.supplier_cents,
                    "retailer_cents": parts.retailer_cents,
                }
                for discount, parts in discounts
            ],
            "total_discount_cents": total_cents,
            "applied": _applied(applied),
            "refused": _refused(refusals),
            "next_list": _next_list(household_id, drafts),
            **_skew(clock_skew),
        }
    )


def _next_list(household_id: int | None, drafts: Iterable[DraftLine]) -> dict[str, Any]:
    if household_id is None:
        return {"status": "none"}
    lines = [line for line in drafts if line.household_id == household_id]
    if not lines:
        return {"status": "due"}
    return {
        "status": "due",
        "offers": [line.text for line in lines if line.kind == OFFER_LINE],
        "reminders": [line.text for line in lines if line.kind != OFFER_LINE],
    }


def open_lists(
    lists: Iterable[PresentedList],
    lines: Mapping[str, Sequence[OpenLine]],
    *,
    refusals: Iterable[Refusal],
    household_id: int | None,
) -> str:
    """The answer to a look-up: the open lines of each list, by its code."""
    return compact(
        {
            "household_known": household_id is not None,
            "lists": [
                {
                    "list_code": each.code,
                    "valid_from": each.valid_from.isoformat(),
                    "valid_to": each.valid_to.isoformat(),
                    "lines": [
                        {
                            "list_line": line.list_line,
                            "offer": line.offer_id,
                            "text": line.text,
                            "uses_left": line.usable,
                        }
                        for line in lines.get(each.code, ())
                    ],
                }
                for each in lists
            ],
            "refused": _refused(refusals),
        }
    )


def voided(
    redemption_id: str,
    *,
    total_cents: int,
    applied: Iterable[Use],
    reopened: Iterable[ListLineKey],
) -> str:
    """The answer to a void; `applied` is what it took back."""
    return compact(
        {
            "redemption_id": redemption_id,
            "status": "voided",
            "total_discount_cents": total_cents,
            "applied": _applied(applied),
            "reopened": _lines(reopened),
        }
    )


def return_voided(
    redemption_id: str,
    return_id: str,
    *,
    refund_cents: int,
    discount_cents: int,
    applied: Iterable[Use],
) -> str:
    """The answer to the void of a return; `applied` is what the household has again."""
    return compact(
        {
            "redemption_id": redemption_id,
            "return_id": return_id,
            "status": "voided",
            "total_refund_cents": refund_cents,
            "total_discount_cents": discount_cents,
            "applied": _applied(applied),
            "reopened": [],
        }
    )


def returned(
    return_id: str,
    redemption_id: str,
    *,
    lines: Sequence[dict[str, Any]],
    refund_cents: int,
    discount_cents: int,
    applied: Iterable[Use],
    reopened: Iterable[ListLineKey],
    clock_skew: ClockSkew | None = None,
) -> str:
    """The answer to a return: what each of its lines comes to, `applied` what it took back."""
    return compact(
        {
            "return_id": return_id,
            "redemption_id": redemption_id,
            "status": "returned",
            "lines": lines,
            "total_refund_cents": refund_cents,
            "total_discount_cents": discount_cents,
            "applied": _applied(applied),
            "reopened": _lines(reopened),
            **_skew(clock_skew),
        }
    )


def replayed(status: str, *, conflicts: Sequence[dict[str, Any]], answer: Any) -> str:
    """The answer to one sale of a replay, with the stored answer of its redemption."""
    return compact({"status": status, "conflicts": conflicts, "answer": answer})


def conflict(dispute: Dispute, list_code: str | None) -> dict[str, Any]:
    """One conflict of a replay."""
    return {
        "list_code": list_code,
        "list_line": dispute.list_line,
        "offer": dispute.offer_id,
        "reason": dispute.reason,
        "amount_cents": dispute.amount_cents,
        "borne_by": dispute.borne_by,
    }


def compact(answer: Any) -> str:
    """JSON without spaces, with letters as they are."""
    return to_json(answer).decode()


def _applied(uses: Iterable[Use]) -> list[dict[str, Any]]:
    return [
        {
            "list_code": each.list_code,
            "list_line": each.list_line,
            "offer": each.offer_id,
            "text": each.text,
            "uses": each.uses,
            "points": each.points,
            "amount_cents": each.amount_cents,
        }
        for each in uses
    ]


def _skew(skew: ClockSkew | None) -> dict[str, Any]:
    """What is said of a till's clock, where there is something to say."""
    if skew is None:
        return {}
    moments = {"at": skew.sent_at, "taken_as": skew.taken_as}
    return {"clock_skew": {name: moment.isoformat() for name, moment in moments.items()}}


def _refused(refusals: Iterable[Refusal]) -> list[dict[str, Any]]:
    return [
        {
            "list_code": refusal.list_code,
            "list_line": refusal.list_line,
            "presented": refusal.presented._asdict() if refusal.presented else None,
            "offer": refusal.offer_id,
            # Of an enum the writer of JSON takes ten times as long.
            "reason": str(refusal.reason),
            "detail": refusal.detail,
        }
        for refusal in refusals
    ]


def _lines(lines: Iterable[ListLineKey]) -> list[dict[str, Any]]:
    return [{"list_code": line.list_code, "list_line": line.list_line} for line in lines]
