"""Reads bank-to-customer statements, ISO 20022 camt.053.001, versions 02 and newer.

Names are taken without their namespace, since the versions differ in few places: the state of an
entry (`Sts` or `Sts/Cd`), the party (`Dbtr` or `Dbtr/Pty`), charges (`Chrgs` or `Chrgs/Rcrd`) and
the amount of a part of an entry (`TxDtls/Amt` or `TxDtls/AmtDtls/TxAmt/Amt`).
"""

import re
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from service.engine.clearing.receipt import Receipt, identified
from service.engine.texts import clean
from service.errors import InvalidInput, Problem
from service.files.clearing.bank_file import MAX_ENTRIES, BankFile, cents_of, read_bytes, refuse
from service.files.clearing.camt_entry import EntryReader, Unread, text_at
from service.files.notes import Note
from service.files.poslog.amounts import decimal

_KIND = re.compile(r"camt\.(\d{3})\.001\.(\d{2})")
_OTHERS = {
    "052": "a report of the day so far; load the camt.053 that follows it",
    "054": "a notification of single bookings; load the camt.053 that holds them all",
}
_NAMED_BY = (
    "Id", "Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Ccy", "ElctrncSeqNb", "LglSeqNb", "CreDtTm",
    "FrToDt/FrDtTm", "StmtPgntn/PgNb",
)  # fmt: skip
"""What tells the statements of a file apart: banks use an Id again, and split one into pages."""
_OPENING, _CLOSING = ("PRCD", "OPBD"), ("CLBD",)


def is_camt(head: bytes) -> bool:
    """Whether a file that begins so is XML."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n\x00\xff\xfe").startswith(b"<")


def read_camt(path: Path, name: str) -> BankFile:
    """All receipts of a file; bookings that are none, as payments by the retailer, are noted.

    Raises InvalidInput, with the statement and the entry, for what is not well-formed, declares
    entities, is another message, or does not add up from its opening to its closing balance.
    """
    root = _parse(read_bytes(path, name), name)
    reader = EntryReader(name)
    receipts: list[Receipt] = []
    statements = _statements(root, name)
    seen: set[tuple[str, ...]] = set()
    for number, statement in enumerate(statements, start=1):
        names = tuple(text_at(statement, path) for path in _NAMED_BY)
        if names in seen:
            where = f"statement {names[0][:40]}"
            reader.fault(where, "is there twice", "leave one of them out")
        seen.add(names)
        receipts += _read_statement(statement, number, reader)
    refuse(name, reader.problems)
    return BankFile(identified(receipts), _notes(reader, len(statements)))


def _parse(data: bytes, name: str) -> Element:
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        fault = Problem(name, "declares a document type or entities", "export it without them")
        raise InvalidInput(f"{name} cannot be read safely; nothing of it was.", [fault]) from None
    except ParseError as error:
        row, column = error.position
        fault = Problem(
            f"{name}, line {row}, column {column}",
            str(error).partition(":")[0],
            "fetch it from the bank again; it may have been cut off or edited",
        )
        raise InvalidInput(f"{name} is not well-formed XML; nothing was loaded.", [fault]) from None
    except (ValueError, LookupError) as error:
        fault = Problem(f"{name}, line 1", str(error), "save it as UTF-8 and declare that")
        raise InvalidInput(f"{name} is in an encoding that cannot be read.", [fault]) from None
    return root


def _statements(root: Element, name: str) -> list[Element]:
    """The statements of a message of the right kind, with plain names."""
    space, _, _ = root.tag.rpartition("}")
    kind = _KIND.search(space)
    count = 0
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        count += element.tag == "Ntry"
    if count > MAX_ENTRIES:
        fault = Problem(name, f"has {count:,} entries", "fetch it in shorter periods")
        raise InvalidInput(f"{name} is too long; nothing of it was loaded.", [fault])
    statements = root.findall("BkToCstmrStmt/Stmt")
    if kind is None or kind[1] != "053" or int(kind[2]) < 2 or not statements:
        said = _OTHERS.get(kind[1], "") if kind else ""
        detail = f"is {said.partition(';')[0]}" if said else f"begins with <{root.tag[:60]}>"
        if kind and not said:
            detail = f"is camt.{kind[1]}.001.{kind[2]} without a statement that can be read"
        remedy = said.partition("; ")[2] or "export statements as camt.053.001.02 or newer"
        raise InvalidInput(f"{name} has no bank statement.", [Problem(name, detail, remedy)])
    return statements


def _read_statement(statement: Element, number: int, reader: EntryReader) -> list[Receipt]:
    """The receipts of one statement, whose entries have to lead from balance to balance.

    Banks differ in the sign of reversals: where the standard's does not lead there, the other does.
    """
    named = text_at(statement, "Id") or str(number)
    account = text_at(statement, "Acct/Id/IBAN") or text_at(statement, "Acct/Id/Othr/Id")
    where = f"statement {named[:40]}"
    if not account:
        reader.fault(where, "names no account", "ask the bank for Acct/Id/IBAN or Othr/Id")
        return []
    before = reader.copy()
    receipts, moved = _read_entries(statement, where, account, reader, inverted=False)
    missing = _missing(statement, moved)
    if missing and reader.reversals > before.reversals:
        again = before.copy()
        inverted, moved = _read_entries(statement, where, account, again, inverted=True)
        if not _missing(statement, moved):
            reader.take(again)
            return inverted
    if missing and not reader.problems:
        detail = f"its entries come to {missing} minor units less than its balances"
        reader.fault(where, detail, "fetch it again: an entry is missing or there twice")
    return receipts


def _read_entries(
    statement: Element, where: str, account: str, reader: EntryReader, *, inverted: bool
) -> tuple[list[Receipt], int]:
    """The receipts of the entries, and what all entries moved, in minor units."""
    moved = 0
    receipts: list[Receipt] = []
    for place, entry in enumerate(statement.findall("Ntry"), start=1):
        reference = text_at(entry, "AcctSvcrRef") or text_at(entry, "NtryRef")
        at = f"{where}, entry {place}" + (f" ({reference[:40]})" if reference else "")
        try:
            booked = reader.read(entry, account, inverted=inverted)
        except Unread as error:
            reader.fault(at, error.detail, error.remedy)
            continue
        moved += booked.amount_cents
        receipts += booked.receipts
    return receipts, moved


def _missing(statement: Element, moved: int) -> int:
    """What the entries lack of the booked balances; 0 where the statement has not both.

    A page of a longer statement has interim balances, which have a subtype and are not compared.
    """
    opening = _balance(statement, _OPENING, last=False)
    closing = _balance(statement, _CLOSING, last=True)
    if opening is None or closing is None or opening[1] != closing[1]:
        return 0
    return closing[0] - opening[0] - moved


def _balance(statement: Element, codes: tuple[str, ...], *, last: bool) -> tuple[int, str] | None:
    """The first or last balance of some code: minor units, currency."""
    found = [
        each
        for each in statement.findall("Bal")
        if text_at(each, "Tp/CdOrPrtry/Cd") in codes and not text_at(each, "Tp/SubTp/Cd")
    ]
    if not found:
        return None
    balance = found[-1 if last else 0]
    amount = balance.find("Amt")
    currency = amount.get("Ccy", "") if amount is not None else ""
    cents = cents_of(decimal(clean(text_at(balance, "Amt"))), currency)
    if cents is None:
        return None
    return (-cents if text_at(balance, "CdtDbtInd") == "DBIT" else cents), currency


def _notes(reader: EntryReader, statements: int) -> tuple[Note, ...]:
    said = [Note(f"{statements} statements")] if statements > 1 else []
    counted = (
        (reader.not_booked, "entries that are not booked yet were left out"),
        (reader.paid_out, "bookings are payments by the retailer or charges, no receipts"),
        (reader.unsplit, "collective bookings could not be split and stay one receipt each"),
    )
    return (*said, *(Note(f"{count} {text}") for count, text in counted if count))
