"""Documents of claims: what they say, that they add up, and that they are what they claim to be."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

import openpyxl
import pikepdf
import pikepdf.pdfa
import polars as pl
import pypdfium2 as pdfium
import pytest
from facturx import get_facturx_xml_from_pdf
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.clearing.claim import (
    Address,
    Channel,
    Claim,
    NamedParty,
    Party,
    Settlement,
    TaxCode,
)
from service.engine.clearing.invoice import credit_of, invoice_of
from service.errors import Conflict, Misconfigured
from service.files.clearing import words
from service.files.clearing.documents import (
    ClaimDocument,
    DocumentKind,
    claim_documents,
    credit_documents,
)
from service.files.clearing.en16931 import factur_x_xml, ubl_xml
from service.files.clearing.invoice_pdf import invoice_pdf
from service.files.clearing.statement_pdf import statement_pdf
from service.files.clearing.x12 import read_sets
from tests.engine.clearing.claims import ACCOUNT, AGREEMENT, RETAILER, claim, line, long_claim
from tests.files.clearing.rules import broken_rules

EDI = replace(ACCOUNT, channel=Channel.EDI)
LATE = line(3, late_of="C-000007", redemptions=-2, redeemed_cents=-200, share_cents=-100,
            fee_cents=-16)  # fmt: skip
SLOTS = line(2, deal_ref="S-1", title="Partner slot", store_id=None, redemptions=0,
             redeemed_cents=0, share_cents=0, fee_cents=0, slots=40, slot_cents=1000)  # fmt: skip


def pages(data: bytes) -> list[str]:
    """The texts of a PDF, with plain spaces and minus signs."""
    document = pdfium.PdfDocument(data)
    found = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return [re.sub(r"[\s\u00a0]+", " ", text) for text in found]


def documents(found: Sequence[ClaimDocument]) -> dict[DocumentKind, bytes]:
    return {each.kind: each.content for each in found}


@cache
def cancelled() -> Claim:
    made = claim(line(1), SLOTS, LATE, account=EDI)
    return replace(made, credit_number="K-000003", cancelled_on=date(2026, 4, 9))


def test_the_first_page_says_all_that_is_needed_to_check_it() -> None:
    first, *_ = pages(statement_pdf(claim(line(1), LATE), RETAILER))
    for said in (
        "AG-2026-7, revision 2", "1 March 2026 to 31 March 2026", "04006381333931",
        "1: 001", "€8.00", "€4.00 ", "50.00 %", "C-000012", "K-1001", "1 May 2026",
        "DE89370400440532013000", "16 May 2026", "Brightside Foods Ltd",
    ):  # fmt: skip
        assert said in first


@pytest.mark.parametrize("language", words.languages())
def test_totals_are_carried_over_pages_in_every_language(language: str) -> None:
    found = long_claim(deals=3, stores=50, account=replace(ACCOUNT, language=language))
    told = words.words_of(language, "EUR")
    texts = pages(statement_pdf(found, RETAILER))
    assert len(texts) > 2
    for before, after in pairwise(texts):
        carried = re.search(rf"{told['carried']} ([\d,.]+) ([\d,.]+) ([\d,.]+)", before)
        brought = re.search(rf"{told['brought']} ([\d,.]+) ([\d,.]+) ([\d,.]+)", after)
        assert carried
        assert brought
        assert carried.groups() == brought.groups()
    (deals, uses, share) = re.findall(rf"{told['sum']} ([\d,.]+) ([\d,.]+) ([\d,.]+)", texts[-1])[
        -1
    ]
    assert (deals, uses, share) == (
        told.count(3825),
        told.number(382_500),
        told.number(191_250),
    )
    assert told.say("page", page=len(texts), pages=len(texts)) in texts[-1]


def test_every_language_has_the_same_words_with_the_same_values() -> None:
    texts = {tag: words.words_of(tag, "EUR").texts for tag in words.languages()}
    english = texts["en"]
    for told in texts.values():
        assert told.keys() == english.keys()
        for name, text in told.items():
            assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", english[name]))


def test_who_bears_what_is_said_in_order_of_rank() -> None:
    parties = (
        NamedParty("Brightside", Party(1, 1, share_basis_points=6000, cap_cents=50)),
        NamedParty("Morning Crunch", Party(2, 2, use_cents=20)),
        NamedParty("Mill & Co", Party(3, 3, share_basis_points=1)),
    )
    first, *_ = pages(statement_pdf(claim(agreement=replace(AGREEMENT, parties=parties)), RETAILER))
    assert (
        "Brightside: 60.00 % of what suppliers bear, at most €0.50 a use; Morning Crunch: €0.20 a "
        "use; Mill & Co: what the others leave" in first
    )


def test_long_names_and_any_script_lose_nothing() -> None:
    title = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2 + " 燕麦片 عرض"
    found = claim(line(title=title), account=replace(ACCOUNT, legal_name="株式会社 日向食品 " * 5))
    first, *_ = pages(statement_pdf(found, RETAILER))
    assert title.split(" ", maxsplit=1)[0] in first.replace(" ", "").replace("-", "")
    assert "燕麦片" in first
    assert first.count("日向食品") == 5


@pytest.mark.parametrize(
    ("currency", "amount"), [("JPY", "¥500"), ("KWD", "KWD 0.500"), ("USD", "$5.00")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, amount: str) -> None:
    found = claim(account=replace(ACCOUNT, currency=currency, channel=Channel.EDI))
    made = documents(claim_documents(found, RETAILER))
    assert amount in pages(made[DocumentKind.STATEMENT])[0]
    table = pl.read_csv(made[DocumentKind.STATEMENT_CSV], infer_schema=False)
    assert table["share"].to_list() == [re.sub(r"[^\d.]", "", amount)]
    has_two = currency != "KWD"
    assert (DocumentKind.INVOICE_UBL in made) is has_two
    assert (DocumentKind.EDI_812 in made) is has_two


@pytest.mark.parametrize("code", TaxCode)
def test_invoices_of_every_tax_code_hold_the_schema_and_the_rules(code: TaxCode) -> None:
    rate = 1900 if code is TaxCode.STANDARD else 0
    agreement = replace(AGREEMENT, tax_code=code, tax_basis_points=rate)
    found = claim(line(1), SLOTS, LATE, agreement=agreement)
    invoice = invoice_of(found)
    assert invoice is not None
    assert broken_rules(factur_x_xml(found, invoice, RETAILER), "factur-x") == []
    assert broken_rules(ubl_xml(found, invoice, RETAILER), "ubl-2.1") == []


def test_the_rules_are_those_that_find_faults() -> None:
    found = claim(line(1), SLOTS)
    invoice = invoice_of(found)
    assert invoice is not None
    wrong = replace(invoice, tax_cents=invoice.tax_cents + 100)
    for xml, flavor in (
        (factur_x_xml(found, wrong, RETAILER), "factur-x"),
        (ubl_xml(found, wrong, RETAILER), "ubl-2.1"),
    ):
        assert any("BR-" in rule for rule in broken_rules(xml, flavor))


def test_a_cancelled_claim_is_a_credit_note_over_the_same_positive_amounts() -> None:
    invoice, credit = invoice_of(cancelled()), credit_of(cancelled())
    assert invoice is not None
    assert credit is not None
    assert (credit.type_code, credit.total_cents) == ("381", invoice.total_cents)
    xml = ubl_xml(cancelled(), credit, RETAILER)
    assert broken_rules(xml, "ubl-2.1") == []
    assert broken_rules(factur_x_xml(cancelled(), credit, RETAILER), "factur-x") == []
    assert b"<CreditNote " in xml
    assert b"C-000012" in xml
    made = documents(credit_documents(cancelled(), RETAILER))
    issued = documents(claim_documents(cancelled(), RETAILER))
    assert {f"credit_{kind}" for kind in issued} == {
        kind.replace("credit_note", "credit_invoice") for kind in made
    }
    assert "Cancels C-000012 of 1 April 2026 in full." in pages(made[DocumentKind.CREDIT_NOTE])[0]
    before, after = (
        pl.read_csv(each, infer_schema_length=None)
        for each in (issued[DocumentKind.STATEMENT_CSV], made[DocumentKind.CREDIT_STATEMENT_CSV])
    )
    assert (before["total"] + after["total"]).to_list() == [0.0] * 3
    assert after["cancels"].unique().to_list() == ["C-000012"]


def test_returns_that_outweigh_uses_are_a_credit_note_of_their_own() -> None:
    found = claim(LATE)
    invoice = invoice_of(found)
    assert invoice is not None
    assert (invoice.type_code, invoice.net_cents, invoice.tax_cents) == ("381", 16, 3)
    assert broken_rules(factur_x_xml(found, invoice, RETAILER), "factur-x") == []
    assert "€4.19" not in pages(statement_pdf(found, RETAILER))[0]
    assert "€1.19 is credited to your account." in pages(statement_pdf(found, RETAILER))[0]


def test_the_invoice_is_pdf_a_with_the_same_invoice_in_it() -> None:
    found = claim(line(1), SLOTS)
    invoice = invoice_of(found)
    assert invoice is not None
    xml = factur_x_xml(found, invoice, RETAILER)
    data = invoice_pdf(found, invoice, RETAILER, xml)
    assert get_facturx_xml_from_pdf(data, check_xsd=True) == ("factur-x.xml", xml)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        findings = pikepdf.pdfa.check(pdf, "3b").findings
        # It does not read extension schemas, which is where Factur-X has its properties.
        unknown = [each for each in findings if not re.search(r"\b(fx|pdfa\w+)[:=]", each.message)]
        assert unknown == []
        assert pdf.Root.AF[0].AFRelationship == "/Alternative"
    assert "urn:cen.eu:en16931:2017" in xml.decode()


@pytest.mark.parametrize("language", words.languages())
def test_statements_are_pdf_a(language: str) -> None:
    found = long_claim(deals=2, stores=3, account=replace(ACCOUNT, language=language))
    with pikepdf.open(io.BytesIO(statement_pdf(found, RETAILER))) as pdf:
        assert pikepdf.pdfa.check(pdf, "3b").findings == []
        assert str(pdf.Root.Lang) == language


def test_the_same_claim_has_the_same_bytes_and_no_other_day_than_its_own() -> None:
    found = claim_documents(cancelled(), RETAILER)
    again = claim_documents(replace(cancelled()), RETAILER)
    assert [each.sha256 for each in found] == [each.sha256 for each in again]
    made = documents(found)
    for kind in (DocumentKind.STATEMENT, DocumentKind.INVOICE):
        days = set(re.findall(rb"20\d\d-\d\d-\d\dT", made[kind]))
        assert days == {b"2026-04-01T"}
    with zipfile.ZipFile(io.BytesIO(made[DocumentKind.STATEMENT_XLSX])) as book:
        assert {entry.date_time[0] for entry in book.infolist()} == {1980}
        assert set(re.findall(rb"20\d\d-\d\d-\d\d", book.read("docProps/core.xml"))) == {
            b"2026-04-01"
        }


def test_no_cell_is_a_formula() -> None:
    found = claim(line(title="=HYPERLINK(1)", deal_ref="+1"))
    made = documents(claim_documents(found, RETAILER))
    table = pl.read_csv(made[DocumentKind.STATEMENT_CSV], infer_schema=False)
    assert (table["title"][0], table["deal_ref"][0]) == ("'=HYPERLINK(1)", "'+1")
    book = openpyxl.load_workbook(io.BytesIO(made[DocumentKind.STATEMENT_XLSX]))
    cell = book["Lines"].cell(2, 5)
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def amounts_of(*sets: Any) -> tuple[int, int]:
    """The net of an 812, and the sum of its details, both signed."""
    (found,) = sets
    start = next(each for each in found.segments if each.name == "BCD")
    net = int(start.at(4)) * (1 if start.at(5) == "D" else -1)
    details = [each for each in found.segments if each.name == "CDD"]
    return net, sum(int(each.at(4)) * (1 if each.at(2) == "D" else -1) for each in details)


lines = st.builds(
    line,
    st.integers(1, 9),
    share_cents=st.integers(-5000, 5000),
    fee_cents=st.integers(-500, 500),
    slot_cents=st.integers(0, 5000),
    slots=st.integers(1, 9),
    adjustment_cents=st.integers(-900, 900),
    redemptions=st.integers(-50, 50),
    deal_ref=st.sampled_from(["A", "B*~", "Ü"]),
    late_of=st.sampled_from([None, "C-000001"]),
)


@settings(max_examples=40)
@given(st.lists(lines, min_size=1, max_size=6))
def test_every_document_of_any_claim_comes_to_its_amounts(found: list[Any]) -> None:
    made = claim(*found, account=EDI)
    by_kind = documents(claim_documents(made, RETAILER))
    assert amounts_of(*read_sets(by_kind[DocumentKind.EDI_812], "x")) == (
        made.total_cents,
        made.total_cents,
    )
    table = pl.read_csv(by_kind[DocumentKind.STATEMENT_CSV], infer_schema_length=None)
    assert round(100 * table["total"].sum()) == made.total_cents - made.tax_cents
    invoice = invoice_of(made)
    services = made.fee_cents + made.slot_cents
    if invoice is not None:
        sign = -1 if invoice.is_credit else 1
        assert (sign * invoice.net_cents, sign * invoice.tax_cents) == (services, made.tax_cents)
        assert all(each.price_cents > 0 for each in invoice.lines)
    else:
        assert services == 0


@pytest.mark.parametrize("odd", ["a\x00b", "a\x0bb", "a\ufffeb", "<&>\"'", "\n\n", "🥛"])
def test_no_text_stops_a_document(odd: str) -> None:
    found = claim(line(title=odd, deal_ref=odd), account=replace(EDI, legal_name=f"{odd} Ltd"))
    made = claim_documents(found, RETAILER)
    assert len(made) == 6
    invoice = invoice_of(found)
    assert invoice is not None
    assert broken_rules(ubl_xml(found, invoice, RETAILER), "ubl-2.1") == []


@pytest.mark.parametrize(
    ("tag", "written", "amount"),
    [("fr", "en", "€5.00"), ("de-CH", "de-CH", "€\u00a05.00"), ("zh_CN", "zh", "€5.00")],
)
def test_a_language_without_words_is_written_in_english_and_says_so(
    tag: str, written: str, amount: str
) -> None:
    first, *_ = claim_documents(claim(account=replace(ACCOUNT, language=tag)), RETAILER)
    assert first.language == written
    assert re.sub(r"\s", " ", amount) in pages(first.content)[0]


def test_set_off_says_that_nothing_is_to_be_paid() -> None:
    agreement = replace(AGREEMENT, settlement=Settlement.SET_OFF)
    first, *_ = pages(statement_pdf(claim(agreement=agreement), RETAILER))
    assert "is set off against what we pay you for goods; nothing is to be paid" in first


def test_a_draft_says_so_and_has_no_documents() -> None:
    draft = claim(number=None, issued_on=None, due_on=None, dispute_until=None)
    assert "Draft, not owed yet" in pages(statement_pdf(draft, RETAILER))[0]
    with pytest.raises(Conflict):
        claim_documents(draft, RETAILER)
    with pytest.raises(Conflict):
        credit_documents(claim(), RETAILER)


def test_a_missing_tax_number_is_named_with_what_to_do() -> None:
    agreement = replace(AGREEMENT, tax_code=TaxCode.REVERSE_CHARGE, tax_basis_points=0)
    found = claim(agreement=agreement, account=replace(ACCOUNT, tax_number=""))
    with pytest.raises(Misconfigured) as caught:
        claim_documents(found, replace(RETAILER, tax_number=""))
    assert [problem.where for problem in caught.value.problems] == [
        "LARDER_TAX_NUMBER",
        "account K-1001",
    ]


def test_american_accounts_get_letter_paper_and_their_form_of_address() -> None:
    address = Address("1 Main Street", "60601", "Chicago", "US", "IL")
    data = statement_pdf(claim(account=replace(ACCOUNT, address=address)), RETAILER)
    (first, *_) = pages(data)
    assert "Chicago, IL 60601 UNITED STATES" in first
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert [float(each) for each in pdf.pages[0].MediaBox] == [0, 0, 612, 792]
