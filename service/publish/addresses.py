"""Which households can be sent mail: consent, whole addresses, and one list for each address."""

import re
from collections.abc import Mapping
from enum import StrEnum

import polars as pl

ADDRESS = ("name", "street", "extra", "postcode", "city", "region", "country")
"""The elements of an address, as contacts and piece files have them."""


class LeftOut(StrEnum):
    """Why a list is not printed, in the order it is looked for."""

    NO_CONSENT = "no_consent"
    NO_NAME = "no_name"
    NO_STREET = "no_street"
    NO_POSTCODE = "no_postcode"
    NO_CITY = "no_city"
    NO_COUNTRY = "no_country"
    POSTCODE_FORM = "postcode_form"
    RETURNED_MAIL = "returned_mail"
    DUPLICATE_ADDRESS = "duplicate_address"


_DIGITS = {4: "AT AU BE BG CH CY DK HU LI NO NZ SI", 5: "DE EE ES FI FR HR IT MX UA", 6: "CN RO RU"}
POSTCODES: Mapping[str, str] = {
    **{code: rf"\d{{{count}}}" for count, codes in _DIGITS.items() for code in codes.split()},
    "US": r"\d{5}(-\d{4})?",
    "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "GR": r"\d{3} ?\d{2}",
    "CZ": r"\d{3} ?\d{2}",
    "SK": r"\d{3} ?\d{2}",
    "SE": r"\d{3} ?\d{2}",
    "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}",
    "LT": r"(LT-)?\d{5}",
    "LV": r"(LV-)?\d{4}",
    "LU": r"(L-)?\d{4}",
}
"""The form of a postcode by country; a country that is not named takes any."""

# Letters that lose more than a mark when they are written plainly, then both ways of writing an
# umlaut, then words by their shortest form. What is meant is never read back, only compared.
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


def normal(address: pl.Expr) -> pl.Expr:
    """A line of an address so that two ways of writing it are equal.

    Case, blanks, punctuation, accents, ß and umlauts, and common words of streets do not count.
    Numbers stay apart from each other.
    """
    plain = address.str.to_lowercase()
    for letter, written in _LETTERS.items():
        plain = plain.str.replace_all(letter, written, literal=True)
    plain = plain.str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    for pair, letter in _DIGRAPHS.items():
        plain = plain.str.replace_all(pair, letter, literal=True)
    plain = plain.str.replace_all(r"[^\p{L}\p{N}]+", " ")
    plain = plain.str.replace_all(r"(\d)(\p{L})", "$1 $2").str.replace_all(r"(\p{L})(\d)", "$1 $2")
    for short, words in _WORDS.items():
        plain = plain.str.replace_all(rf"\b(?:{'|'.join(_folded(words))})\b", short)
    for short, endings in _ENDINGS.items():
        plain = plain.str.replace_all(rf"(?:{'|'.join(endings)})\b", short)
    for _ in range(2):
        plain = plain.str.replace_all(r"(\d) +(\d)", "$1-$2")
    return plain.str.replace_all(" ", "", literal=True)


def address_key() -> pl.Expr:
    """The whole address without name, from a frame of contacts; equal for the same letter box."""
    code = pl.col("postcode").str.to_uppercase().str.replace_all(r"[^0-9A-Z]+", "")
    near = pl.when(pl.col("country") == "US").then(code.str.head(5)).otherwise(code)
    where = pl.concat_str(pl.col("street"), pl.lit(" "), pl.col("extra"))
    return pl.concat_str(
        pl.col("country"), near, normal(pl.col("city")), normal(where), separator="|"
    )


def sort_out(contacts: pl.DataFrame, *, by_name: bool) -> pl.DataFrame:
    """Say of each contact why it is left out, if it is.

    Gives the contacts with `reason` (a `LeftOut`, null when it is mailed) and `duplicate_of` (the
    household that is mailed at that address: the one known longest, by number). `by_name` counts
    as duplicates only those of one name.
    """
    checks: tuple[tuple[LeftOut, pl.Expr], ...] = (
        (LeftOut.NO_CONSENT, ~pl.col("mail_consent")),
        *(
            (LeftOut(f"no_{element}"), pl.col(element) == "")
            for element in ("name", "street", "postcode", "city", "country")
        ),
        (LeftOut.POSTCODE_FORM, ~_has_form()),
        (LeftOut.RETURNED_MAIL, pl.col("came_back")),
    )
    reasons = [pl.when(fails).then(pl.lit(reason.value)) for reason, fails in checks]
    checked = contacts.with_columns(pl.coalesce(reasons).alias("reason"))
    box = (
        pl.concat_str(address_key(), normal(pl.col("name")), separator="|")
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
        .then(pl.lit(LeftOut.DUPLICATE_ADDRESS.value))
        .otherwise(pl.col("reason"))
        .alias("reason"),
        pl.when(repeats).then(pl.col("first")).alias("duplicate_of"),
    ).drop("box", "first")


def _has_form() -> pl.Expr:
    code = pl.col("postcode").str.to_uppercase()
    known = pl.lit(True)
    for country, form in POSTCODES.items():
        known = (
            pl.when(pl.col("country") == country)
            .then(code.str.contains(f"^(?:{form})$"))
            .otherwise(known)
        )
    return known


def _folded(words: str) -> list[str]:
    """Words as they look once umlauts are folded."""
    folded = words
    for pair, letter in _DIGRAPHS.items():
        folded = folded.replace(pair, letter)
    return [re.escape(word) for word in folded.split()]
