"""An invoice as EN 16931 has it: the terms of its model, in CII for Factur-X and in UBL.

The library factur-x writes both from one set of business terms (BT) and groups (BG). The same
invoice gives the same bytes: the terms have no clock in them.
"""

from decimal import Decimal
from typing import Any

from facturx import generate_cii_xml, generate_ubl_xml

from service.currencies import minor_digits
from service.engine.clearing.claim import Address, Claim, Settlement, SupplierAccount, TaxCode
from service.engine.clearing.invoice import Invoice, InvoiceLine
from service.engine.clearing.retailer import Retailer
from service.engine.texts import clean
from service.errors import Misconfigured, Problem
from service.files.clearing.invoice_pdf import line_name
from service.files.clearing.words import Words, words_of

_LEVEL = "en16931"
_PIECE = "C62"
_CREDIT_TRANSFER, _SEPA_TRANSFER, _CLEARING = "30", "58", "97"
_EXEMPT = {
    TaxCode.EXEMPT: "",
    TaxCode.REVERSE_CHARGE: "VATEX-EU-AE",
    TaxCode.INTRA_COMMUNITY: "VATEX-EU-IC",
    TaxCode.EXPORT: "VATEX-EU-G",
    TaxCode.OUTSIDE: "VATEX-EU-O",
}
_BOTH_NUMBERS = (TaxCode.REVERSE_CHARGE, TaxCode.INTRA_COMMUNITY)


def factur_x_xml(claim: Claim, invoice: Invoice, retailer: Retailer) -> bytes:
    """The invoice in the syntax CII. Raises Misconfigured where a term that it needs is missing."""
    made: bytes = generate_cii_xml(
        _terms(claim, invoice, retailer), level=_LEVEL, check_xsd=False, check_schematron=None
    )
    return made


def ubl_xml(claim: Claim, invoice: Invoice, retailer: Retailer) -> bytes:
    """The invoice in the syntax UBL 2.1. Raises Misconfigured as `factur_x_xml` does."""
    made: bytes = generate_ubl_xml(
        _terms(claim, invoice, retailer), level=_LEVEL, check_xsd=False, check_schematron=None
    )
    return made


def applies_to(currency: str) -> bool:
    """Whether an invoice in a currency can be one of EN 16931, whose amounts have two decimals."""
    return minor_digits(currency) <= 2


def _terms(claim: Claim, invoice: Invoice, retailer: Retailer) -> dict[str, Any]:
    """The business terms of an invoice by their numbers."""
    _require_numbers(claim.account, invoice.tax_code, retailer)
    words = words_of(claim.account.language, claim.account.currency)
    currency = claim.account.currency
    outside = invoice.tax_code is TaxCode.OUTSIDE
    net, tax = (_amount(each, currency) for each in (invoice.net_cents, invoice.tax_cents))
    total = _amount(invoice.total_cents, currency)
    terms: dict[str, Any] = {
        "BT-1": invoice.number,
        "BT-2": invoice.issued_on,
        "BT-3": invoice.type_code,
        "BT-5": currency,
        "BT-12": claim.agreement.ref,
        "BT-72": max(invoice.first_day, invoice.last_day),
        "BT-73": min(invoice.first_day, invoice.last_day),
        "BT-74": max(invoice.first_day, invoice.last_day),
        "BT-106": net,
        "BT-109": net,
        "BT-110": tax,
        "BT-112": total,
        "BT-115": total,
        "BG-4": _seller(retailer, outside=outside),
        "BG-7": _buyer(claim.account, outside=outside),
        "BG-23": [_breakdown(invoice, net, tax, words)],
        "BG-25": [
            _line(number, line, invoice, words)
            for number, line in enumerate(invoice.lines, start=1)
        ],
    }
    if invoice.preceding is not None:
        number, day = invoice.preceding
        terms["BG-3"] = [{"BT-25": number, "BT-26": day}]
    if invoice.tax_code is TaxCode.INTRA_COMMUNITY:
        terms["BG-13"] = {
            "name": claim.account.legal_name,
            **_address(claim.account.address),
        }
    terms |= _payment(claim, invoice, retailer, words)
    return {name: _writable(value) for name, value in terms.items()}


def _writable(value: Any) -> Any:
    """A value without the characters that XML cannot hold."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_writable(each) for each in value]
    if isinstance(value, dict):
        return {name: _writable(each) for name, each in value.items()}
    return value


def _require_numbers(account: SupplierAccount, code: TaxCode, retailer: Retailer) -> None:
    problems = []
    if not retailer.tax_number and code is not TaxCode.OUTSIDE:
        problems.append(
            Problem("LARDER_TAX_NUMBER", f"is not set, and fees are taxed by {code.value}",
                    "set it, or agree on the tax code O")
        )  # fmt: skip
    if not account.tax_number and code in _BOTH_NUMBERS:
        problems.append(
            Problem(f"account {account.number}", f"has no tax number; {code.value} needs it",
                    "load it with the account, or change the agreement's tax code")
        )  # fmt: skip
    if problems:
        raise Misconfigured("An invoice cannot be written.", problems)


def _payment(claim: Claim, invoice: Invoice, retailer: Retailer, words: Words) -> dict[str, Any]:
    if invoice.is_credit or invoice.total_cents <= 0:
        return {"BT-20": words["nothing_due"]}
    if claim.agreement.settlement is Settlement.SET_OFF:
        return {"BT-81": _CLEARING, "BT-9": invoice.due_on}
    if not retailer.bank_account:
        return {"BT-9": invoice.due_on}
    is_iban = retailer.bank_account[:2].isalpha()
    means = _SEPA_TRANSFER if is_iban and claim.account.currency == "EUR" else _CREDIT_TRANSFER
    paid = {
        "BT-9": invoice.due_on,
        "BT-81": means,
        "BT-83": invoice.number,
        "BT-84": retailer.bank_account.replace(" ", ""),
    }
    return paid | ({"BT-86": retailer.bank_code} if is_iban and retailer.bank_code else {})


def _seller(retailer: Retailer, *, outside: bool) -> dict[str, Any]:
    party: dict[str, Any] = {"name": retailer.legal_name, **_address(retailer.address)}
    if retailer.tax_number and not outside:
        party["vat_identifier"] = retailer.tax_number
    else:
        # BR-O-02 forbids a VAT number, BR-CO-26 wants some number.
        party["identifiers"] = {None: retailer.tax_number or retailer.legal_name}
    if retailer.email or retailer.phone:
        contact = {"name": retailer.legal_name, "email": retailer.email, "phone": retailer.phone}
        party["contacts"] = [{name: value for name, value in contact.items() if value}]
    return party


def _buyer(account: SupplierAccount, *, outside: bool) -> dict[str, Any]:
    party: dict[str, Any] = {
        "name": account.legal_name,
        "identifiers": {None: account.number},
        **_address(account.address),
    }
    if account.tax_number and not outside:
        party["vat_identifier"] = account.tax_number
    return party


def _address(address: Address) -> dict[str, str]:
    lines = address.street.splitlines()[:3]
    named = {f"addr_l{place}": line for place, line in enumerate(lines, start=1)}
    rest = {
        "city": address.city,
        "postcode": address.postcode,
        "country_subdivision": address.region,
        "country_code": address.country,
    }
    return {name: value for name, value in (named | rest).items() if value}


def _breakdown(invoice: Invoice, net: str, tax: str, words: Words) -> dict[str, str]:
    found = {"BT-116": net, "BT-117": tax, "BT-118": invoice.tax_code.value}
    if invoice.tax_code is not TaxCode.OUTSIDE:
        found["BT-119"] = _rate(invoice)
    if invoice.tax_code in _EXEMPT:
        found["BT-120"] = words[f"tax_note_{invoice.tax_code.value}"]
        if _EXEMPT[invoice.tax_code]:
            found["BT-121"] = _EXEMPT[invoice.tax_code]
    return found


def _line(number: int, line: InvoiceLine, invoice: Invoice, words: Words) -> dict[str, Any]:
    found: dict[str, Any] = {
        "BT-126": str(number),
        "BT-129": str(line.quantity),
        "BT-130": _PIECE,
        "BT-131": _amount(line.net_cents, words.currency),
        "BT-146": _amount(line.price_cents, words.currency),
        "BT-151": invoice.tax_code.value,
        "BT-153": line_name(line, words)[:200],
        "BT-155": line.deal_ref,
    }
    if line.late_of:
        found["BT-154"] = words.say("late_of", number=line.late_of)
    if invoice.tax_code is not TaxCode.OUTSIDE:
        found["BT-152"] = _rate(invoice)
    return found


def _rate(invoice: Invoice) -> str:
    return str(Decimal(invoice.tax_basis_points).scaleb(-2))


def _amount(cents: int, currency: str) -> str:
    return str(Decimal(cents).scaleb(-minor_digits(currency)))
