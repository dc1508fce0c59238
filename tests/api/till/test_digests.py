"""What tells one body from another, and that what was stored before is still recognised."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.admin.keys import Caller
from service.api.till.forms import basket_of, offline_of, return_of
from service.api.till.schemas import (
    BasketIn,
    LineIn,
    OfflineIn,
    PresentedIn,
    ReturnIn,
    TransactionIn,
)
from service.checkout import BodyDigest
from service.store.tables.access import Role
from tests.till import body

CALLER = Caller(1, Role.ADMIN, None, None)
SOLD = "0e303af11244e34e8f266bb5c2cf6aaa8a736d37ef08a3d52c88fc4ca429ae26"
BACK = "d6aa3e70f5be0f21b60dfd977cc94a9d54299ca2f94109e1ed2a6078cb0224f8"
"""What the version without versions of digests stored for `sold` and `back`."""


def sold() -> dict[str, Any]:
    shown = [("card", "952123400000000017"), ("phone", "+1 502 555 0101")]
    sent = body(7, presented=shown, lines=[("02000000000015", 1, 120), ("4011", 2, 99)])
    sent["lines"][0]["quantity"] = 2.5
    return sent


def back() -> dict[str, Any]:
    named = body(7)["transaction"]
    original = {name: value for name, value in named.items() if name != "at"}
    return {"transaction": named, "original": original, "lines": [{"line": 1, "quantity": 1}]}


def digest(sent: dict[str, Any]) -> BodyDigest:
    return basket_of(BasketIn.model_validate_json(json.dumps(sent)), CALLER).digest


def test_what_was_stored_before_is_recognised() -> None:
    offline = OfflineIn.model_validate({**sold(), "discounts": []})
    returned = return_of(ReturnIn.model_validate_json(json.dumps(back())), CALLER)
    assert digest(sold()).is_of(SOLD)
    assert offline_of(offline, CALLER).basket.digest.is_of(SOLD)
    assert returned.digest.is_of(BACK)
    assert digest(sold()).text == offline_of(offline, CALLER).basket.digest.text
    assert digest(sold()).text.startswith("2:")
    for other in (digest(body(7)), returned.digest):
        assert not other.is_of(SOLD)
        assert not other.is_of(digest(sold()).text)


@given(
    hours=st.integers(-12, 14),
    zeros=st.integers(0, 2),
    marks=st.sampled_from(["", " ", "-"]),
    order=st.permutations([0, 1]),
    unit=st.sampled_from(["each", "EA", "PCS", None, ""]),
)
def test_equal_values_have_one_digest(
    hours: int, zeros: int, marks: str, order: list[int], unit: str | None
) -> None:
    sent = sold()
    local = (17 + hours) % 24
    day = 5 + (17 + hours) // 24
    sent["transaction"]["at"] = f"2026-03-{day:02d}T{local:02d}:04:12.000{hours:+03d}:00"
    sent["presented"][0]["value"] = f"{marks}952123{marks}400000000017"
    sent["lines"][1]["gtin"] = "0" * zeros + "4011"
    sent["lines"][1]["unit"] = unit
    sent["lines"] = [sent["lines"][n] for n in order]
    assert digest(sent).text == digest(sold()).text


OTHER_VALUES = [
    ("transaction", "store", "0043"),
    ("transaction", "business_date", "2026-03-06"),
    ("transaction", "at", "2026-03-05T17:04:13+00:00"),
    ("transaction", "terminal", "01"),
    ("transaction", "number", "07"),
    ("lines", "gtin", "02000000000016"),
    ("lines", "gtin", "X"),
    ("lines", "quantity", 2.501),
    ("lines", "unit", "kg"),
    ("lines", "amount_cents", 121),
    ("lines", "line", 3),
    ("presented", "value", "952123400000000018"),
    ("presented", "kind", "list"),
]


def test_every_field_of_a_sale_is_tried() -> None:
    parts = {"transaction": TransactionIn, "presented": PresentedIn, "lines": LineIn}
    assert set(BasketIn.model_fields) == set(parts)
    fields = {(part, name) for part, form in parts.items() for name in form.model_fields}
    assert {(part, name) for part, name, _ in OTHER_VALUES} == fields


@pytest.mark.parametrize(("part", "name", "value"), OTHER_VALUES)
def test_another_value_is_another_body(part: str, name: str, value: Any) -> None:
    sent = sold()
    (sent[part] if part == "transaction" else sent[part][0])[name] = value
    assert digest(sent).text != digest(sold()).text
