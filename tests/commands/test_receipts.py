"""receipts, ageing, reminders, documents, postings, suppliers: as they are typed."""

import json
from pathlib import Path

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.clearing.issued_claims import DALE, OVEN, issue_claims
from tests.clearing.test_reports import MAP
from tests.commands.conftest import Larder
from tests.files.clearing.camt_files import details, entry, statement
from tests.files.clearing.test_remittance import LINES, written

BANK = "date,amount,name,description\n2026-04-20,1.06,Dale,{0}\n2026-04-21,5.00,Oven,thanks\n"


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture
def typed(
    configured: Larder,
    database: Database,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Larder:
    issue_claims(database, settings, tmp_path)
    monkeypatch.setenv("LARDER_LEGAL_ADDRESS", "4 Market Street; 40202; Louisville; KY")
    monkeypatch.setenv("LARDER_COUNTRY", "US")
    monkeypatch.setenv("LARDER_BANK_ACCOUNT", "021000021-77")
    return configured


def test_a_payment_from_file_to_claim(typed: Larder, tmp_path: Path) -> None:
    file = tmp_path / "bank.csv"
    file.write_text(BANK.format(DALE))
    refused = typed("receipts", "load", str(file))
    assert refused.code == 1
    assert "--account" in refused.err
    for said in ("2 receipts added, 0 known already", "0 receipts added, 2 known already"):
        loaded = typed("receipts", "load", str(file), "--account", "77")
        assert (loaded.code, lines(loaded.out)[-1]) == (0, said)
    matched = typed("receipts", "match")
    assert lines(matched.out) == ["1 matched", "1 suspended", "1 in suspense: no_number"]
    assert lines(typed("receipts", "match").out) == ["no receipt is new"]
    shown = lines(typed("receipts", "list", "--state", "suspended").out)
    assert shown[1] == "2 2026-04-21 $5.00 Oven thanks suspended $5.00 no_number"
    applied = typed("receipts", "match", "2", "--claim", OVEN, "--amount", "0.25")
    assert lines(applied.out) == ["receipt 2 is suspended; $4.75 of it is in suspense"]
    assert "Say which claim" in typed("receipts", "match", "2").err
    aged = lines(typed("ageing", "--as-of", "2026-05-20").out)
    assert aged[1] == "K-1 Dale Foods Ltd $0.00 $1.08 $0.00 $0.00 $0.00 $1.08 $0.00"
    assert lines(typed("receipts", "set-off", "--as-of", "2026-06-01").out) == ["0 claims set off"]


def test_every_kind_of_file_is_known_by_its_content(typed: Larder, tmp_path: Path) -> None:
    camt = tmp_path / "statement"
    camt.write_text(statement(entry("1.08", details(DALE), currency="USD")))
    assert lines(typed("receipts", "load", str(camt)).out) == ["1 receipts added, 0 known already"]
    advice = tmp_path / "advice.txt"
    advice.write_bytes(written(LINES))
    told = typed("receipts", "load", str(advice))
    assert lines(told.out) == ["1 remittance advices added, 0 known already"]
    assert "There is no file" in typed("receipts", "load", str(tmp_path / "none")).err


def test_reminders_documents_evidence_postings_and_classes(typed: Larder, tmp_path: Path) -> None:
    made = typed("documents", "make")
    assert lines(made.out)[-1] == "documents of 3 claims made"
    listed = lines(typed("documents", "list", DALE).out)
    assert listed[1].startswith(f"1 statement {DALE}-statement.pdf ")
    folder = tmp_path / "out"
    assert typed("documents", "write", DALE, str(folder)).code == 0
    assert (folder / f"{DALE}-invoice.pdf").read_bytes().startswith(b"%PDF-1.7")
    assert len(list(folder.iterdir())) == 6
    assert typed("documents", "write", DALE, str(folder), "--draft").code == 0
    evidence = tmp_path / "evidence.csv"
    assert typed("documents", "evidence", DALE, str(evidence)).code == 0
    assert len(evidence.read_text().splitlines()) == 2
    reminded = lines(typed("reminders", "write", "--as-of", "2026-05-08").out)
    assert reminded[0].startswith("K-1 Dale Foods Ltd: reminder 1 of $2.16, document ")
    assert reminded[-1] == "2 reminders written"
    assert len(lines(typed("reminders", "list").out)) == 3
    accounts = tmp_path / "map.json"
    accounts.write_text(json.dumps(MAP))
    days = ("--from", "2026-01-01", "--to", "2026-11-01")
    exported = typed(
        "postings", "export", str(tmp_path / "gl.csv"), "--accounts", str(accounts), *days
    )
    assert exported.code == 0
    classes = lines(typed("suppliers", "--day", "2026-03-05").out)
    assert classes[0] == "2026-01-01 to 2026-03-31"
    assert any(line.startswith("Dale Foods A 3.00") for line in classes)
