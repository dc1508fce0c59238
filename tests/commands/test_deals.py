"""load deals, deals: dry run, remarks, template, history."""

from pathlib import Path

import pytest

from tests.commands.conftest import Larder
from tests.files.files import write_file
from tests.shop import DEALS, PRODUCTS


@pytest.fixture
def stocked(larder: Larder, migrated: Path, tmp_path: Path) -> Larder:
    """Type `larder ...` with the shop's products loaded."""
    larder("init")
    (tmp_path / "larder.db").write_bytes(migrated.read_bytes())
    larder("load", "products", str(write_file(tmp_path / "p.csv", PRODUCTS)))
    return larder


def test_a_dry_run_tells_all_and_loads_nothing(stocked: Larder, tmp_path: Path) -> None:
    write_file(tmp_path / "d.csv", DEALS)
    ended = stocked("load", "deals", "d.csv", "--dry-run")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == "d.csv: 3 rows, 3 to add, 0 to revise, 0 unchanged, 0 faults"
    assert lines[1].startswith("  headers: A1 deal_id, B1 supplier, C1 title, ")
    assert lines[2].startswith("  BREAD-1, SOAP-1: NO BUDGET")
    assert lines[3].startswith("  2 MILK-1 (added): Dale Foods gives $1.00 off Dale Milk")
    assert lines[-1] == "nothing was loaded: this was a dry run"
    assert "running offers: 0\n" in stocked("status").out


def test_faults_come_back_as_a_workbook(stocked: Larder, tmp_path: Path) -> None:
    write_file(tmp_path / "d.csv", DEALS.replace("Oven Works", "Oven Wroks"))
    ended = stocked("load", "deals", "d.csv", "--dry-run")
    assert ended.code == 1
    assert "remarks: d-remarks.xlsx\n" in ended.out
    assert (
        "d.csv, B3, column supplier: there is no supplier 'Oven Wroks' (did you mean" in ended.err
    )
    assert (tmp_path / "d-remarks.xlsx").read_bytes()[:2] == b"PK"
    asked_for = stocked("load", "deals", "d.csv", "--remarks", "mine.xlsx")
    assert (asked_for.code, asked_for.out) == (1, "remarks: mine.xlsx\n")


def test_the_template_and_the_history(stocked: Larder, tmp_path: Path) -> None:
    assert stocked("deals", "template", "t.xlsx").out == "template: t.xlsx\n"
    assert stocked("load", "deals", "t.xlsx").code == 0
    stocked("load", "deals", str(write_file(tmp_path / "d.csv", DEALS)))
    stocked("load", "deals", str(write_file(tmp_path / "e.csv", DEALS.replace("1.00,1", "1.50,1"))))
    lines = stocked("deals", "history", "Dale Foods", "MILK-1").out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "revision 1, replaced", "revision 2, running", "  value",
    ]  # fmt: skip
    assert lines[2] == "  value: 1.00 -> 1.50"
    assert lines[1].endswith(", from e.csv")
    assert stocked("deals", "history", "Dale Foods", "X").code == 1


def test_a_dry_run_draws_deals_as_they_will_be_printed(stocked: Larder, tmp_path: Path) -> None:
    write_file(tmp_path / "d.csv", DEALS)
    assert stocked("load", "deals", "d.csv", "--pictures", "p").code == 1
    ended = stocked("load", "deals", "d.csv", "--dry-run", "--pictures", "p")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "pictures: 3 in p"
    drawn = {path.name: path.read_bytes() for path in (tmp_path / "p").iterdir()}
    assert sorted(drawn) == ["001-MILK-1-en.png", "002-BREAD-1-en.png", "003-SOAP-1-en.png"]
    assert len(set(drawn.values())) == 3
    stocked("load", "deals", "d.csv", "--dry-run", "--pictures", "q")
    assert drawn == {path.name: path.read_bytes() for path in (tmp_path / "q").iterdir()}


def test_what_cannot_be_printed_is_a_fault_of_its_cell(stocked: Larder, tmp_path: Path) -> None:
    unprintable = DEALS.replace("Dale Milk,", "Dale\u0905Milk,").replace(
        "Oven Bread,", "W" * 300 + ","
    )
    write_file(tmp_path / "d.csv", unprintable)
    for words in (("--dry-run",), ()):
        ended = stocked("load", "deals", "d.csv", *words)
        assert ended.code == 1
        assert "d.csv, C2, column title: has '\u0905' (U+0905 DEVANAGARI LETTER A)" in ended.err
        assert "d.csv, C3, column title: is too long to be printed: about" in ended.err
    assert "running offers: 0\n" in stocked("status").out
