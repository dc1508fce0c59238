"""Lists of bookings by the layouts of banks."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidInput, NotFound
from service.files.clearing import bank_layouts
from service.files.clearing.bank_csv import number, read_bank_csv
from service.files.clearing.bank_file import BankFile
from service.files.clearing.bank_layouts import bank_layout

SAMPLES = {
    "plain": (
        "date,amount,name,description,bank reference\n"
        "2026-03-02,120.50,Brightside,C-000012,R1\n2026-03-03,-7.00,Rent,,R2\n"
        "2026-03-04,-120.50,Brightside,Returned C-000012,R3\n"
    ),
    "de_sparkasse_camt": (
        '"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";'
        '"Glaeubiger ID";"Mandatsreferenz";"Kundenreferenz (End-to-End)";"Sammlerreferenz";'
        '"Lastschrift Ursprungsbetrag";"Auslagenersatz Ruecklastschrift";'
        '"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"BIC (SWIFT-Code)";"Betrag";'
        '"Waehrung";"Info"\n'
        '"DE89";"02.03.26";"02.03.26";"GUTSCHRIFT";"C-000012";"";"";"E1";"";"";"";"Brightside";'
        '"DE02";"";"1.120,50";"EUR";"Umsatz gebucht"\n'
        '"DE89";"02.03.26";"02.03.26";"GUTSCHRIFT";"C-000013";"";"";"E1";"";"";"";"Brightside";'
        '"DE02";"";"1,00";"EUR";"Umsatz vorgemerkt"\n'
        '"DE89";"03.03.26";"03.03.26";"LASTSCHRIFT";"Miete";"";"";"";"";"";"";"X";"DE03";"";'
        '"-7,00";"EUR";"Umsatz gebucht"\n'
        '"DE89";"04.03.26";"04.03.26";"STORNO";"C-000012";"";"";"E1";"";"";"";"Brightside";'
        '"DE02";"";"-1.120,50";"EUR";"Umsatz gebucht"\n'
    ),
    "de_volksbank": (
        "Bezeichnung Auftragskonto;IBAN Auftragskonto;Buchungstag;Name Zahlungsbeteiligter;"
        "IBAN Zahlungsbeteiligter;Buchungstext;Verwendungszweck;Betrag;Waehrung\n"
        "Giro;DE89;02.03.2026;Brightside;DE02;Gutschrift;C-000012;120,5;EUR\n"
        "Giro;DE89;03.03.2026;X;DE03;Lastschrift;Miete;-7;EUR\n"
        "Giro;DE89;04.03.2026;Brightside;DE02;Rückgabe;C-000012;-120,50;EUR\n"
    ),
    # RechnungsFee#398: a mark before the lines above the header hid the header.
    "de_dkb": (
        '\ufeff"DKB-Business";"DE89"\n\n"Kontostand vom 05.03.2026:";"1,00 €"\n""\n'
        '"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";'
        '"Verwendungszweck";"Umsatztyp";"IBAN";"Betrag (€)";"Gläubiger-ID";"Mandatsreferenz";'
        '"Kundenreferenz"\n'
        '"02.03.26";"02.03.26";"Gebucht";"Brightside";"Wir";"C-000012";"Eingang";"DE02";"120,5";'
        '"";"";""\n'
        '"03.03.26";"03.03.26";"Gebucht";"Wir";"X";"Miete";"Ausgang";"DE03";"-7";"";"";""\n'
        '"04.03.26";"04.03.26";"Gebucht";"Brightside";"Wir";"Rückgabe C-000012";"Ausgang";"DE02";'
        '"-120,50";"";"";""\n'
    ),
    "us_chase": (
        "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n"
        'CREDIT,03/02/2026,"ORIG CO NAME:BRIGHTSIDE C-000012",120.50,ACH_CREDIT,1.00,\n'
        "DEBIT,03/03/2026,RENT,-7.00,ACH_DEBIT,1.00,\n"
        "DEBIT,03/13/2026,C-000012 RETURNED,-120.50,ACH_RETURN,1.00,\n"
    ),
    "us_bank_of_america": (
        "Description,,Summary Amt.\nBeginning balance as of 03/01/2026,,10.00\n"
        "Total credits,,120.50\n\n"
        "Date,Description,Amount,Running Bal.\n"
        '03/01/2026,Beginning balance as of 03/01/2026,,"10.00"\n'
        '03/02/2026,"BRIGHTSIDE C-000012","120.50","130.50"\n'
        '03/03/2026,"RENT","-7.00","123.50"\n'
        '03/14/2026,"RETURNED ITEM C-000012","-120.50","3.00"\n'
    ),
    "uk_paid_in_out": (
        "Account Name:,Current\nAccount Balance:,£10.00\n\n"
        "Date,Transaction type,Description,Paid out,Paid in,Balance\n"
        "02 Mar 2026,Bank credit,BRIGHTSIDE C-000012,,£120.50,£130.50\n"
        "03 Mar 2026,Direct debit,Rent,£7.00,,£123.50\n"
        "04 Mar 2026,Unpaid,C-000012,£120.50,,£3.00\n"
    ),
    "fr_debit_credit": (
        "Date;Libellé;Débit euros;Crédit euros\n02/03/2026;VIR BRIGHTSIDE C-000012;;120,50\n"
        "03/03/2026;LOYER;-7,00;\n14/03/2026;REJET VIR C-000012;120,50;\n"
    ),
    "cn_corporate": (
        "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,币种\n"
        "20260302,,120.50,1.00,光明食品,6222,C-000012,人民币\n20260303,7.00,,1.00,房东,1,房租,人民币\n"
        "20260304,120.50,,1.00,光明食品,6222,退汇C-000012,人民币\n"
    ),
}
CURRENCIES = {
    "us_chase": "USD", "us_bank_of_america": "USD", "uk_paid_in_out": "GBP", "plain": "USD",
    "cn_corporate": "CNY",
}  # fmt: skip


def read(tmp_path: Path, name: str, text: str, **more: str) -> BankFile:
    path = tmp_path / "bank.csv"
    path.write_text(text, encoding="utf-8")
    found = {"account": "OURS", "currency": CURRENCIES.get(name, "EUR")} | more
    return read_bank_csv(path, "bank.csv", bank_layout(name), **found)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", bank_layouts.names())
def test_each_layout_reads_a_payment_and_its_return_and_leaves_the_rest(
    name: str, tmp_path: Path
) -> None:
    found = read(tmp_path, name, SAMPLES[name])
    paid, returned = found.receipts
    cents = 112050 if name == "de_sparkasse_camt" else 12050
    assert (paid.booked_on, paid.amount_cents, paid.is_return) == (date(2026, 3, 2), cents, False)
    assert (returned.amount_cents, returned.is_return) == (-cents, True)
    assert "C-000012" in paid.text
    assert paid.currency == CURRENCIES.get(name, "EUR")
    assert any("1 bookings are payments by the retailer" in str(note) for note in found.notes)


def test_what_the_bank_has_not_booked_is_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, "de_sparkasse_camt", SAMPLES["de_sparkasse_camt"])
    assert any("1 entries that are not booked" in str(note) for note in found.notes)


PLAIN = "date,amount,name,description,bank reference\n"
BAD = {
    "amount": ("2026-03-02,1.120.5,A,B,C\n", "row 2, column amount", "'1.120.5' is no amount"),
    "german amount": ('2026-03-02,"12,50",A,B,C\n', "row 2, column amount", "is no amount of USD"),
    "fraction": ("2026-03-02,12.505,A,B,C\n", "row 2, column amount", "is no amount of USD"),
    "currency": ("2026-03-02,€12.50,A,B,C\n", "row 2, column amount", "is in €, not in USD"),
    "date": ("2026-02-30,12.50,A,B,C\n", "row 2, column booked_on", "is not a day of any month"),
    "two meanings": ("03/04/2026,1,A,B,C\n", "row 2, column booked_on", "may be day 3 of month 4"),
    "both orders": ("13/04/2026,1,A,B,C\n04/13/2026,1,A,B,C\n", "bank.csv", "has the day first"),
    "no amount": ("2026-03-02,,A,B,C\n", "row 2, column amount", "is empty"),
    "ragged": ("2026-03-02,1,A,B\n", "row 2", "has 4 cells where the header has 5"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_refuses_the_file_with_its_place(kind: str, tmp_path: Path) -> None:
    row, where, said = BAD[kind]
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, "plain", PLAIN + row)
    shown = [str(problem) for problem in caught.value.problems]
    assert any(where in each and said in each for each in shown), shown


def test_a_file_without_an_account_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, "plain", PLAIN + "2026-03-02,1,A,B,C\n", account="")
    assert "--account" in str(caught.value.problems[0])


def test_an_amount_on_both_sides_is_a_fault(tmp_path: Path) -> None:
    text = "Date;Libellé;Débit;Crédit\n02/03/2026;VIR;1,00;2,00\n"
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, "fr_debit_credit", text)
    assert "both sides" in str(caught.value.problems[0])


REPORTED = {
    "actual#5020": (".", " -110.7 ", "-110.7"),
    "lamonee#652": (",", "-100", "-100"),
    "ezbookkeeping#361": (".", "-262 259", "-262259"),
    "thousands after blanks": (",", "-1 262 259,50", "-1262259.5"),
}


@pytest.mark.parametrize("kind", REPORTED)
def test_amounts_that_others_misread(kind: str) -> None:
    mark, text, value = REPORTED[kind]
    assert number(text, mark) == Decimal(value)


def test_three_digits_after_a_decimal_comma_are_no_thousands(tmp_path: Path) -> None:
    # dollardollar#55: 173,900 was taken for 173900.
    text = "Date;Libellé;Débit;Crédit\n02/03/2026;VIR;;173,900\n"
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, "fr_debit_credit", text)
    assert "'173,900' is no amount of EUR" in str(caught.value.problems[0])


def test_a_list_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text(PLAIN + "2026.03.02,12.50,A,B,C\n", encoding="utf-16")
    layout = bank_layout("plain")
    found = read_bank_csv(path, "bank.csv", layout, account="X", currency="HUF")
    assert [each.amount_cents for each in found.receipts] == [1250]


def test_an_unknown_layout_names_the_known_ones() -> None:
    with pytest.raises(NotFound, match="de_sparkasse_camt"):
        bank_layout("abroad")


@pytest.mark.parametrize(
    "given",
    [
        '{"columns": {"booked_on": ["D"]}}',
        '{"columns": {"booked_on": ["D"], "amount": ["A"], "colour": []}}',
        '{"columns": {"booked_on": ["D"], "amount": ["A"], "side": ["S"]}}',
        '{"columns": {"booked_on": ["D"], "amount": ["A"]}, "decimal_mark": ";"}',
        "[]",
    ],
)
def test_a_bad_layout_is_refused(given: str, tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(given)
    with pytest.raises(InvalidInput):
        bank_layout(str(path))


@given(cents=st.integers(-(10**10), 10**10), mark=st.sampled_from(".,"), group=st.booleans())
def test_every_amount_is_read_as_it_is_written(cents: int, mark: str, group: bool) -> None:
    whole, part = divmod(abs(cents), 100)
    other = "," if mark == "." else "."
    written = f"{whole:,}".replace(",", other) if group else str(whole)
    read_back = number(f"{'-' if cents < 0 else ''}{written}{mark}{part:02}", mark)
    assert read_back is not None
    assert read_back * 100 == cents


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [("(12.50)", ".", "-12.5"), ("12,50-", ",", "-12.5"), ("1'234.50", ".", "1234.5"),
     ("+3", ".", "3"), ("1 234,5", ",", "1234.5")],
)  # fmt: skip
def test_amounts_as_accountants_write_them(text: str, mark: str, value: str) -> None:
    assert number(text, mark) == Decimal(value)


@pytest.mark.parametrize("text", ["", "-", "1.2.3", "12,34", "(5", "1e3", "NaN", "1,23,456"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert number(text, ".") is None
