"""The wire form: what a till may write, and what only looks like it."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from service.api.schemas.batches import BatchIn
from service.api.schemas.cycles import CycleIn
from service.api.till.bodies import faults, parsed
from service.api.till.replays import split
from service.api.till.schemas import OfflineIn, TransactionIn
from service.errors import InvalidInput
from tests.till import FULL, body

GIVEN: dict[str, Any] = {
    "store": "0042",
    "terminal": "3",
    "business_date": "2026-03-05",
    "number": "1187",
    "at": "2026-03-05T17:04:12+00:00",
}


def test_a_terminal_and_a_number_may_be_numbers() -> None:
    named = TransactionIn.model_validate({**GIVEN, "terminal": 3, "number": 10**18 - 1})
    assert (named.terminal, named.number) == ("3", "999999999999999999")
    assert named.business_date == date(2026, 3, 5)
    assert named.at == datetime(2026, 3, 5, 17, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("business_date", 0),
        ("business_date", 20517.0),
        ("business_date", "1772668800"),
        ("business_date", "2026-03-05T00:00:00"),
        ("business_date", "\u0662\u0660\u0662\u0666-03-05"),
        ("business_date", True),
        ("at", 1772730252),
        ("at", 1772730252.5),
        ("at", "1772730252"),
        ("at", "2026-03-05T17:04:12"),
        ("at", True),
        ("number", True),
        ("number", -1),
        ("number", 10**18),
        ("number", 1.0),
        ("terminal", None),
    ],
)
def test_what_only_looks_like_a_day_a_moment_or_a_number_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        TransactionIn.model_validate({**GIVEN, name: value})
    assert {fault["loc"] for fault in caught.value.errors()} == {(name,)}


@pytest.mark.parametrize("value", [True, "1", 1.5])
def test_a_number_asked_for_is_a_number(value: Any) -> None:
    with pytest.raises(ValidationError):
        CycleIn.model_validate({"as_of": "2026-03-05", "seed": value})
    with pytest.raises(ValidationError):
        BatchIn.model_validate({"cycle_id": value})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", ""),
        (b" \n ", "application/x-ndjson"),
        (b"5", "application/json"),
        (b'"sale"', "application/json"),
        (b"[{", ""),
        (b"[" * 100_000, ""),
        (b"\xff\xfe[", "application/json"),
        (b"[" + b"{}," * 5000 + b"{}]", ""),
    ],
)
def test_a_replay_that_is_none_is_refused_whole(body: bytes, kind: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        split(body, kind=kind)
    assert [fault.where for fault in caught.value.problems] == ["#"]


def test_a_line_that_is_no_sale_does_not_refuse_the_others() -> None:
    assert split(b" \nnonsense \r\n\n{}\n", kind="application/x-ndjson") == [b"nonsense", b"{}"]


def large(**more: Any) -> bytes:
    """The largest sale there is: as many lines, discounts and things presented as there may be."""
    given = {"line": 1, "list_code": "9" * 28, "list_line": 1, "units": 1, "uses": 1}
    sold = [{**body(1, lines=FULL)["lines"][0], "line": number} for number in range(1, 1001)]
    shown = [("card", "9521234000000000")] * 20
    sale = {**body(1, presented=shown), "lines": sold, "discounts": [given | {"amount_cents": 1}]}
    return json.dumps({**sale, "discounts": sale["discounts"] * 1000, **more}).encode()


def test_the_largest_sale_is_read() -> None:
    assert len(parsed(large(), OfflineIn).discounts) == 1000


@pytest.mark.parametrize("more", [{"x": [[]] * 300_000}, {f"x{n}": 1 for n in range(80_000)}])
def test_a_body_of_more_parts_is_refused_before_it_is_parsed(more: dict[str, Any]) -> None:
    """To parse the first held other threads for 223 ms, to name the second's faults 130 ms."""
    with pytest.raises(InvalidInput, match="more parts than are read at once"):
        parsed(large(**more), OfflineIn)


def test_faults_beyond_counting_are_one() -> None:
    with pytest.raises(ValidationError) as caught:
        parsed(large(**{f"x{n}": 1 for n in range(501)}), OfflineIn)
    assert [each["msg"] for each in faults(caught.value)] == [
        "501 parts of it cannot be understood"
    ]
