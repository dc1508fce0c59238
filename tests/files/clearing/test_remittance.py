"""Remittance advices in X12 820, and interchanges that are not whole."""

from datetime import date
from pathlib import Path

import pytest

from service.engine.clearing.receipt import Advice, PaidPart
from service.errors import InvalidInput
from service.files.clearing.remittance import read_remittances
from service.files.clearing.x12 import Envelope, read_sets, write_set

LINES = [
    ["BPR", "C", "140.00", "C", "ACH", "CTX", *[""] * 9, "", "20260302"],
    ["TRN", "1", "TRACE77"],
    ["N1", "PR", "BRIGHTSIDE FOODS"],
    ["ENT", "1"],
    ["RMR", "IV", "C-000012", "PO", "95.00", "100.00"],
    ["ADX", "-5.00", "01"],
    ["RMR", "IV", "C-000013", "", "50.00", "50.00"],
    ["ENT", "2"],
    ["ADX", "-5.00", "56"],
]


def advices(tmp_path: Path, data: bytes) -> tuple[Advice, ...]:
    path = tmp_path / "remit.edi"
    path.write_bytes(data)
    return read_remittances(path, "remit.edi", currency="USD")


def written(lines: list[list[str]], kind: str = "820") -> bytes:
    return write_set(kind, "RA", lines, Envelope("BRIGHT", "LARDER", date(2026, 3, 2), 77))


def test_parts_deductions_and_the_total_are_read(tmp_path: Path) -> None:
    (advice,) = advices(tmp_path, written(LINES))
    assert advice == Advice(
        trace="TRACE77",
        paid_on=date(2026, 3, 2),
        total_cents=14000,
        currency="USD",
        payer="BRIGHTSIDE FOODS",
        parts=(PaidPart("C-000012", 9500, 500, "01"), PaidPart("C-000013", 5000)),
        deducted_cents=500,
    )


@pytest.mark.parametrize("terminator", ["\n", "'", "~\r\n", "\x85"])
def test_any_separators_that_the_first_segment_names(terminator: str, tmp_path: Path) -> None:
    text = written(LINES).decode().replace("*", "|").replace("~\n", terminator)
    (advice,) = advices(tmp_path, text.encode("latin-1"))
    assert advice.total_cents == 14000


def change(old: str, new: str) -> bytes:
    text = written(LINES).decode()
    assert old in text
    return text.replace(old, new).encode()


BAD = {
    "cut off": (written(LINES).partition(b"SE*")[0], "is never closed"),
    "segment lost": (change("TRN*1*TRACE77~\n", ""), "counts '11' where there are 10"),
    "control": (change("IEA*1*000000077", "IEA*1*000000078"), "control number"),
    "total": (change("*95.00*", "*96.00*"), "says 14000 minor units, its parts come to 14100"),
    "amount": (change("*95.00*", "*95,00*"), "'95,00' is no amount of USD"),
    "no number": (change("RMR*IV*C-000012", "RMR*IV*"), "names no document"),
    "not paid": (change("*95.00*100.00", "**100.00"), "does not say what is paid"),
    "debit": (change("BPR*C*140.00*C", "BPR*C*140.00*D"), "is a debit"),
    "no date": (change("*20260302~\nTRN", "~\nTRN"), "has no date of payment"),
    "another set": (written([["BIG", "20260302", "1"]], "810"), "no remittance advice (820)"),
    "trimmed": (written(LINES).replace(b" " * 10, b""), "ISA"),
    "nothing": (b"ISA*", "does not begin with a whole ISA segment"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_whole_with_its_place(kind: str, tmp_path: Path) -> None:
    data, said = BAD[kind]
    with pytest.raises(InvalidInput) as caught:
        advices(tmp_path, data)
    (problem,) = caught.value.problems
    assert said in str(problem)
    assert problem.remedy


def test_two_sets_in_two_groups_are_two_advices(tmp_path: Path) -> None:
    one = written(LINES).decode().splitlines(keepends=True)
    group = one[1:-1]
    data = "".join([one[0], *group, *group, "IEA*2*000000077~\n"]).encode()
    assert len(advices(tmp_path, data)) == 2
    assert len(read_sets(data, "x")) == 2
