"""Statements are made of the rows they write: columns, places, types and parameters."""

from datetime import UTC, date, datetime
from typing import NamedTuple

import pytest

from service.engine.ledger import Account, Entry
from service.engine.settle import Split
from service.store.tables import metadata
from service.store.till import BoughtRow, Dispute, RedemptionRow, RefusalRow, UseRow, splits
from service.store.till.rows import (
    Parameters,
    array_writer,
    from_array,
    holders,
    json_writer,
    names,
    reader,
    selected,
    sqlite_values,
)


class Day(NamedTuple):
    """A row with every type there is."""

    key: int
    name: str
    is_open: bool
    on: date
    at: datetime
    account: Account
    until: date | None = None


@pytest.mark.parametrize(
    ("row", "table"),
    [
        (BoughtRow, "basket_line"),
        (UseRow, "redemption_line"),
        (RefusalRow, "refusal"),
        (RedemptionRow, "redemption"),
        (Dispute, "till_conflict"),
        (Entry, "ledger_entry"),
    ],
)
def test_a_row_names_columns_of_its_table(row: type[NamedTuple], table: str) -> None:
    assert set(row._fields) <= set(metadata.tables[table].columns.keys())


def test_columns_are_named_in_the_order_of_the_fields() -> None:
    assert names(RefusalRow) == "list_line, offer_id, reason, detail"
    assert names(RefusalRow, of="r") == "r.list_line, r.offer_id, r.reason, r.detail"
    assert holders(RefusalRow) == ":list_line, :offer_id, :reason, :detail"
    assert from_array(RefusalRow) == "value ->> 0, value ->> 1, value ->> 2, value ->> 3"


def test_a_column_without_a_source_is_an_error() -> None:
    sources = {"list_line": "l.line", "offer_id": "o.id", "reason": "'x'"}
    with pytest.raises(KeyError, match="detail"):
        selected(RefusalRow, sources)
    assert selected(RefusalRow, {**sources, "detail": "''"}) == (
        "l.line AS list_line, o.id AS offer_id, 'x' AS reason, '' AS detail"
    )


def test_parameters_are_numbered_in_the_order_in_which_they_are_added() -> None:
    given = Parameters()
    day = given.scalars(Day)
    numbers, refusals = given.array(int), given.arrays(RefusalRow)
    assert day.all == (
        "$1::bigint, $2::text, $3::bool, $4::date, $5::timestamptz, $6::text, $7::date"
    )
    assert (day.on, numbers) == ("$4::date", "$8::text::bigint[]")
    assert refusals.reason == "$11::text::text[]"
    assert refusals.rows == (
        "unnest($9::text::bigint[], $10::text::bigint[], $11::text::text[], $12::text::text[])"
    )


def test_rows_become_an_array_for_each_column() -> None:
    rows = [RefusalRow(1, None, 'a "b"', "c\\d"), RefusalRow(None, 2, "e", "")]
    write = array_writer(RefusalRow)
    assert write(rows) == ["{1,null}", "{null,2}", '{"a \\"b\\"","e"}', '{"c\\\\d",""}']
    assert write([]) == ["{}"] * 4
    assert array_writer(Entry)([Entry(Account.SPENT, 7, None, -3)]) == [
        '{"offer_spent"}', "{7}", "{null}", "{-3}", "{0}", "{0}",
    ]  # fmt: skip


def test_rows_become_one_json_array_of_arrays() -> None:
    entries = [Entry(Account.SPENT, 7, None, -3), Entry(Account.BUDGET, 7, 3, 3)]
    assert json_writer(Entry)(entries) == (
        '[["offer_spent",7,null,-3,0,0],["offer_budget",7,3,3,0,0]]'
    )
    assert (
        json_writer(RefusalRow)([RefusalRow(1, None, 'a "b"', "é")]) == '[[1,null,"a \\"b\\"","é"]]'
    )
    assert json_writer(Entry)([]) == "[]"


def test_a_row_goes_to_sqlite_as_it_is_stored_and_its_dates_come_back() -> None:
    day = Day(
        1, "a", True, date(2026, 3, 5), datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), Account.SPENT
    )
    stored = sqlite_values(day)
    assert (stored["on"], stored["at"], stored["until"]) == ("2026-03-05", 1_000_000, None)

    class Open(NamedTuple):
        """A row with a date."""

        key: int
        on: date

    assert reader(Open)([3, "2026-03-05"]) == Open(3, date(2026, 3, 5))


def test_splits_are_stored_by_basket_line_and_read_as_they_were() -> None:
    given = [Split(3, (17, 17), (16, 16)), Split(4, (0,), (50,))]
    assert splits.encode(given) == "[[3,[17,17],[16,16]],[4,[0],[50]]]"
    assert list(splits.decode(splits.encode(given))) == given
