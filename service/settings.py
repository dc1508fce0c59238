"""Settings from the environment (`LARDER_...`) and a `.env` file; one typed class."""

import codecs
import re
from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from service.currencies import minor_digits
from service.errors import Misconfigured, Problem

Kind = TypeVar("Kind", bound=BaseSettings)
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


_BARCODE_SETTINGS = {
    "intelligent_mail": ("imb_mailer_id", "imb_service_type"),
    "mailmark_c": ("mailmark_supply_chain_id", "mailmark_class"),
    "mailmark_l": ("mailmark_supply_chain_id", "mailmark_class"),
}
"""What each postal barcode says of all letters, which nothing but the settings knows."""


class FontSettings(BaseSettings):
    """Where fonts lie: all that drawing a layout needs, which works without keys."""

    model_config = SettingsConfigDict(env_prefix="LARDER_", env_file=".env", extra="ignore")

    fonts_folder: Path = Field(
        default=Path("fonts"), description="Fonts added by `larder fonts add`, besides the shipped"
    )


class LetterSettings(FontSettings):
    """What a letter says of the retailer and its days: a preview of one needs no keys either."""

    retailer: str = Field(default="Larder Market", description="Printed name of the retailer")
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


class Settings(LetterSettings):
    """Everything that can be configured. The two keys have no default: `larder init` makes them."""

    database_url: str = Field(
        default="sqlite:///larder.db", description="SQLAlchemy address: sqlite or postgresql"
    )
    secret_key: SecretStr = Field(description="Keys the digests of API keys, cards and phones")
    code_key: SecretStr = Field(description="Keys the serials of list codes")
    output_folder: Path = Field(default=Path("batches"), description="Where batches are published")
    runs_folder: Path = Field(default=Path("runs"), description="Where runs keep shard results")

    client: str = Field(
        default="larder", description="First part of the mailing house's file names"
    )
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
    timezone: str = Field(
        default="UTC", description="Zone of the planned jobs, and of a store that states none"
    )
    gcn_prefix: str = Field(
        default="952123400001",
        pattern="^[0-9]{12}$",
        description="GS1 company prefix and coupon reference: the first 12 digits of the GCN",
    )
    layout: str = Field(default="classic-a4", description="Layout that batches are printed with")
    departments: str = Field(
        default="",
        description="The store's walking order: departments parted by semicolons, then the others",
    )

    weekly_spend_cents: int = Field(default=2500, ge=0, description="Eligibility: spend a week")
    weekly_spend_weeks: int = Field(default=8, ge=1, description="Eligibility: weeks looked back")
    offers_per_list: int = Field(default=12, ge=0, le=24, description="Funded offers on a list")
    reminders_per_list: int = Field(default=12, ge=0, le=24, description="Reminders on a list")
    discoveries_per_list: int = Field(
        default=1, ge=0, le=4, description="Of them, items that the household never bought"
    )
    offers_per_category: int = Field(
        default=2, ge=1, description="Offers of one category on a list"
    )
    least_chance_percent: int = Field(
        default=10,
        ge=0,
        le=100,
        description="An offer is left out below this chance of a purchase if likelier ones fit",
    )
    face_value_floor_least_cents: int = Field(
        default=500, ge=0, description="What a list should be worth: the least tenth of households"
    )
    face_value_floor_best_cents: int = Field(
        default=3000, ge=0, description="What a list should be worth: the best tenth"
    )
    face_value_ceiling_least_cents: int = Field(
        default=1500, ge=0, description="What no list passes in worth: the least tenth"
    )
    face_value_ceiling_best_cents: int = Field(
        default=4000, ge=0, description="What no list passes in worth: the best tenth"
    )
    floor_shortfall_price: float = Field(
        default=0.1, ge=0, description="Value lost for every cent of worth below the floor"
    )
    margin_percent: int = Field(
        default=28,
        ge=0,
        le=100,
        description="Gross margin assumed of a price where no cost is known",
    )
    horizon_days: int = Field(
        default=14, ge=1, description="Days the forecast looks ahead once a letter is there"
    )
    holdout_percent: int = Field(
        default=5, ge=0, le=50, description="Share of eligible households that get no offers"
    )
    mail_holdout: bool = Field(
        default=True,
        description="Whether households that get no offers are mailed a list without any; it is "
        "recorded with each cycle",
    )
    draft_keep_percent: float = Field(
        default=0.1,
        ge=0,
        le=5,
        description="What a cycle may lose of its worth to keep the offers of drafts",
    )
    seed: int = Field(default=0, ge=0, description="Seed of the holdout and of tie-breaks")
    shard_households: int = Field(default=5000, ge=1, description="Households in one shard")
    processes: int = Field(default=1, ge=1, description="Processes that score shards")

    deal_approval: bool = Field(
        default=False, description="Whether a deal runs only after another person approved it"
    )
    goodwill_alone_cents: int = Field(
        default=1_000,
        ge=0,
        description="Goodwill above so many minor units waits for a second person",
    )
    goodwill_day_cents: int = Field(
        default=10_000,
        ge=0,
        description="What one person may give as goodwill in a day, in minor units",
    )
    budget_mode: Literal["worst", "expected"] = Field(
        default="worst",
        description="What a copy reserves of a budget: all it can cost, or what is expected of it",
    )
    expected_safety: float = Field(
        default=1.5, ge=1, le=10, description="In the mode expected: reserve so many times that"
    )
    response_weeks: int = Field(
        default=26, ge=1, description="Weeks of ended cycles that the response is learned from"
    )

    deals_encoding: str = Field(
        default="cp1252", description="Encoding of text files of deals that are not Unicode"
    )
    deals_dates: Literal["ask", "day_first", "month_first"] = Field(
        default="ask",
        description="What comes first in dates of deals like 03/04/2026; `ask` refuses to guess",
    )

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

    return_reopens: Literal["never", "when_whole"] = Field(
        default="when_whole",
        description="Whether a list line can be used again once all it discounted is returned",
    )
    return_spread: Literal["over_all", "as_discounted"] = Field(
        default="over_all",
        description="Over what an offer's discount is spread for returns: all units that it took, "
        "bought ones too, or those it was taken off",
    )
    offline_liability: Literal["retailer", "supplier"] = Field(
        default="retailer",
        description="Who bears a line honoured offline that would have been refused",
    )
    card_pattern: str = Field(
        default="",
        description="Regular expression of loyalty cards that are no GSRN of 18 digits",
    )
    variable_measure: str = Field(
        default="",
        description="Where goods' codes hold a price or weight: presets or masks, by semicolons",
    )
    bare_upc_e: bool = Field(
        default=False, description="Whether eight bare digits that are a UPC-E are taken for one"
    )
    units: str = Field(
        default="", description="More names of units, by semicolons: `CS=each; PFD=lb`"
    )
    unnamed_goods_count: bool = Field(
        default=False,
        description="Whether lines without a GTIN count towards the minimum spend of offers",
    )
    unknown_codes_per_minute: int = Field(
        default=60,
        ge=1,
        description="Unknown codes, cards and phones one key may present; its store five times it",
    )
    waiting_redemptions_per_minute: int = Field(
        default=30,
        ge=0,
        description="Redemptions of known codes that a key may make while it waits for having "
        "presented too many unknown ones; its store five times it",
    )

    print_profile: Literal["plain", "ua1", "x4", "vt1"] = Field(
        default="plain",
        description="What print files conform to: plain PDF 1.7, PDF/UA-1, PDF/X-4 or PDF/VT-1",
    )
    print_inks: Literal["process", "black", "spot"] = Field(
        default="process",
        description="Inks of PDF/X-4 and PDF/VT-1: the four process inks, black alone, or black "
        "and one spot ink",
    )
    print_spot: str = Field(default="", description="Name of the spot ink, as the press knows it")
    print_colours: str = Field(
        default="",
        description="Inks in percent of colours, instead of those that the profile gives: "
        "`#1f5138=85 20 70 50`, by semicolons",
    )
    print_bleed_mm: float = Field(
        default=3, ge=0, le=20, description="Bleed around the page in PDF/X-4 and PDF/VT-1"
    )
    print_condition: Path | None = Field(
        default=None,
        description="ICC profile of the press in PDF/X-4 and PDF/VT-1, instead of the shipped "
        "one for FOGRA39",
    )
    pieces_per_file: int = Field(default=5000, ge=1, description="Pieces in one PDF of a batch")
    proof_pieces: int = Field(
        default=3,
        ge=0,
        description="Pieces of each PDF that are read back while a batch is published",
    )
    piece_file_bom: bool = Field(
        default=False,
        description="Begin the CSV files of a batch with a byte-order mark, which Excel needs",
    )
    package_store: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9]+://.+$",
        description="Where batches are published instead of the output folder: s3://bucket/prefix",
    )
    duplicates: Literal["address", "name_and_address"] = Field(
        default="address", description="What two lists share of which one is printed"
    )
    purge_days: int = Field(
        default=45, ge=1, description="Days after which a batch's files are removed"
    )
    serve_sftp: bool = Field(default=False, description="Run the SFTP service inside `serve`")
    sftp_host: str = Field(default="127.0.0.1", description="Address that SFTP listens on")
    sftp_port: int = Field(default=2222, ge=0, le=65535, description="Port that SFTP listens on")
    sftp_folder: Path = Field(
        default=Path("sftp"),
        description="Folder of `authorized_keys` and `host_key`; the latter is made when missing",
    )

    picture_max_bytes: int = Field(
        default=20_971_520, ge=1024, description="Largest file of a picture"
    )
    picture_seconds: float = Field(
        default=15, gt=0, description="Seconds that fetching a picture may take"
    )
    picture_networks: str = Field(
        default="",
        description="Private networks that pictures may be fetched from, as 10.20.0.0/16, by "
        "semicolons; public addresses always may",
    )

    cycle_weekday: Weekday = Field(default="mon", description="Day a cycle starts")
    cycle_every_weeks: int = Field(default=2, ge=1, description="Weeks between cycles")
    nightly_hour: int = Field(
        default=3, ge=0, le=23, description="Hour of LARDER_TIMEZONE that the nightly jobs begin at"
    )
    serve_scheduler: bool = Field(default=False, description="Run the scheduler inside `serve`")
    serve_worker: bool = Field(default=False, description="Run the worker inside `serve`")
    lease_seconds: int = Field(
        default=30, ge=1, description="After this a job of a dead process is taken over"
    )
    worker_idle_seconds: float = Field(default=1.0, gt=0, description="Pause when nothing is due")

    person: str = Field(
        default="",
        description="E-mail address of the person who uses the command line, if nobody is bound to "
        "the machine's user",
    )
    console_url: str = Field(
        default="http://localhost:8000/console",
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        description="Where browsers find the console; links and passkeys are bound to it",
    )
    log_in_tries: int = Field(
        default=10,
        ge=3,
        description="Wrong passwords or codes of one e-mail address within ten minutes; five times "
        "as many of one network address",
    )
    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https://\S+|http://(localhost|127\.0\.0\.1)(:[0-9]+)?(/\S*)?)?$",
        description="OpenID Connect provider that people log in with, as https://login.example; "
        "empty for none",
    )
    oidc_client_id: str = Field(default="", description="The console's name at that provider")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="The console's secret there; empty for a public client"
    )

    keep_alive_seconds: int = Field(
        default=75,
        ge=1,
        description="How long a connection without a request stays open: longer than the gap "
        "between two customers",
    )
    max_body_bytes: int = Field(default=1_048_576, ge=1024, description="Largest request body")
    max_upload_bytes: int = Field(
        default=67_108_864, ge=1024, description="Largest upload of deals"
    )
    upload_memory_mib: int = Field(
        default=2048, ge=256, description="Memory (MiB) that reading one upload may take"
    )
    upload_cpu_seconds: int = Field(
        default=180, ge=1, description="CPU time that reading one upload may take"
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return database_address(value)

    @field_validator("face_value_ceiling_least_cents", "face_value_ceiling_best_cents")
    @classmethod
    def _above_the_floor(cls, value: int, info: ValidationInfo) -> int:
        floor = info.data.get(str(info.field_name).replace("ceiling", "floor"), 0)
        if value < floor:
            raise ValueError(f"is below its floor of {floor}")
        return value

    @property
    def forecast_days(self) -> int:
        """Days the forecast looks ahead from the date of a cycle."""
        return self.mail_lead_days + self.horizon_days

    @property
    def walking_order(self) -> tuple[str, ...]:
        """The departments in the order in which a shopper passes them."""
        return tuple(name.strip() for name in self.departments.split(";") if name.strip())

    @field_validator("picture_networks")
    @classmethod
    def _known_networks(cls, value: str) -> str:
        for part in value.replace(",", " ").replace(";", " ").split():
            ip_network(part)
        return value

    @field_validator("card_pattern")
    @classmethod
    def _readable_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone is called {value}") from error
        return value

    @field_validator("deals_encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError(f"no encoding is called {value}") from None

    @field_validator("secret_key", "code_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value


def database_address(value: str) -> str:
    """The address in the form that SQLAlchemy takes. Raises ValueError when it cannot be used."""
    address = value.replace("postgresql://", "postgresql+psycopg://", 1)
    if not address.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    try:
        file = make_url(address).database
    except (ArgumentError, ValueError):
        raise ValueError("is not an address: scheme://user:password@host:port/name") from None
    if address.startswith("sqlite:") and file in {None, "", ":memory:"}:
        raise ValueError("needs a file after sqlite:///, which keeps what is stored")
    return address


def load_settings() -> Settings:
    """Read the settings. Raises Misconfigured with a problem for each wrong variable."""
    return _load(Settings)


def load_letter_settings() -> LetterSettings:
    """Read the settings of letters, which need no keys. Raises Misconfigured."""
    return _load(LetterSettings)


def _load(kind: type[Kind]) -> Kind:
    try:
        return kind()
    except UnicodeDecodeError as error:
        raise Misconfigured(f"The file .env is not UTF-8 text: {error.reason}.") from None
    except ValidationError as error:
        problems = [
            Problem(
                where="LARDER_" + "_".join(str(part) for part in fault["loc"]).upper(),
                detail="is not set" if fault["type"] == "missing" else _plain_message(fault["msg"]),
                remedy="run `larder init`" if fault["type"] == "missing" else "",
            )
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise Misconfigured("The settings are not complete or not valid.", problems) from None


def _plain_message(message: str) -> str:
    return message.removeprefix("Value error, ")
