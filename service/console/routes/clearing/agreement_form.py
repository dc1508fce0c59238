"""The terms of an agreement as fields of a form, and back as its file has them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from service.engine.clearing.claim import Agreement, NamedParty, SupplierAccount
from service.pages.listing.amounts import plain_amount

FIELDS = (
    "valid_from", "valid_to", "handling_fee", "tax_code", "tax_percent", "tolerance", "grace_days",
    "payment_days", "dispute_days", "credit_limit", "settlement",
)  # fmt: skip
"""What of an agreement is revised in the form; parties and account come by file."""
_DAYS = ("grace_days", "payment_days", "dispute_days")


def form_of(agreement: Agreement, currency: str) -> dict[str, str]:
    """The fields as they are filled in."""
    limit = agreement.credit_limit_cents
    return {
        "valid_from": agreement.valid_from.isoformat(),
        "valid_to": agreement.valid_to.isoformat(),
        "handling_fee": plain_amount(agreement.fee_cents, currency),
        "tax_code": agreement.tax_code,
        "tax_percent": _percent(agreement.tax_basis_points),
        "tolerance": plain_amount(agreement.tolerance_cents, currency),
        **{name: str(getattr(agreement, name)) for name in _DAYS},
        "credit_limit": "" if limit is None else plain_amount(limit, currency),
        "settlement": agreement.settlement,
    }


def stored_form(
    account: SupplierAccount, agreement: Agreement, values: Mapping[str, str], currency: str
) -> dict[str, Any]:
    """A file with the agreement as it was filled in; what is no number is refused by its reader."""
    terms: dict[str, Any] = {name: value.strip() for name, value in values.items()}
    for name in _DAYS:
        if terms[name].isascii() and terms[name].isdigit():
            terms[name] = int(terms[name])
    terms["credit_limit"] = terms["credit_limit"] or None
    address = account.address
    return {
        "format": "larder-agreements-1",
        "agreements": [
            {
                **terms,
                "ref": agreement.ref,
                "account": {
                    "number": account.number,
                    "legal_name": account.legal_name,
                    "address": {
                        "street": address.street, "postcode": address.postcode,
                        "city": address.city, "region": address.region, "country": address.country,
                    },
                    "tax_number": account.tax_number,
                    "language": account.language,
                    "currency": account.currency,
                    "channel": account.channel,
                    "email": account.email,
                    "brands": list(account.brands),
                },
                "parties": [_party(each, currency) for each in agreement.parties],
            }
        ],
    }  # fmt: skip


def _party(party: NamedParty, currency: str) -> dict[str, Any]:
    terms = party.terms
    found: dict[str, Any] = {"supplier": party.supplier, "rank": terms.rank}
    if terms.share_basis_points is not None:
        found["share_percent"] = _percent(terms.share_basis_points)
    if terms.use_cents is not None:
        found["per_use"] = plain_amount(terms.use_cents, currency)
    if terms.cap_cents is not None:
        found["cap_per_use"] = plain_amount(terms.cap_cents, currency)
    return found


def _percent(basis_points: int) -> str:
    return str(Decimal(basis_points).scaleb(-2))
