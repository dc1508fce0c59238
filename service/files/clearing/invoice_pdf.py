"""The invoice of fees and slots, or its credit note, as a Factur-X file: PDF/A-3 with its XML.

Factur-X 1.0 is a PDF/A-3 that holds the invoice as `factur-x.xml`; its metadata names the profile.
"""

from service.engine.clearing.claim import Claim, Settlement, TaxCode
from service.engine.clearing.invoice import Invoice, InvoiceLine
from service.engine.clearing.retailer import Retailer
from service.engine.render.archive import Attachment
from service.files.clearing.factur_x import FILE_NAME, factur_x_xmp
from service.files.clearing.letterhead import Heading, Letter
from service.files.clearing.ruled_table import NumberColumn, RuledTable
from service.files.clearing.words import Words, words_of


def invoice_pdf(claim: Claim, invoice: Invoice, retailer: Retailer, xml: bytes) -> bytes:
    """An invoice of a claim with `xml`, the same in EN 16931, in it; without it a plain PDF/A."""
    words = words_of(claim.account.language, claim.account.currency)
    letter = Letter(words, retailer, claim.account)
    title = words["credit_note" if invoice.is_credit else "invoice"]
    heading = Heading(title, _subtitle(invoice, words), invoice.number)
    letter.open(heading, _facts(claim, invoice, words))
    _lines(letter, invoice)
    letter.totals(_totals(invoice, words))
    note = f"tax_note_{invoice.tax_code.value}"
    if note in words.texts:
        letter.paragraph(words[note])
    letter.paragraph(_how_to_pay(letter, claim, invoice), strong=True)
    attachment = Attachment(
        name=FILE_NAME,
        media_type="text/xml",
        description=f"{title} {invoice.number}",
        relation="Alternative",
        data=xml,
    )
    return letter.close(
        title=f"{title} {invoice.number}",
        made_on=invoice.issued_on,
        attachments=(attachment,) if xml else (),
        more_xmp=factur_x_xmp() if xml else "",
    )


def _subtitle(invoice: Invoice, words: Words) -> str:
    about = words["invoice_about"]
    if invoice.preceding is None:
        return about
    number, day = invoice.preceding
    return f"{about}. {words.say('cancels', number=number, date=words.day(day))}"


def _facts(claim: Claim, invoice: Invoice, words: Words) -> list[tuple[str, str]]:
    facts = [
        (words["number"], invoice.number),
        (words["date"], words.day(invoice.issued_on)),
    ]
    if invoice.due_on is not None and not invoice.is_credit:
        facts.append((words["due"], words.day(invoice.due_on)))
    days = {"from": words.day(invoice.first_day), "to": words.day(invoice.last_day)}
    facts += [
        (words["period"], words.say("period_text", **days)),
        (words["account"], claim.account.number),
        (words["agreement"], claim.agreement.ref),
    ]
    if claim.account.tax_number:
        facts.append((words["your_tax_number"], claim.account.tax_number))
    return facts


def _lines(letter: Letter, invoice: Invoice) -> None:
    words = letter.words
    columns = [
        NumberColumn(words["quantity"], 70),
        NumberColumn(words["price"], 80),
        NumberColumn(words["amount"], 90, carried=True),
    ]
    title = f"{words['description']} · {words.say('in_currency', currency=words.currency)}"
    table = RuledTable(letter, title, columns)
    table.head()
    for line in invoice.lines:
        numbers = [
            words.count(line.quantity),
            words.number(line.price_cents),
            words.number(line.net_cents),
        ]
        detail = words.say("late_of", number=line.late_of) if line.late_of else ""
        detail = " · ".join(filter(None, (line.supplier, detail)))
        table.row(line_name(line, words), numbers, [0, 0, line.net_cents], detail=detail)
        table.rule()
    table.total(words["net"])


def line_name(line: InvoiceLine, words: Words) -> str:
    """What a line is for."""
    name = "fee_line" if line.is_fee else "slot_line"
    return words.say(name, deal=f"{line.deal_ref} {line.title}".strip())


def _totals(invoice: Invoice, words: Words) -> list[tuple[str, str, bool]]:
    rows = [(words["net"], words.money(invoice.net_cents), False)]
    if invoice.tax_code is not TaxCode.OUTSIDE:
        rate = words.percent(invoice.tax_basis_points)
        label = words.say("tax", code=invoice.tax_code.value, rate=rate)
        rows.append((label, words.money(invoice.tax_cents), False))
    rows.append((words["sum"], words.money(invoice.total_cents), True))
    return rows


def _how_to_pay(letter: Letter, claim: Claim, invoice: Invoice) -> str:
    words = letter.words
    total = words.money(invoice.total_cents)
    if invoice.is_credit:
        return words.say("credited", amount=total)
    if invoice.total_cents == 0:
        return words["nothing_due"]
    if claim.agreement.settlement is Settlement.SET_OFF:
        return words.say("set_off", amount=total)
    whole = words.money(claim.total_cents)
    return words.say("in_claim", number=claim.number, amount=whole, due=words.day(claim.due_on))
