"""The documents of the rules: every example is run, every kind and reason is described."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from service.engine.redeem import (
    BENEFITS,
    BasketLine,
    OpenLine,
    RefusalReason,
    Terms,
    settle_basket,
)
from tests.engine.redeem.baskets import CODE, TODAY, by_line, reasons

DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = (DOCS / "benefits.md").read_text(encoding="utf-8")
REFUSALS = (DOCS / "refusals.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [
    json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_example(example: dict[str, Any]) -> None:
    result = settle_basket(
        [BasketLine(gtin=4011, **line) for line in example["basket"]],
        [_open_line(number, offer) for number, offer in enumerate(example["offers"], start=1)],
        on=TODAY,
    )
    assert by_line(result) == {
        (each["offer"], each["line"]): tuple(each["unit_cents"]) for each in example["discounts"]
    }
    assert reasons(result) == {int(k): v for k, v in example.get("refused", {}).items()}
    assert result.points == example.get("points", 0)


def _open_line(number: int, offer: dict[str, Any]) -> OpenLine:
    uses = offer.get("uses_left", 1)
    return OpenLine(
        list_code=CODE,
        list_line=number,
        offer_id=number,
        terms=Terms.from_dict(offer["terms"]),
        text="",
        eligible=tuple(frozenset(lines) for lines in offer["eligible"]),
        uses_left=uses,
        limit=uses,
        valid_from=TODAY,
        valid_to=TODAY,
    )


def test_every_benefit_has_a_section_with_an_example() -> None:
    shown = {offer["terms"]["benefit"]["kind"] for each in EXAMPLES for offer in each["offers"]}
    assert shown == set(BENEFITS)
    assert set(re.findall(r"^## (\w+):", DOCUMENT, re.MULTILINE)) == set(BENEFITS)


def test_every_reason_is_described_once_in_the_order_of_the_list() -> None:
    described = re.findall(r"^\| `(\w+)` \|", REFUSALS, re.MULTILINE)
    assert described == [str(reason) for reason in RefusalReason]
