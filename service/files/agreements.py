"""Agreements with suppliers as one JSON file: who pays, for which brands, on which terms."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from service.currencies import minor_digits
from service.engine.clearing.claim import Channel, Settlement, TaxCode
from service.errors import InvalidInput, NotFound, Problem

MAX_BYTES = 8 << 20
MAX_AGREEMENTS = 1_000
MAX_PARTIES = 8
_MOST = Decimal(10**12)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _two_decimals(value: Decimal) -> Decimal:
    if value * 100 != int(value * 100):
        raise ValueError("a percent has at most two decimals")
    return value


def _number(value: Any) -> Any:
    # Pydantic would read true as 1.
    if isinstance(value, bool):
        raise ValueError("an amount or a percent is a number")
    return value


def _day(value: Any) -> Any:
    # Pydantic would read a number as seconds since 1970.
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("a date is written YYYY-MM-DD")
    return value


# PostgreSQL cannot store NUL in a text, and no name has control characters.
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
MayBeEmpty = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Amount = Annotated[Decimal, Field(ge=0, le=_MOST), BeforeValidator(_number)]
Percent = Annotated[
    Decimal, Field(ge=0, le=100), AfterValidator(_two_decimals), BeforeValidator(_number)
]
Days = Annotated[int, Field(ge=0, le=3650, strict=True)]
Day = Annotated[date, BeforeValidator(_day)]


class AddressIn(_Form):
    """Where an account is; `country` is ISO 3166-1 alpha-2."""

    street: Text
    postcode: Text
    city: Text
    region: MayBeEmpty = ""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class AccountIn(_Form):
    """Who pays; `number` is the retailer's own name for it, `brands` are suppliers of deals."""

    number: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    legal_name: Text
    address: AddressIn
    tax_number: MayBeEmpty = ""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    channel: Channel
    email: MayBeEmpty = ""
    brands: Annotated[tuple[Text, ...], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _require_address(self) -> "AccountIn":
        if self.channel is Channel.EMAIL and "@" not in self.email:
            raise ValueError("documents that go by e-mail need an e-mail address")
        if len({*self.brands}) != len(self.brands):
            raise ValueError("a brand is named twice")
        return self


class PartyIn(_Form):
    """Who bears part of what the suppliers bear: a share or an amount of each use."""

    supplier: Text
    rank: Annotated[int, Field(ge=1, le=MAX_PARTIES, strict=True)]
    share_percent: Percent | None = None
    per_use: Amount | None = None
    cap_per_use: Amount | None = None


class AgreementIn(_Form):
    """One agreement; amounts are in units of the account's currency."""

    account: AccountIn
    ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,59}$")]
    valid_from: Day
    valid_to: Day
    handling_fee: Amount
    tax_code: TaxCode
    tax_percent: Percent
    tolerance: Amount
    grace_days: Days
    payment_days: Days
    dispute_days: Days
    credit_limit: Amount | None
    settlement: Settlement
    parties: Annotated[tuple[PartyIn, ...], Field(max_length=MAX_PARTIES)] = ()

    @model_validator(mode="after")
    def _require_sense(self) -> "AgreementIn":
        if self.valid_from > self.valid_to:
            raise ValueError("valid_to is before valid_from")
        if self.tax_percent and self.tax_code is not TaxCode.STANDARD:
            raise ValueError("only tax code S has a rate above 0")
        if not self.tax_percent and self.tax_code is TaxCode.STANDARD:
            raise ValueError("tax code S has a rate above 0")
        amounts = [self.handling_fee, self.tolerance, self.credit_limit or Decimal(0)]
        for party in self.parties:
            amounts += [party.per_use or Decimal(0), party.cap_per_use or Decimal(0)]
        digits = minor_digits(self.account.currency)
        if any(amount.scaleb(digits) != int(amount.scaleb(digits)) for amount in amounts):
            raise ValueError(f"an amount has more than {digits} decimals")
        self._require_parties()
        return self

    def _require_parties(self) -> None:
        ordered = sorted(self.parties, key=lambda party: party.rank)
        if [party.rank for party in ordered] != list(range(1, len(ordered) + 1)):
            raise ValueError("the ranks of the parties are 1, 2, 3 ... without a gap")
        if len(ordered) == 1:
            raise ValueError("one party alone is the supplier itself: leave parties out")
        if len({party.supplier for party in ordered}) != len(ordered):
            raise ValueError("a party is named twice")
        if sum(party.share_percent or 0 for party in ordered) > 100:
            raise ValueError("the shares of the parties add up to more than 100 %")
        for party in ordered[:-1]:
            if (party.share_percent is None) == (party.per_use is None):
                raise ValueError("a party but the last has either share_percent or per_use")
        if ordered and (ordered[-1].cap_per_use is not None or ordered[-1].per_use is not None):
            raise ValueError("the last party takes the rest: it has no per_use and no cap_per_use")

    def cents(self, amount: Decimal) -> int:
        """An amount in minor units."""
        return int(amount.scaleb(minor_digits(self.account.currency)))


class AgreementsIn(_Form):
    """A file of agreements."""

    format: Literal["larder-agreements-1"]
    agreements: Annotated[tuple[AgreementIn, ...], Field(min_length=1, max_length=MAX_AGREEMENTS)]


def read_agreements(path: Path) -> AgreementsIn:
    """A file of agreements, checked. Raises NotFound, and InvalidInput that says where and what."""
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    if path.stat().st_size > MAX_BYTES:
        raise InvalidInput(f"{path} is larger than {MAX_BYTES >> 20} MB; split it.")
    return parse_agreements(path.read_bytes(), name=str(path))


def parse_agreements(body: bytes, *, name: str) -> AgreementsIn:
    """Agreements from JSON, checked. Raises InvalidInput that says where and what."""
    try:
        return AgreementsIn.model_validate_json(body)
    except ValidationError as error:
        problems = [
            Problem(
                f"{name}, #/{'/'.join(map(str, each['loc']))}",
                each["msg"].removeprefix("Value error, "),
                "docs/clearing.md describes the file",
            )
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise InvalidInput(f"{name} cannot be read as agreements.", problems) from None


def example() -> str:
    """A small file of agreements, as the documents show it."""
    account = {
        "number": "S-100",
        "legal_name": "Dale Foods Inc.",
        "address": {
            "street": "1 Mill Road", "postcode": "42801", "city": "Applecroft", "country": "US",
        },
        "tax_number": "61-0000000",
        "language": "en",
        "currency": "USD",
        "channel": "portal",
        "brands": ["Dale Foods"],
    }  # fmt: skip
    agreement = {
        "account": account, "ref": "DALE-2026", "valid_from": "2026-01-01",
        "valid_to": "2026-12-31", "handling_fee": "0.08", "tax_code": "O", "tax_percent": "0",
        "tolerance": "5.00", "grace_days": 14, "payment_days": 30, "dispute_days": 60,
        "credit_limit": "250000.00", "settlement": "invoice",
    }  # fmt: skip
    return json.dumps({"format": "larder-agreements-1", "agreements": [agreement]}, indent=2)
