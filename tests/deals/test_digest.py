"""The digest that identifies a deal's content: the same for deals loaded by any version."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given as drawn
from hypothesis import strategies as st

from service.deals.coded_grid import CodedGrid, GridColumn
from service.deals.digest import digest_deals, rows_as_read
from service.deals.interpreted import OFFER_COLUMNS
from service.deals.readers import Number

_COLUMNS: dict[str, Any] = {
    "title": "Dale “Milk”", "funding_share": 100, "handling_fee_cents": 8, "budget_cents": None,
    "circulation_max": 5000, "circulation_min": None, "mail_from": date(2026, 4, 1),
    "mail_to": date(2026, 4, 30), "redeem_from": date(2026, 4, 1), "redeem_to": date(2026, 5, 14),
    "limit_per_household": 1, "control_share": 0, "legal": "", "terms": '{"b":1,"a":[2]}',
    "face_value_cents": 100, "kind": "product", "funding_cap_cents": None, "copy_fee_cents": 0,
    "value_text": None, "texts": "{}", "targets": "{}", "face_values": "[]",
}  # fmt: skip


def _digest_in_full(columns: dict[str, Any], members: tuple[tuple[int, ...], ...]) -> str:
    content: dict[str, Any] = {
        "title": columns["title"],
        "funding_share_percent": str(columns["funding_share"]),
        "handling_fee": str(columns["handling_fee_cents"]),
        "budget": str(columns["budget_cents"]),
        "legal_text": columns["legal"],
        "limit_per_household": str(columns["limit_per_household"]),
        "control_share_percent": str(columns["control_share"]),
        "terms": json.loads(columns["terms"]),
        "members": members[0] if len(members) == 1 else members,
        "face_value": columns["face_value_cents"],
    }
    for name in ("circulation_max", "circulation_min", "mail_from", "mail_to", "redeem_from",
                 "redeem_to"):  # fmt: skip
        content[name] = str(columns[name])
    for name in ("kind", "funding_cap_cents", "copy_fee_cents", "value_text", "texts", "targets",
                 "face_values"):  # fmt: skip
        if columns[name] != _COLUMNS[name]:
            content[name] = columns[name]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@drawn(
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.text(), "legal": st.text(), "budget_cents": st.integers(0, 10**9),
            "funding_cap_cents": st.integers(1, 999), "kind": st.just("partner"),
            "value_text": st.text(), "texts": st.text(), "targets": st.text(),
        },
    ),
    st.lists(st.lists(st.integers(1, 10**13)).map(tuple), max_size=2).map(tuple),
)  # fmt: skip
def test_the_digest_is_of_json_with_sorted_names(
    given: dict[str, Any], members: tuple[tuple[int, ...], ...]
) -> None:
    columns = _COLUMNS | given
    places = {"first_set": 0 if members else None, "second_set": 1 if members[1:] else None}
    kinds = OFFER_COLUMNS | dict.fromkeys(places, pl.Int64)
    rows = [{**_COLUMNS, **places}, {**columns, **places}]
    frame = pl.DataFrame(rows, {name: kinds[name] for name in rows[0]})
    assert digest_deals(frame, members).to_list() == [
        _digest_in_full(_COLUMNS, members),
        _digest_in_full(columns, members),
    ]


def test_numbers_are_kept_as_they_were_written() -> None:
    values = {
        "value": Number(Decimal("1.0"), is_percent=False),
        "min_quantity": Number(Decimal("20"), is_percent=True),
        "budget": 120050,
        "circulation_max": 500,
        "eligible_brands": ("Dale", "Müller"),
        "mail_from": date(2026, 4, 1),
    }
    again = values | {"value": Number(Decimal("1.00"), is_percent=False)}
    two = np.arange(2)
    columns = {name: GridColumn([values[name], again[name]], two) for name in values}
    columns["title"] = GridColumn(["Milk"], np.array([0, -1]))
    given = rows_as_read(CodedGrid(0, two, columns, np.ones(2, np.bool_)), 2)
    first, second = (json.loads(each) for each in given)
    assert first == {
        "value": "1.0",
        "min_quantity": "20%",
        "budget": "1200.50",
        "circulation_max": "500",
        "eligible_brands": "Dale; Müller",
        "mail_from": "2026-04-01",
        "title": "Milk",
    }
    assert second == {name: first[name] for name in values} | {"value": "1.00"}
