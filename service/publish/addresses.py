"""Which households can be mailed: with consent, a complete address, and one list per address."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

import polars as pl

from service.files.postal import requires
from service.files.postcodes import read_postcode

ADDRESS = ("name", "street", "extra", "postcode", "city", "region", "country")
"""The columns of an address in frames of contacts and in piece files."""


class LeftOutReason(StrEnum):
    """Why a list is not printed; the first reason that applies counts."""

    NO_CONSENT = "no_consent"
    HELD_OUT = "held_out"
    NO_NAME = "no_name"
    NO_STREET = "no_street"
    NO_POSTCODE = "no_postcode"
    NO_CITY = "no_city"
    NO_COUNTRY = "no_country"
    POSTCODE_FORM = "postcode_form"
    RETURNED_MAIL = "returned_mail"
    UNPRINTABLE_NAME = "unprintable_name"
    UNPRINTABLE_ADDRESS = "unprintable_address"
    ADDRESS_TOO_LONG = "address_too_long"
    DUPLICATE_ADDRESS = "duplicate_address"
    NO_LAYOUT = "no_layout"
    NO_PROFILE_CONSENT = "no_profile_consent"


UNPRINTABLE = (
    LeftOutReason.UNPRINTABLE_NAME,
    LeftOutReason.UNPRINTABLE_ADDRESS,
    LeftOutReason.ADDRESS_TOO_LONG,
    LeftOutReason.NO_LAYOUT,
)
"""The reasons that lie in what can be printed."""

OWN_AFFAIRS = (
    LeftOutReason.NO_CONSENT,
    LeftOutReason.HELD_OUT,
    LeftOutReason.NO_PROFILE_CONSENT,
)
"""The reasons that are between the retailer and the household: no house is told of them."""


_LEFT_OUT = (
    (r"([\p{Latin}\p{Greek}])[\u{300}-\u{36f}]+", "$1"),
    (r"([аеиоуыэюяіє])[\u{300}\u{301}]+", "$1"),
    (r"(е)\u{308}", "$1"),
    (r"[\u{591}-\u{5c7}\u{64b}-\u{65f}\u{670}]", ""),
)
"""The marks that many writers leave out, script by script: accents of Latin and Greek letters,
stress and the dots of ё in Cyrillic, points of Hebrew and Arabic. Every other mark makes another
letter: й is no и, ば is no は."""
_OWN_MARKS = {"VN"}
"""Countries whose language tells words apart by the marks of Latin letters: ma, má and mà."""
_VIETNAMESE = (
    r"\p{Latin}(?:[\u{309}\u{31b}]|\u{323}[\u{302}\u{306}]|[\u{302}\u{306}][\u{300}\u{301}\u{303}])"
)
"""Marks of Latin letters that no other language has: a text with one of them is in Vietnamese."""

# Letters without a decomposition, then the two-letter forms of umlauts, then words and their
# shortest form. The results are only compared with each other and never shown.
_LETTERS = {"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "a", "œ": "o", "ı": "i"}
_DIGRAPHS = {"ae": "a", "oe": "o", "ue": "u"}
_WORDS = {
    "st": "street saint sankt",
    "av": "avenue ave avenida avda",
    "rd": "road",
    "bd": "boulevard blvd bvd boul",
    "dr": "drive",
    "ln": "lane",
    "ct": "court",
    "pl": "place platz plaza",
    "sq": "square",
    "ter": "terrace terr",
    "hwy": "highway",
    "pkwy": "parkway",
    "cir": "circle",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
    "apt": "apartment flat unit suite ste appartement wohnung whg",
    "fl": "floor",
    "no": "number nr num",
}
_ENDINGS = {"str": ("strasse", "straat", "str"), "weg": ("weg", "wg"), "pl": ("platz", "plein")}


def normal_form(address: pl.Expr, country: pl.Expr) -> pl.Expr:
    """A line of an address in a country in a form in which different spellings are equal.

    Ignores case, blanks, punctuation, accents, the spelling of ß and umlauts, and abbreviations of
    common street words. Adjacent numbers stay separate, and so do letters that only marks tell
    apart, such as the vowels of Thai, the voiced kana of Japanese and all letters of Vietnamese.
    """
    exact = address.str.to_lowercase().str.normalize("NFKD")
    has_own_marks = country.is_in(_OWN_MARKS) | exact.str.contains(_VIETNAMESE)
    plain = pl.when(has_own_marks).then(exact).otherwise(_without_accents(exact))
    plain = plain.str.replace_all(r"[^\p{L}\p{N}\p{M}]+", " ")
    plain = plain.str.replace_all(r"(\d)(\p{L})", "$1 $2").str.replace_all(r"(\p{L})(\d)", "$1 $2")
    for short, words in _WORDS.items():
        plain = plain.str.replace_all(rf"\b(?:{'|'.join(_fold_digraphs(words))})\b", short)
    for short, endings in _ENDINGS.items():
        plain = plain.str.replace_all(rf"(?:{'|'.join(endings)})\b", short)
    for _ in range(2):
        plain = plain.str.replace_all(r"(\d) +(\d)", "$1-$2")
    return plain.str.replace_all(" ", "", literal=True)


def _without_accents(text: pl.Expr) -> pl.Expr:
    """A decomposed text without the marks that writers leave out, umlauts as one letter."""
    for marks, letter in _LEFT_OUT:
        text = text.str.replace_all(marks, letter)
    for letter, written in (_LETTERS | _DIGRAPHS).items():
        text = text.str.replace_all(letter, written, literal=True)
    return text


def address_key() -> pl.Expr:
    """A key of the address without its name, from a frame of contacts: one key per letter box."""
    code = pl.col("postcode").str.to_uppercase().str.replace_all(r"[^0-9A-Z]+", "")
    near = pl.when(pl.col("country") == "US").then(code.str.head(5)).otherwise(code)
    where = pl.concat_str(pl.col("street"), pl.lit(" "), pl.col("extra"))
    country = pl.col("country")
    city = normal_form(pl.col("city"), country)
    return pl.concat_str(country, near, city, normal_form(where, country), separator="|")


def screen_contacts(
    contacts: pl.DataFrame,
    *,
    by_name: bool,
    held_out: Sequence[int] = (),
    unprintable: Mapping[int, str] | None = None,
) -> pl.DataFrame:
    """Add to each contact why it is left out, if it is.

    `held_out` are households that get no letter, `unprintable` the reasons of those whose address
    cannot be printed.
    Returns the contacts with `reason` (a `LeftOutReason`, null when mailed) and `duplicate_of`: of
    several households at one address, the one with the lowest number is mailed. With `by_name`,
    only contacts with the same name are duplicates.
    """
    checks: tuple[tuple[LeftOutReason, pl.Expr], ...] = (
        (LeftOutReason.NO_CONSENT, ~pl.col("mail_consent")),
        (LeftOutReason.HELD_OUT, pl.col("household_id").is_in(list(held_out))),
        (LeftOutReason.NO_NAME, pl.col("name") == ""),
        (LeftOutReason.NO_STREET, pl.col("street") == ""),
        (LeftOutReason.NO_POSTCODE, (pl.col("postcode") == "") & pl.col("needs_postcode")),
        (LeftOutReason.NO_CITY, (pl.col("city") == "") & pl.col("needs_city")),
        (LeftOutReason.NO_COUNTRY, pl.col("country") == ""),
        (LeftOutReason.POSTCODE_FORM, ~pl.col("has_form")),
        (LeftOutReason.RETURNED_MAIL, pl.col("came_back")),
    )
    known = pl.col("household_id").replace_strict(
        dict(unprintable or {}), default=None, return_dtype=pl.String
    )
    reasons = [pl.when(fails).then(pl.lit(reason.value)) for reason, fails in checks] + [known]
    checked = (
        contacts.join(
            _postal_facts(contacts),
            on=["country", "postcode"],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .with_columns(pl.coalesce(reasons).alias("reason"))
        .drop("needs_postcode", "needs_city", "has_form")
    )
    box = (
        pl.concat_str(address_key(), normal_form(pl.col("name"), pl.col("country")), separator="|")
        if by_name
        else address_key()
    )
    boxed = checked.with_columns(
        pl.when(pl.col("reason").is_null()).then(box).alias("box")
    ).with_columns(
        pl.when(pl.col("box").is_not_null())
        .then(pl.col("household_id").min().over("box"))
        .alias("first")
    )
    repeats = pl.col("first") != pl.col("household_id")
    return boxed.with_columns(
        pl.when(repeats)
        .then(pl.lit(LeftOutReason.DUPLICATE_ADDRESS.value))
        .otherwise(pl.col("reason"))
        .alias("reason"),
        pl.when(repeats).then(pl.col("first")).alias("duplicate_of"),
    ).drop("box", "first")


def _postal_facts(contacts: pl.DataFrame) -> pl.DataFrame:
    """Of each country and postcode: whether it `needs_postcode`, `needs_city`, `has_form`."""
    pairs = contacts.select("country", "postcode").unique(maintain_order=True)
    facts = [
        (requires(country, "postcode"), requires(country, "city"), _has_form(postcode, country))
        for country, postcode in pairs.select(pl.all().fill_null("")).iter_rows()
    ]
    names = ("needs_postcode", "needs_city", "has_form")
    return pairs.hstack(pl.DataFrame(facts, schema=dict.fromkeys(names, pl.Boolean), orient="row"))


def _has_form(postcode: str, country: str) -> bool:
    read = read_postcode(postcode, country)
    return not (read.fault or read.repaired)


def _fold_digraphs(words: str) -> list[str]:
    """The words with the two-letter forms of umlauts replaced, escaped for a regular expression."""
    folded = words
    for pair, letter in _DIGRAPHS.items():
        folded = folded.replace(pair, letter)
    return [re.escape(word) for word in folded.split()]
