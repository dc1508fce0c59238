"""Postal addresses: the form of each country, and what letters say of where they come from."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from string import Formatter
from typing import Any, Literal, NamedTuple

from service.engine.records import Address
from service.engine.render.four_state import PostalBarcode

NO_BREAK = "\u00a0"
MOST_JOINED = 3
"""The most that lines of an address are joined: see `PostalForms.compose`."""
_POSTCODE_MARK = "〒"
_CAPITALS: Mapping[str, Literal["all", "from_abroad"]] = {"u": "all", "a": "from_abroad"}


class Part(NamedTuple):
    """A field of a line and what is written before it.

    `capitals` are those letters that it is in capitals on: `all`, those `from_abroad`, or none.
    """

    before: str
    name: str
    capitals: Literal["all", "from_abroad", ""]


@dataclass(frozen=True, slots=True)
class PostalForm:
    """The lines of an address in one country; a line without fields is always printed.

    - `latin`: the lines of an address in Latin letters, where they differ.
    - `prefix`: what stands before the postcode on letters from abroad, or always (`prefix_always`).
    - `town`: the town of an address without one, in a country that is one town.
    - `gap`: where a postcode written without a blank or hyphen gets which of them.
    - `regions`: the short form of a region by its name in lower case.
    """

    lines: tuple[tuple[Part, ...], ...]
    latin: tuple[tuple[Part, ...], ...] = ()
    prefix: str = ""
    prefix_always: bool = False
    town: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)
    gap: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends letters, as their post needs it.

    `address` is the return line, `address_abroad` that of letters to another country. `countries`
    are the last lines of addresses abroad by country, without the sender's own; with none, no
    address names its country. `barcode` is what the post wants on letters, if anything.
    """

    address: str = ""
    address_abroad: str = ""
    domestic: frozenset[str] = frozenset()
    countries: Mapping[str, str] = field(default_factory=dict)
    barcode: PostalBarcode | None = None

    def country_line(self, country: str) -> str:
        """The last line of an address; empty for one at home."""
        if not self.countries or country in self.domestic:
            return ""
        return self.countries.get(country, country)


NOBODY = Sender()
"""A sender without an address, whose letters name no country."""


@dataclass(frozen=True, slots=True)
class PostalForms:
    """Address forms by country."""

    form_of: Callable[[str], PostalForm]

    def compose(self, address: Address, sender: Sender, *, joined: int = 0) -> list[str]:
        """The lines of an address, the country last if it is not that of the sender.

        Postcodes are tied to what stands beside them by no-break spaces. For boxes with few lines
        street and extra are one line from `joined` 1 on, town, region and postcode from 2 on,
        and from 3 on also where the name or the street stands between them.
        """
        form = self.form_of(address.country)
        if joined and address.street and address.extra:
            address = replace(address, street=f"{address.street}, {address.extra}", extra="")
        country = sender.country_line(address.country)
        values = _values(address, form, from_abroad=bool(country))
        lines = form.lines
        if form.latin and is_latin(address.street + address.city):
            lines = form.latin
        if joined > 2:
            lines = _gather_places(lines)
        if joined > 1:
            lines = _join_places(lines)
        shown = [_line(parts, values, from_abroad=bool(country)) for parts in lines]
        if country not in shown:
            shown.append(country)
        return [line for line in shown if line]


def _values(address: Address, form: PostalForm, *, from_abroad: bool) -> dict[str, str]:
    region = address.region
    if form.regions:
        region = form.regions.get(region.casefold(), region)
    if region and region.casefold() == address.city.casefold():
        region = ""
    postcode = address.postcode.strip()
    if form.gap and postcode.isalnum():
        place, mark = form.gap
        postcode = f"{postcode[:place]}{mark}{postcode[place:]}".strip(mark)
    if form.prefix and postcode:
        bare = postcode.removeprefix(form.prefix).removeprefix(form.prefix.strip("- ")).strip("- ")
        postcode = f"{form.prefix}{bare}" if from_abroad or form.prefix_always else bare
    return {
        "name": address.name,
        "extra": address.extra,
        "street": address.street,
        "city": address.city or form.town,
        "region": region,
        "postcode": postcode.replace(" ", NO_BREAK),
    }


def _join_places(lines: tuple[tuple[Part, ...], ...]) -> tuple[tuple[Part, ...], ...]:
    """The lines with those of town, region and postcode joined by commas."""
    joined: list[tuple[Part, ...]] = []
    for parts in lines:
        if joined and _is_place(parts) and _is_place(joined[-1]):
            first, *others = parts
            joined[-1] = (*joined[-1], first._replace(before=", "), *others)
        else:
            joined.append(parts)
    return tuple(joined)


def _gather_places(lines: tuple[tuple[Part, ...], ...]) -> tuple[tuple[Part, ...], ...]:
    """The lines with those of town, region and postcode one below the other, where the first is."""
    first = next((at for at, parts in enumerate(lines) if _is_place(parts)), len(lines))
    places = tuple(parts for parts in lines if _is_place(parts))
    others = tuple(parts for parts in lines[first:] if not _is_place(parts))
    return (*lines[:first], *places, *others)


def _is_place(parts: tuple[Part, ...]) -> bool:
    return all(part.name in {"city", "region", "postcode"} for part in parts)


def _line(parts: tuple[Part, ...], values: Mapping[str, str], *, from_abroad: bool) -> str:
    """A line: what stands before a field is left out with it, and at the start of the line."""
    line = ""
    for before, name, capitals in parts:
        if not name:
            line += before
        elif value := values[name]:
            lead = before if line or before == _POSTCODE_MARK else ""
            is_upper = capitals == "all" or (capitals and from_abroad)
            line += f"{lead}{value.upper() if is_upper else value}"
    return " ".join(filter(None, line.split(" ")))


def is_latin(text: str) -> bool:
    """Whether all letters of a text are Latin ones."""
    return all("LATIN" in unicodedata.name(each, "") for each in text if each.isalpha())


def form_from(data: Mapping[str, Any]) -> PostalForm:
    """A form from lines such as `{postcode} {city!u}`.

    `!u` stands for capitals, `!a` for capitals on letters from abroad.
    """
    return PostalForm(
        lines=tuple(map(_parts, data["lines"])),
        latin=tuple(map(_parts, data.get("latin", ()))),
        prefix=data.get("prefix", ""),
        prefix_always=data.get("prefix_always", False),
        town=data.get("town", ""),
        regions=data.get("regions", {}),
        gap=data.get("gap"),
    )


def _parts(line: str) -> tuple[Part, ...]:
    return tuple(
        Part(before, name or "", _CAPITALS.get(conversion or "", ""))
        for before, name, _, conversion in Formatter().parse(line)
    )
