"""Invented brands, suppliers, households and addresses, each a pure function of an identifier.

Nothing here exists: cards carry the GS1 demonstration prefix 952, telephone numbers are
555-0100 to 555-0199 (kept for fiction by the North American Numbering Plan), postcodes use the
prefixes 428 and 429, which the United States Postal Service has not assigned.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources

from service.engine.codes import check_digit
from service.sample import RETAILER

STORE_BRAND = "Harvelle"
STORE_SUPPLIER = RETAILER
HOUSEHOLD_ID_MAX = 3799

_WORDS: dict[str, list[str]] = tomllib.loads(
    resources.files(__package__).joinpath("words.toml").read_text("utf-8")
)
_BRAND_HEADS = _WORDS["brand_heads"]
_BRAND_MIDDLES = _WORDS["brand_middles"]
_BRAND_TAILS = _WORDS["brand_tails"]
_BRAND_STEP = 3571  # coprime with the number of brands, so neighbouring ids get unlike names

_SUPPLIER_KINDS = {
    "GROCERY": "Foods",
    "FROZEN GROCERY": "Foods",
    "DRUG GM": "Household",
    "COSMETICS": "Beauty",
    "MEAT": "Meats",
    "MEAT-PCKGD": "Meats",
    "PRODUCE": "Growers",
    "DELI": "Kitchens",
    "PASTRY": "Bakeries",
    "NUTRITION": "Naturals",
    "SEAFOOD": "Fisheries",
    "SEAFOOD-PCKGD": "Fisheries",
    "FLORAL": "Flowers",
    "SPIRITS": "Cellars",
}

_FIRST_NAMES = _WORDS["first_names"]
_SURNAME_HEADS = _WORDS["surname_heads"]
_SURNAME_TAILS = _WORDS["surname_tails"]
_STREETS = _WORDS["streets"]
_STREET_KINDS = ("Street", "Avenue", "Lane", "Road", "Drive", "Court", "Way", "Place")
_TOWNS = _WORDS["towns"]
_REGION = "KY"
_COUNTRY = "US"

# Geographic area codes of Kentucky and its neighbours; each holds one hundred fictional numbers.
_AREA_CODES = _WORDS["area_codes"]
_VARIANTS = _WORDS["variants"]

_CONSENT_SOURCES = ("store", "website", "app", "telephone")
_CONSENT_FROM = datetime(2015, 1, 5, 14, tzinfo=UTC)
_CONSENT_DAYS = 700
_CONSENT_PERCENT = 92


@dataclass(frozen=True, slots=True)
class Household:
    """One row of the households file; see docs/loading.md for the columns."""

    household_id: str
    name: str
    street: str
    postcode: str
    city: str
    region: str
    country: str
    language: str
    card: str
    phone: str
    mail_consent: bool
    consent_at: datetime | None
    consent_source: str | None


def draw(purpose: str, key: int, size: int) -> int:
    """A number in [0, size) that depends on nothing but `purpose` and `key` (SHA-256)."""
    digest = hashlib.sha256(f"{purpose}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % size


def brand(manufacturer_id: int) -> str:
    """The invented brand of a manufacturer; different ids below 7,130 never share one."""
    middles, tails = len(_BRAND_MIDDLES), len(_BRAND_TAILS)
    number = manufacturer_id * _BRAND_STEP % (len(_BRAND_HEADS) * middles * tails)
    head, rest = divmod(number, middles * tails)
    middle, tail = divmod(rest, tails)
    return f"{_BRAND_HEADS[head]}{_BRAND_MIDDLES[middle]}{_BRAND_TAILS[tail]}"


def supplier(manufacturer_id: int, department: str) -> str:
    """The invented company behind a brand, named after its main department."""
    return f"{brand(manufacturer_id)} {_SUPPLIER_KINDS.get(department, 'Trading')}"


def variant(rank: int) -> str:
    """A word for the second and later of several like products; "" for the first (rank 0)."""
    if rank == 0:
        return ""
    lap, word = divmod(rank - 1, len(_VARIANTS))
    return _VARIANTS[word] if lap == 0 else f"{_VARIANTS[word]} No. {lap + 1}"


def card(household_id: int) -> str:
    """An 18-digit GSRN, AI (8018), under the GS1 demonstration prefix 952."""
    body = f"9521234{household_id:010d}"
    return f"{body}{check_digit(body)}"


def phone(household_id: int) -> str:
    """An E.164 number of the range 555-0100 to 555-0199; unique up to `HOUSEHOLD_ID_MAX`."""
    if not 0 <= household_id <= HOUSEHOLD_ID_MAX:
        raise ValueError(f"no fictional telephone number is left for household {household_id}")
    area, line = divmod(household_id, 100)
    return f"+1{_AREA_CODES[area]}55501{line:02d}"


def household(household_id: int) -> Household:
    """The invented person, address, card and consent of one household."""

    def pick(purpose: str, choices: Sequence[str]) -> str:
        return choices[draw(purpose, household_id, len(choices))]

    surname = pick("surname head", _SURNAME_HEADS) + pick("surname tail", _SURNAME_TAILS)
    town = draw("town", household_id, len(_TOWNS))
    consent = draw("consent", household_id, 100) < _CONSENT_PERCENT
    days = draw("consent day", household_id, _CONSENT_DAYS)
    return Household(
        household_id=str(household_id),
        name=f"{pick('first name', _FIRST_NAMES)} {surname}",
        street=f"{1 + draw('number', household_id, 980)} {pick('street', _STREETS)} "
        f"{pick('street kind', _STREET_KINDS)}",
        postcode=f"42{801 + 7 * town}",
        city=_TOWNS[town],
        region=_REGION,
        country=_COUNTRY,
        language="en",
        card=card(household_id),
        phone=phone(household_id),
        mail_consent=consent,
        consent_at=_CONSENT_FROM + timedelta(days=days) if consent else None,
        consent_source=pick("consent source", _CONSENT_SOURCES) if consent else None,
    )
