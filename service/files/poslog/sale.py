"""A POSLog transaction as a sale: time, store, customer and the amount of each line.

Sources: ARTS POSLog 2.2 to 6.0 (now OMG RetailTransaction) for the names and their meaning, and
the variants that tills write for where they occur. docs/loading.md lists what is read.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service.engine.reading import PLAIN, Reading
from service.errors import Problem
from service.files.poslog.lines import LineReader, SaleLine
from service.files.poslog.stream import Node

# What the status of a transaction without a sale may contain.
_NO_SALE = re.compile("void|cancel|suspend|fail|abort|delet|inprocess", re.IGNORECASE)
_NO_SALE_FLAGS = ("CancelFlag", "VoidFlag", "VoidedFlag", "SuspendFlag", "SuspendedFlag")
_TRAINING = ("TrainingModeFlag", "TrainingFlag")
_LOYALTY = ("LoyaltyAccount", "LoyaltyMembership", "LoyaltyProgram", "LoyaltyID")
_CUSTOMER_IDS = frozenset(
    {"LoyaltyAccountID", "LoyaltyID", "MembershipID", "CardNumber", "CustomerID"}
)
_MOMENT = re.compile(
    r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$", re.ASCII
)
_DAY = re.compile(r"^(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d|T00:00:00.*)?$", re.ASCII)
_OFFSET = re.compile(r"^([+-]?)(\d\d?):(\d\d)(?::\d\d)?$", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 9998
# The terminal of transactions that name none, as in files of baskets.
NO_TERMINAL = "file"


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale that goes into history. `at` is naive when the till wrote no offset.

    `customers` are the card and customer numbers that it names, cards first. `where` identifies the
    transaction in faults that are found later, `file_line` says where in the file it begins.
    """

    store_id: str
    terminal: str
    number: str
    business_date: date | None
    at: datetime
    customers: tuple[str, ...]
    lines: tuple[SaleLine, ...]
    where: str
    file_line: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A transaction with faults, which is not loaded. `lines` is the number of its lines."""

    problems: tuple[Problem, ...]
    lines: int


def read_sale(
    node: Node, *, file: str, currency: str, exponent: int, reading: Reading = PLAIN
) -> Sale | Refused | None:
    """The sale of a `Transaction` element; None when it is not a sale.

    `exponent` is the number of decimals of `currency`.
    """
    retail = node.first("RetailTransaction")
    if _voids_another(node, retail):
        return _refused_void(node, file)
    if retail is None:
        # In version 1 and in some exports the lines are in the transaction itself.
        if node.first("LineItem") is None:
            return None
        retail = node
    if _is_no_sale(node, retail):
        return None
    store, terminal, number = _reference(node)
    where = _where(file, node, (store, terminal, node.value("BusinessDayDate"), number))
    faults = _reference_faults(where, store, number)
    business_date = _business_date(node, where, faults)
    at = _moment(node, retail, where, faults)
    stated = node.value("CurrencyCode") or currency
    if stated != currency:
        remedy = f"load files in {currency} only (LARDER_CURRENCY)"
        faults.append(Problem(f"{where}, CurrencyCode", f"is {stated[:10]!r}", remedy))
    lines = LineReader(retail, where=where, exponent=exponent, reading=reading)
    found = lines.read()
    faults.extend(lines.faults)
    if faults or at is None:
        return Refused(tuple(faults), max(len(found), 1))
    if not found:
        return None
    customers = _customers(node, retail)
    return Sale(
        store, terminal, number, business_date, at, customers, tuple(found), where, node.line
    )


def _voids_another(node: Node, retail: Node | None) -> bool:
    if node.first("PostVoidTransaction", "VoidTransaction") is not None:
        return True
    control = node.first("ControlTransaction")
    if control is not None and control.first("PostVoid", "TransactionVoid") is not None:
        return True
    if retail is None:
        return False
    links = retail.children_named("TransactionLink")
    return any("void" in (text.lower()) for link in links for text in link.attributes.values())


def _refused_void(node: Node, file: str) -> Refused:
    store, terminal, number = _reference(node)
    where = _where(file, node, (store, terminal, node.value("BusinessDayDate"), number))
    detail = "voids an earlier transaction, which would stay in history"
    remedy = "export the earlier one with TransactionStatus PostVoided; it is then left out"
    return Refused((Problem(where, detail, remedy),), 1)


def _is_no_sale(node: Node, retail: Node) -> bool:
    if any(each.has_flag(*_NO_SALE_FLAGS, *_TRAINING) for each in (node, retail)):
        return True
    statuses = (
        retail.attributes.get("TransactionStatus", ""),
        node.attributes.get("TransactionStatus", ""),
        retail.value("TransactionStatus"),
        node.value("TransactionStatus"),
    )
    return any(_NO_SALE.search(status) for status in statuses)


def _reference(node: Node) -> tuple[str, str, str]:
    store = node.value("RetailStoreID")
    if not store:
        units = [
            unit
            for each in node.children_named("BusinessUnit")
            for unit in each.children_named("UnitID")
        ]
        stores = [unit for unit in units if unit.attributes.get("TypeCode") == "RetailStore"]
        store = next((unit.text.strip() for unit in stores or units), "")
    terminal = node.value("WorkstationID") or NO_TERMINAL
    return store, terminal, node.value("SequenceNumber", "TransactionID", "ReceiptNumber")


def _where(file: str, node: Node, reference: tuple[str, ...]) -> str:
    named = "/".join(part[:40] or "?" for part in reference)
    return f"{file}, line {node.line}, transaction {named}"


def _reference_faults(where: str, store: str, number: str) -> list[Problem]:
    faults = []
    if not store:
        remedy = "export RetailStoreID, or BusinessUnit/UnitID"
        faults.append(Problem(f"{where}, RetailStoreID", "is missing or empty", remedy))
    if not number:
        remedy = "export SequenceNumber, or TransactionID"
        faults.append(Problem(f"{where}, SequenceNumber", "is missing or empty", remedy))
    return faults


def _business_date(node: Node, where: str, faults: list[Problem]) -> date | None:
    text = node.value("BusinessDayDate")
    if not text:
        return None
    found = _DAY.match(text)
    try:
        day = date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        fault = Problem(f"{where}, BusinessDayDate", f"{text[:60]!r} is not a date as 2017-11-25")
        faults.append(fault)
        return None
    return day


def _moment(node: Node, retail: Node, where: str, faults: list[Problem]) -> datetime | None:
    """When the sale ended; or else when it began, was logged, or its receipt was printed."""
    for name in ("EndDateTime", "BeginDateTime", "POSLogDateTime", "ReceiptDateTime"):
        for holder in (node, retail):
            stamps = [each for each in holder.children_named(name) if each.text.strip()]
            if name == "POSLogDateTime":
                own = [each for each in stamps if each.attributes.get("TypeCode") == "Transaction"]
                stamps = own or stamps
            if not stamps:
                continue
            moment = parse_moment(stamps[0].text.strip(), stamps[0].attributes.get("Offset", ""))
            if moment is None:
                detail = (
                    f"{stamps[0].text.strip()[:60]!r} is not a moment as 2017-11-25T17:04:00-05:00"
                )
                faults.append(Problem(f"{where}, {name}", detail))
            return moment
    remedy = "export EndDateTime or BeginDateTime"
    faults.append(Problem(f"{where}, EndDateTime", "is missing or empty", remedy))
    return None


def parse_moment(text: str, offset: str = "") -> datetime | None:
    """An ISO 8601 timestamp; naive when neither `text` nor the attribute `offset` has an offset."""
    if not _MOMENT.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    separate = _OFFSET.match(offset)
    if moment.tzinfo is None and separate:
        sign, hours, minutes = separate.groups()
        away = timedelta(hours=int(hours), minutes=int(minutes))
        if away < timedelta(hours=24):
            return datetime.fromisoformat(
                f"{moment.isoformat()}{sign or '+'}{int(hours):02d}:{minutes}"
            )
    return moment


def _customers(node: Node, retail: Node) -> tuple[str, ...]:
    """All card and customer numbers, cards first, without those of zeros only."""
    cards: dict[str, None] = {}
    others: dict[str, None] = {}
    for holder in (retail, node):
        for child in holder.children:
            if child.name == "LineItem":
                for part in child.children_named(*_LOYALTY):
                    _collect_identifiers(part, cards)
            elif child.name in _LOYALTY:
                _collect_identifiers(child, cards)
            elif child.name in {"Customer", "CustomerID"}:
                for part in child.children_named(*_LOYALTY):
                    _collect_identifiers(part, cards)
                _collect_identifiers(child, others)
    return tuple(cards | others)


def _collect_identifiers(node: Node, found: dict[str, None]) -> None:
    text = node.text.strip()
    if node.name in _CUSTOMER_IDS and text.strip("0"):
        found[text] = None
    for child in node.children:
        _collect_identifiers(child, found)
