"""Reads a bank's list of bookings as CSV or XLSX, by a layout."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from service.currencies import CURRENCIES
from service.engine.clearing.receipt import Receipt, identified
from service.errors import InvalidInput, Problem
from service.files import rows
from service.files.clearing.bank_file import (
    MAX_ENTRIES,
    MOST_PROBLEMS,
    BankFile,
    cents_of,
    read_bytes,
    refuse,
)
from service.files.clearing.bank_layouts import FIELDS, BankLayout
from service.files.currency_signs import foreign_sign, without_signs
from service.files.dates import FoundOrder, Order, find_order, read_day
from service.files.notes import Note
from service.files.rows import FileColumn
from service.files.text_form import TextOptions

_ALONE = {
    ",": re.compile(r"\d{1,3}(?:[.'’ \u00a0\u202f]\d{3})*(?:,\d+)?|\d+(?:,\d+)?"),
    ".": re.compile(r"\d{1,3}(?:[,'’ \u00a0\u202f]\d{3})*(?:\.\d+)?|\d+(?:\.\d+)?"),
}
_GROUP = 3
_AMOUNTS = ("amount", "paid_in", "paid_out")
_GROUPS = re.compile(r"[.,'’ \u00a0\u202f]")


def read_bank_csv(
    path: Path,
    name: str,
    layout: BankLayout,
    *,
    account: str,
    currency: str,
    options: TextOptions = rows.PLAIN_TEXT,
) -> BankFile:
    """All receipts of a file; payments by the retailer are noted and left out.

    `account` and `currency` are those of a file that names none. Raises InvalidInput, with row and
    column, for what cannot be read; nothing of such a file is returned.
    """
    reader = _Reader(name, layout, account=account, currency=currency)
    read_bytes(path, name)  # For its limit of MAX_BYTES.
    notes: list[Note] = []
    found: list[dict[str, Any]] = []
    for chunk in rows.read(path, _columns(layout), name=name, options=options, rules=layout.rules):
        notes += chunk.notes
        reader.problems += chunk.problems
        found += chunk.rows.to_dicts()
        if len(found) > MAX_ENTRIES:
            fault = Problem(name, f"has more than {MAX_ENTRIES:,} rows", "fetch shorter periods")
            raise InvalidInput(f"{name} is too long; nothing of it was loaded.", [fault])
    receipts = tuple(reader.read(found))
    refuse(name, reader.problems)
    return BankFile(identified(receipts), (*notes, *reader.notes()))


def _columns(layout: BankLayout) -> list[FileColumn]:
    return [
        FileColumn(
            field,
            rows.text,
            f"the {field.replace('_', ' ')} of a booking",
            required=field not in layout.optional,
        )
        for field in FIELDS
        if field in layout.columns
    ]


class _Reader:
    """Makes receipts of the rows of one file; collects faults and counts what is no receipt."""

    def __init__(self, name: str, layout: BankLayout, *, account: str, currency: str) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._layout = layout
        self._account = account
        self._currency = currency
        self._order = FoundOrder(layout.dates)
        self._not_booked = self._paid_out = 0
        self._returns = _words(layout.returns_say)
        self._credits = _words(layout.credit_says)
        self._unbooked = _words(layout.not_booked_says)
        self._balances = _words(layout.balances_say)

    def read(self, found: Sequence[Mapping[str, Any]]) -> Iterator[Receipt]:
        """The receipts among the rows."""
        days = [row["booked_on"] for row in found]
        self._order = find_order(days, otherwise=self._layout.dates)
        if self._order.order is Order.ASK and " has the day first, " in self._order.reason:
            fault = Problem(self._name, self._order.reason, "write all dates as 2026-04-01")
            self.problems.append(fault)
            return
        for row in found:
            receipt = self._read_row({k: v for k, v in row.items() if v is not None})
            if receipt is not None:
                yield receipt

    def _read_row(self, row: Mapping[str, Any]) -> Receipt | None:
        if self._unbooked.search(row.get("state", "")):
            self._not_booked += 1
            return None
        has_amount = any(field in row for field in _AMOUNTS)
        if not has_amount and self._balances.search(row.get("text", "")):
            return None
        said = row.get("currency", self._currency)
        currency = self._layout.currency_names.get(said, said).upper()
        account = row.get("account", self._account)
        day = self._day(row)
        cents = self._cents(row, currency)
        if day is None or cents is None:
            return None
        if not account:
            remedy = "say which account it is with --account"
            self._fault(row, "account", "the file names no account", remedy)
            return None
        text = " ".join(row[each] for each in ("text", "more_text") if each in row)
        is_return = cents < 0 and self._returns.search(f"{text} {row.get('state', '')}") is not None
        if cents == 0 or (cents < 0 and not is_return):
            self._paid_out += 1
            return None
        return Receipt(
            account=account,
            reference=row.get("reference", ""),
            booked_on=day,
            amount_cents=cents,
            currency=currency,
            payer=row.get("payer", ""),
            payer_account=row.get("payer_account", ""),
            text=text,
            end_to_end=row.get("end_to_end", ""),
            is_return=is_return,
        )

    def _day(self, row: Mapping[str, Any]) -> date | None:
        cell = read_day(row["booked_on"], self._order.order)
        if cell.value is None:
            self._fault(row, "booked_on", cell.detail, cell.remedy)
        day: date | None = cell.value
        return day

    def _cents(self, row: Mapping[str, Any], currency: str) -> int | None:
        """The amount of a row, signed."""
        if "amount" in row:
            cents = self._amount(row, "amount", currency)
            if cents is None or "side" not in row:
                return cents
            return abs(cents) if self._credits.search(row["side"]) else -abs(cents)
        given = [field for field in _AMOUNTS if field in row]
        amounts = [self._amount(row, field, currency) for field in given]
        if None in amounts:
            return None
        moved = dict(zip(given, amounts, strict=True))
        money_in, money_out = abs(moved.get("paid_in") or 0), abs(moved.get("paid_out") or 0)
        if not given or (money_in and money_out):
            detail = "has an amount on both sides" if given else "has no amount"
            self._fault(row, "paid_in", detail, "fetch the file again")
            return None
        return money_in - money_out

    def _amount(self, row: Mapping[str, Any], field: str, currency: str) -> int | None:
        text = row[field]
        foreign = foreign_sign(text, currency)
        if foreign:
            self._fault(row, field, f"{text[:30]!r} is in {foreign}, not in {currency}", "")
            return None
        mark = self._layout.decimal_mark
        value = number(without_signs(text), mark)
        # Three decimals of a currency that has two are more likely thousands after another mark.
        whole = currency in CURRENCIES and CURRENCIES[currency] < _GROUP
        is_group = whole and len(text.strip().partition(mark)[2]) == _GROUP
        cents = None if is_group else cents_of(value, currency)
        if cents is None:
            detail = f"{text[:30]!r} is no amount of {currency or 'a currency'} with {mark!r}"
            self._fault(row, field, detail, "choose the bank's layout, and --currency")
        return cents

    def _fault(self, row: Mapping[str, Any], field: str, detail: str, remedy: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            where = f"{self._name}, row {row['row_number']}, column {field}"
            self.problems.append(Problem(where, detail, remedy))

    def notes(self) -> Iterator[Note]:
        """What was decided on the whole, and what was left out."""
        if self._order.reason:
            yield Note(f"dates: {self._order.reason}")
        if self._not_booked:
            yield Note(f"{self._not_booked} entries that are not booked yet were left out")
        if self._paid_out:
            yield Note(f"{self._paid_out} bookings are payments by the retailer or charges")


def number(text: str, mark: str) -> Decimal | None:
    """A number with this decimal mark and perhaps groups of three digits; None for another."""
    plain = text.strip()
    negative = plain.startswith(("-", "−", "(")) or plain.endswith(("-", "−"))
    if plain.startswith("(") != plain.endswith(")"):
        return None
    plain = plain.strip("()").removeprefix("+").strip("-−").strip()
    if not _ALONE[mark].fullmatch(plain):
        return None
    whole, _, part = plain.partition(mark)
    try:
        value = Decimal(f"{_GROUPS.sub('', whole)}.{part or '0'}")
    except InvalidOperation:
        return None
    return -value if negative else value


def _words(words: Sequence[str]) -> re.Pattern[str]:
    """A pattern that finds any of these words; it finds nothing where there are none.

    Words of letters that have spaces between them stand alone; others may stand in a text.
    """
    found = [rf"\b{re.escape(each)}\b" if each.isascii() else re.escape(each) for each in words]
    return re.compile("|".join(found) or r"(?!)", re.IGNORECASE)
