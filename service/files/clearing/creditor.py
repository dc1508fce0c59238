"""The retailer as documents for suppliers name it, from the settings."""

from service.engine.clearing.claim import Address
from service.engine.clearing.retailer import Retailer
from service.errors import Misconfigured, Problem
from service.settings import Settings

_PARTS = ("street", "postcode", "city")


def retailer_of(settings: Settings) -> Retailer:
    """Who claims. Raises Misconfigured without an address and a country, which documents need."""
    parts = [part.strip() for part in settings.legal_address.split(";")]
    problems = []
    if len(parts) not in (3, 4) or not all(parts[:3]):
        remedy = f"write {'; '.join(_PARTS)}, and a region if there is one"
        problems.append(Problem("LARDER_LEGAL_ADDRESS", "is no address", remedy))
    if not settings.country:
        remedy = "give the retailer's country, such as US"
        problems.append(Problem("LARDER_COUNTRY", "is not set", remedy))
    if problems:
        raise Misconfigured("Documents for suppliers must say who claims.", problems)
    street, postcode, city = parts[:3]
    return Retailer(
        legal_name=settings.legal_name or settings.retailer,
        address=Address(street, postcode, city, settings.country, "".join(parts[3:])),
        tax_number=settings.tax_number,
        bank_account=settings.bank_account,
        bank_code=settings.bank_code,
        email=settings.billing_email,
    )
