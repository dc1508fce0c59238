"""Statements in camt.053: every version, collective bookings, returns, charges, and what is bad."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from service.engine.clearing.receipt import PaidPart
from service.errors import FileTooLarge, InvalidInput, NotFound
from service.files.clearing import bank_file
from service.files.clearing.bank_file import BankFile
from service.files.clearing.camt import read_camt
from tests.files.clearing.camt_files import VERSIONS, details, entry, statement

Read = Callable[[str], BankFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def write_and_read(text: str) -> BankFile:
        path = tmp_path / "statement.xml"
        path.write_text(text, encoding="utf-8")
        return read_camt(path, "statement.xml")

    return write_and_read


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_says_the_same(version: str, read: Read) -> None:
    paid = details("C-000012", version=version, end_to_end="E2E-7")
    text = statement(
        entry("120.50", paid, version=version), version=version, balances=("10.00", "130.50")
    )
    (receipt,) = read(text).receipts
    assert receipt.booked_on == date(2026, 3, 2)
    assert (receipt.amount_cents, receipt.currency) == (12050, "EUR")
    assert (receipt.account, receipt.reference) == ("DE89370400440532013000", "BANK1/E2E-7")
    assert (receipt.payer, receipt.payer_account) == (
        "Brightside Foods Ltd",
        "DE02100100100006820101",
    )
    assert (receipt.text, receipt.end_to_end, receipt.is_return) == ("C-000012", "E2E-7", False)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_collective_booking_is_split_and_each_part_counts_once(version: str, read: Read) -> None:
    parts = [
        details(f"C-{n:06}", version=version, amount=amount)
        for n, amount in enumerate(("10.00", "20.00", "20.00"), start=1)
    ]
    found = read(statement(entry("50.00", *parts, version=version), version=version)).receipts
    assert [receipt.amount_cents for receipt in found] == [1000, 2000, 2000]
    assert len({receipt.identity for receipt in found}) == 3


def test_the_same_booking_has_one_identity_in_overlapping_statements(read: Read) -> None:
    both = [entry("10.00", details("C-1"), reference=name) for name in ("A", "B")]
    first = read(statement(*both, identity="Monday")).receipts
    later = read(statement(both[1], entry("5.00", details("C-2")), identity="Tuesday")).receipts
    assert first[1].identity == later[0].identity
    assert len({each.identity for each in (*first, *later)}) == 3


def test_equal_bookings_under_a_reference_that_is_none_are_two(read: Read) -> None:
    twice = [entry("10.00", details("C-1"), reference="NONREF") for _ in range(2)]
    found = read(statement(*twice)).receipts
    assert [each.reference for each in found] == ["", ""]
    assert found[0].identity != found[1].identity


def test_parts_that_do_not_come_to_the_booking_are_a_fault_of_the_file(read: Read) -> None:
    parts = [details(amount="10.00"), details(amount="20.00")]
    with pytest.raises(InvalidInput) as caught:
        read(statement(entry("5.00", details("good")), entry("31.00", *parts)))
    (problem,) = caught.value.problems
    assert problem.where == "statement.xml, statement S1, entry 2 (BANK1)"
    assert "3000" in problem.detail
    assert "3100" in problem.detail


def test_what_the_bank_kept_of_a_collective_booking_is_said(read: Read) -> None:
    parts = [details(amount="10.00"), details(amount="20.00")]
    charge = '<Chrgs><Rcrd><Amt Ccy="EUR">0.50</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>'
    found = read(statement(entry("29.50", *parts, more=charge))).receipts
    assert [(each.amount_cents, each.charges_cents) for each in found] == [(1000, 0), (1950, 50)]


def test_what_the_bank_kept_of_one_payment_shows_in_the_amount_before_it(read: Read) -> None:
    charge = '<Chrgs><Amt Ccy="EUR">2.00</Amt></Chrgs>'
    kept = details("C-1", version="02", amount="100.00")
    text = statement(entry("98.00", kept, version="02", more=charge), version="02")
    (receipt,) = read(text).receipts
    assert (receipt.amount_cents, receipt.charges_cents) == (9800, 200)


def test_charges_that_the_payment_did_not_lose_are_not_added(read: Read) -> None:
    charge = '<Chrgs><Amt Ccy="EUR">2.00</Amt></Chrgs>'
    (receipt,) = read(statement(entry("100.00", details(amount="100.00"), more=charge))).receipts
    assert receipt.charges_cents == 0


def test_parts_in_another_currency_stay_one_receipt_with_a_note(read: Read) -> None:
    parts = [details(amount="10.00", currency="USD"), details(amount="20.00", currency="USD")]
    found = read(statement(entry("27.00", *parts)))
    assert [each.amount_cents for each in found.receipts] == [2700]
    assert "1 collective bookings could not be split" in str(found.notes[0])


def test_a_collective_booking_without_details_is_one_receipt(read: Read) -> None:
    found = read(statement(entry("50.00", "<Btch><NbOfTxs>3</NbOfTxs></Btch>")))
    assert [each.amount_cents for each in found.receipts] == [5000]
    assert len(found.notes) == 1


def test_a_payment_taken_back_is_negative_and_says_why(read: Read) -> None:
    told = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf><RmtInf><Ustrd>C-000012</Ustrd></RmtInf>"
    back = details(end_to_end="E2E-7", more=told)
    (receipt,) = read(statement(entry("120.50", back, side="DBIT"))).receipts
    assert (receipt.amount_cents, receipt.is_return) == (-12050, True)
    assert (receipt.return_reason, receipt.end_to_end) == ("AC04", "E2E-7")


def test_a_reversal_by_the_bank_is_a_return_too(read: Read) -> None:
    back = entry("120.50", details("C-1"), side="DBIT", more="<RvslInd>true</RvslInd>")
    (receipt,) = read(statement(back)).receipts
    assert receipt.is_return


def test_payments_by_the_retailer_and_their_returns_are_no_receipts(read: Read) -> None:
    own_return = details(more="<RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>")
    found = read(statement(entry("9.00", details("rent"), side="DBIT"), entry("9.00", own_return)))
    assert found.receipts == ()
    assert str(found.notes[0]).startswith("2 bookings are payments by the retailer")


@pytest.mark.parametrize("state", ["PDNG", "INFO", "FUTR"])
def test_what_is_not_booked_yet_is_left_out_and_counted(state: str, read: Read) -> None:
    found = read(statement(entry("9.00", details("C-1"), state=state), balances=("0.00", "0.00")))
    assert found.receipts == ()
    assert str(found.notes[0]) == "1 entries that are not booked yet were left out"


def test_entries_that_do_not_lead_to_the_closing_balance_are_refused(read: Read) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(statement(entry("9.00", details("C-1")), balances=("-5.00", "5.00")))
    (problem,) = caught.value.problems
    assert problem.where == "statement.xml, statement S1"
    assert problem.detail == "its entries come to 100 minor units less than its balances"


def test_structured_remittance_names_documents_with_credits_negative(read: Read) -> None:
    def document(number: str, amount: str, code: str = "CINV", rest: str = "") -> str:
        return (
            f"<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Nb>{number}</Nb>"
            f'</RfrdDocInf><RfrdDocAmt>{rest}<RmtdAmt Ccy="EUR">{amount}</RmtdAmt></RfrdDocAmt>'
            "</Strd>"
        )

    kept = '<AdjstmntAmtAndRsn><Amt Ccy="EUR">1.50</Amt><Rsn>01</Rsn></AdjstmntAmtAndRsn>'
    named = document("C-000001", "50.00", rest=kept) + document("C-000002", "8.00", "CREN")
    (receipt,) = read(statement(entry("42.00", details(more=f"<RmtInf>{named}</RmtInf>")))).receipts
    assert receipt.parts == (
        PaidPart("C-000001", 5000, 150, "01"),
        PaidPart("C-000002", -800, 0, ""),
    )
    assert receipt.text == "C-000001 C-000002"


def test_yen_and_dinars_have_their_own_minor_units(read: Read) -> None:
    text = statement(
        entry("1200", details("C-1"), currency="JPY", reference="1"),
        entry("1.255", details("C-1"), currency="KWD", reference="2"),
    )
    assert [each.amount_cents for each in read(text).receipts] == [1200, 1255]


def test_reversals_have_the_sign_that_leads_to_the_closing_balance(read: Read) -> None:
    # OCA/bank-statement-import#375: a bank writes the reversal of a debit as a debit.
    rent = entry("7.00", details("rent"), side="DBIT")
    mark = "<RvslInd>true</RvslInd>"
    undone = entry("7.00", details("rent"), side="DBIT", more=mark, reference="2")
    paid = entry("9.00", details("C-1"), reference="3")
    taken = entry("9.00", details("C-1"), more=mark, reference="4")
    found = read(statement(rent, undone, paid, taken, balances=("0.00", "0.00")))
    assert [each.amount_cents for each in found.receipts] == [900, -900]
    # By the standard: the reversal of a credit is a debit.
    taken = entry("9.00", details("C-1"), side="DBIT", more=mark, reference="4")
    found = read(statement(paid, taken, balances=("0.00", "0.00")))
    assert [each.amount_cents for each in found.receipts] == [900, -900]


def test_a_payment_from_abroad_counts_in_the_currency_of_the_account(read: Read) -> None:
    # OCA/bank-statement-import#385: the amount of the payment was taken for that of the booking.
    (receipt,) = read(statement(entry("98.50", details(amount="100.00", currency="CHF")))).receipts
    assert (receipt.amount_cents, receipt.currency) == (9850, "EUR")


def test_an_entry_without_parties_or_codes_is_read(read: Read) -> None:
    # firefly-iii#7607, #8574: what is optional was taken for granted.
    bare = entry("5.00", "<TxDtls><RmtInf><Ustrd>C-1</Ustrd></RmtInf></TxDtls>")
    (receipt,) = read(statement(bare)).receipts
    assert (receipt.payer, receipt.payer_account, receipt.text) == ("", "", "C-1")


def test_a_collective_booking_is_the_same_with_and_without_its_parts(read: Read) -> None:
    # alyf-de/banking#307: the whole and its parts were both booked.
    parts = [details("C-1", amount="30.00"), details("C-2", amount="70.00")]
    split = read(statement(entry("100.00", *parts), entry("100.00", reference="B2"))).receipts
    whole = read(statement(entry("100.00", "<Btch><NbOfTxs>2</NbOfTxs></Btch>"))).receipts
    assert {each.booking for each in split[:2]} == {whole[0].booking}
    assert split[2].booking != whole[0].booking


def test_a_statement_that_is_there_twice_does_not_count_twice(read: Read) -> None:
    one = statement(entry("5.00", details("C-1")))
    part = one[one.index("<Stmt>") : one.index("</BkToCstmrStmt>")]
    with pytest.raises(InvalidInput) as caught:
        read(one.replace("</BkToCstmrStmt>", part + "</BkToCstmrStmt>"))
    assert [str(each) for each in caught.value.problems] == [
        "statement.xml, statement S1: is there twice (leave one of them out)"
    ]
    later = part.replace("</Id><Acct>", "</Id><ElctrncSeqNb>2</ElctrncSeqNb><Acct>")
    assert len(read(one.replace("</BkToCstmrStmt>", later + "</BkToCstmrStmt>")).receipts) == 2


BAD = {
    "doctype": ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "declares a document type"),
    "cut": (statement(entry("1.00", details("C-1")))[:-40], "statement.xml, line 1"),
    "intraday": (statement(kind="camt.052.001."), "a report of the day so far"),
    "notification": (statement(kind="camt.054.001."), "a notification of single bookings"),
    "first version": (statement(version="01"), "camt.053.001.01"),
    "web page": ("<html><body>Please log in</body></html>", "begins with <html>"),
    "no account": (statement(entry("1.00"), account=""), "names no account"),
    "amount": (statement(entry("1,00", details("C-1"))), "'1,00' EUR is no amount"),
    "fraction": (statement(entry("1.005", details("C-1"))), "'1.005' EUR is no amount"),
    "currency": (statement(entry("1.00", details(), currency="XXX")), "XXX is no amount"),
    "side": (statement(entry("1.00", side="UNKN")), "credit or a debit: 'UNKN'"),
    "date": (statement(entry("1.00", day="2026-02-30")), "no date of booking"),
    "infinite": (statement(entry("Infinity", details("C-1"))), "'Infinity' EUR is no amount"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_whole_with_its_place(kind: str, read: Read) -> None:
    text, said = BAD[kind]
    with pytest.raises(InvalidInput) as caught:
        read(text)
    shown = " | ".join(map(str, caught.value.problems))
    assert said in shown
    assert all(problem.remedy for problem in caught.value.problems)


def test_a_file_that_is_absent_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        read_camt(tmp_path / "none.xml", "none.xml")
    path = tmp_path / "large.xml"
    path.write_text(statement(entry("1.00", details("C-1"))))
    monkeypatch.setattr(bank_file, "MAX_BYTES", 100)
    with pytest.raises(FileTooLarge):
        read_camt(path, "large.xml")
