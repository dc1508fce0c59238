"""The retailer as a creditor: who claims, and where the money goes."""

from dataclasses import dataclass

from service.engine.clearing.claim import Address


@dataclass(frozen=True, slots=True)
class Retailer:
    """Who issues claims.

    `tax_number` is for value added tax, empty where there is none; `bank_account` is an IBAN or an
    account number, `bank_code` a BIC or a routing number.
    """

    legal_name: str
    address: Address
    tax_number: str = ""
    bank_account: str = ""
    bank_code: str = ""
    email: str = ""
    phone: str = ""
