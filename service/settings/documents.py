"""Documents for suppliers: who claims, and where suppliers pay to."""

from pydantic import Field

from service.settings.group import Group


class DocumentSettings(Group):
    """Suppliers."""

    legal_name: str = Field(
        default="", description="Who claims from suppliers, on documents; empty for the retailer"
    )
    legal_address: str = Field(
        default="",
        description="Address on documents for suppliers: street; postcode; city; region or nothing",
    )
    tax_number: str = Field(
        default="", description="The retailer's number for value added tax, on its invoices"
    )
    bank_account: str = Field(
        default="", description="IBAN or account number that suppliers pay to"
    )
    bank_code: str = Field(default="", description="BIC or routing number of that account")
    billing_email: str = Field(default="", description="Whom suppliers write to about claims")
