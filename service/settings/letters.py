"""Letters: fonts, the retailer as it is printed, days, and the barcode of the post."""

from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from service.currencies import minor_digits
from service.settings.group import Group

_BARCODE_SETTINGS = {
    "intelligent_mail": ("imb_mailer_id", "imb_service_type"),
    "mailmark_c": ("mailmark_supply_chain_id", "mailmark_class"),
    "mailmark_l": ("mailmark_supply_chain_id", "mailmark_class"),
}
"""What each postal barcode says of all letters, which nothing but the settings knows."""


class FontSettings(Group):
    """Where fonts lie: all that drawing a layout needs, which works without keys."""

    fonts_folder: Path = Field(
        default=Path("fonts"), description="Fonts added by `larder fonts add`, besides the shipped"
    )


class LetterSettings(FontSettings):
    """Letters.

    What they say of the retailer and its days: a preview of one needs no keys either.
    """

    retailer: str = Field(default="Larder Market", description="Printed name of the retailer")
    retailer_colour: str = Field(
        default="",
        pattern="^(#[0-9a-f]{6})?$",
        description="The retailer's colour on letters, as #rrggbb; empty for that of the layout",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+[^\s?#/])?$",
        description="Address that households reach the service at, without a slash at its end; "
        "letters then say where their page is",
    )
    currency: str = Field(default="USD", description="ISO 4217: a currency with a minor unit")
    language: str = Field(default="en", description="Language of a household that states none")
    country: str = Field(
        default="",
        pattern="^([A-Z]{2})?$",
        description="Country (ISO 3166) of the retailer: where letters are posted, and of phone "
        "numbers without a country code; empty for none",
    )
    return_address: str = Field(
        default="",
        description="Return address on letters, its parts by semicolons; empty for the retailer",
    )
    tips_file: Path | None = Field(
        default=None,
        description="JSON file of the tip on lists by language, instead of the shipped",
    )
    legal_file: Path | None = Field(
        default=None,
        description="JSON file of the legal and opt-out text of lists by language; none without it",
    )
    mail_lead_days: int = Field(
        default=5,
        ge=0,
        le=60,
        description="Days from the date of a cycle until its letters are with the households",
    )
    validity_days: int = Field(
        default=14, ge=1, description="Days a list can be redeemed once its letter is there"
    )
    imb_mailer_id: str = Field(
        default="",
        pattern="^([0-8][0-9]{5}|9[0-9]{8})?$",
        description="Mailer id of the Intelligent Mail barcode: 6 digits, or 9 that begin with 9",
    )
    imb_service_type: str = Field(
        default="",
        pattern="^([0-9]{3})?$",
        description="Service type of the Intelligent Mail barcode: class of mail and services",
    )
    imb_barcode_id: str = Field(
        default="00",
        pattern="^[0-9][0-4]$",
        description="Barcode id of the Intelligent Mail barcode: the presort level where needed",
    )
    mailmark_supply_chain_id: str = Field(
        default="",
        pattern="^([0-9]{2}|[0-9]{6})?$",
        description="Supply chain of the Mailmark: 2 digits for barcode C, 6 for barcode L",
    )
    mailmark_class: str = Field(
        default="", pattern="^[0-9A-E]?$", description="Class of mail in the Mailmark"
    )
    postal_barcode: Literal["", "intelligent_mail", "mailmark_c", "mailmark_l"] = Field(
        default="", description="Barcode of the post on letters that it delivers; empty for none"
    )

    def last_day(self, as_of: date) -> date:
        """The last day on which lists made as of a date can be redeemed."""
        return as_of + timedelta(days=self.mail_lead_days + self.validity_days - 1)

    @field_validator("postal_barcode")
    @classmethod
    def _fed_barcode(cls, value: str, info: ValidationInfo) -> str:
        wanted = _BARCODE_SETTINGS.get(value, ())
        missing = [f"LARDER_{name.upper()}" for name in wanted if not info.data.get(name)]
        if missing:
            raise ValueError(f"needs {' and '.join(missing)}")
        country = {"intelligent_mail": "US", "": info.data.get("country")}.get(value, "GB")
        if info.data.get("country") != country:
            raise ValueError(f"needs LARDER_COUNTRY={country}: it is for letters posted there")
        digits = {"mailmark_c": 2, "mailmark_l": 6}.get(value)
        if digits and len(info.data["mailmark_supply_chain_id"]) != digits:
            raise ValueError(f"needs a LARDER_MAILMARK_SUPPLY_CHAIN_ID of {digits} digits")
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        minor_digits(value)
        return value
