"""Which column each header of a file names: case, blanks, marks and accents do not matter."""

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from service.errors import InvalidInput, Problem
from service.files.notes import Note

_ASCII_WORDS = re.compile(r"[a-z0-9]+|%")
_WORDS = re.compile(r"[^\W_]+|%")
_CLOSE = 0.84
_MOST_IGNORED = 30
MOST_COLUMNS = 2_000
_NEVER = re.compile(r"(?!)")


@lru_cache(maxsize=1 << 17)
def plain(header: str) -> str:
    """A name for comparison: lower case, no accents, one blank between words."""
    if header.isascii():
        return " ".join(_ASCII_WORDS.findall(header.lower()))
    folded = unicodedata.normalize("NFKD", header).casefold()
    bare = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return " ".join(_WORDS.findall(bare))


def key_of(header: str) -> str:
    """What two headers share that name the same column: `Private Label` and `privatelabel`."""
    return plain(header).replace(" ", "")


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """What else the headers of one kind of file may mean.

    `also` are other names by column. A header that `limits` finds in and that is not read would
    drop a limit: it is a fault with the `remedy`. One that `asks` finds in may change what the rows
    mean. `unused` are headers that are left out on purpose. With `only_also` a column that has
    other names is not known by its own.
    """

    also: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limits: re.Pattern[str] = _NEVER
    remedy: str = ""
    asks: re.Pattern[str] = _NEVER
    unused: Sequence[str] = ()
    only_also: bool = False


NO_RULES = HeaderRules()


@dataclass(frozen=True, slots=True)
class ReadHeader:
    """The place of each column that was found, and notes on the others."""

    places: Mapping[str, int]
    notes: tuple[Note, ...]


class HeaderReader:
    """Reads headers of files with these columns; `required` are those that must be there."""

    def __init__(
        self, columns: Sequence[str], required: Sequence[str], rules: HeaderRules = NO_RULES
    ) -> None:
        self._columns = tuple(columns)
        self._required = tuple(required)
        self._rules = rules
        self._unused = {key_of(name) for name in rules.unused}
        self._exact = {
            key_of(name): name for name in columns if not (rules.only_also and rules.also.get(name))
        }
        self._named = {
            key_of(other): name
            for name in columns
            for other in rules.also.get(name, ())
            if key_of(other) not in self._exact
        } | self._exact

    def count_known(self, cells: Sequence[str | None]) -> int:
        """How many columns a row of cells names."""
        return len({self._named.get(key_of(cell or "")) for cell in cells} - {None})

    def match(self, name: str, headers: Sequence[str]) -> ReadHeader:
        """The columns that the headers of the file `name` mean.

        Raises InvalidInput with every fault: a column named twice, one that is missing, a name that
        is nearly that of a column which is not there, and a limit that would be dropped.
        """
        if not any(headers):
            raise InvalidInput(f"{name} is empty; the first row must name the columns.")
        if len(headers) > MOST_COLUMNS:
            detail = f"names {len(headers):,} columns"
            fault = Problem(f"{name}, row 1", detail, "send those it needs")
            raise InvalidInput(f"{name} has more than {MOST_COLUMNS:,} columns.", [fault])
        places = self._places(name, headers)
        lacking = [column for column in self._columns if column not in places]
        faults: list[Problem] = []
        nearly: set[str] = set()
        ignored: list[str] = []
        asked: list[str] = []
        for place, header in enumerate(headers):
            if not header or place in places.values() or key_of(header) in self._unused:
                continue
            words = plain(header)
            close = _nearest(words, lacking)
            if self._rules.limits.search(words):
                remedy = f"call it {close} if it is that; otherwise {self._rules.remedy}"
                remedy = remedy if close else self._rules.remedy
                faults.append(Problem(f"{name}, column {header}", "is a limit not read", remedy))
            elif close:
                remedy = f"{_call_it(close)}, or remove it if it is something else"
                faults.append(Problem(f"{name}, column {header}", "is not known", remedy))
                nearly.add(close)
            elif self._rules.asks.search(words):
                asked.append(header)
            else:
                ignored.append(header)
        missing = [each for each in self._required if each in lacking and each not in nearly]
        remedy = f"add it; the file has {', '.join(filter(None, headers))}"
        faults += [Problem(f"{name}, column {each}", "is missing", remedy) for each in missing]
        if faults:
            raise InvalidInput(_summary(name, missing, nearly), faults)
        return ReadHeader(places, self._notes(headers, places, ignored, asked))

    def _places(self, name: str, headers: Sequence[str]) -> dict[str, int]:
        """The place of each column: by its own name, or else by another name for it."""
        own: dict[str, list[int]] = {}
        other: dict[str, list[int]] = {}
        for place, header in enumerate(headers):
            key = key_of(header)
            if key in self._exact:
                own.setdefault(self._exact[key], []).append(place)
            elif key in self._named:
                other.setdefault(self._named[key], []).append(place)
        found = {**other, **own}
        twice = sorted(column for column, places in found.items() if len(places) > 1)
        if twice:
            raise InvalidInput(f"{name} names columns twice: {', '.join(twice)}.")
        return {column: found[column][0] for column in self._columns if column in found}

    def _notes(
        self,
        headers: Sequence[str],
        places: Mapping[str, int],
        ignored: Sequence[str],
        asked: Sequence[str],
    ) -> tuple[Note, ...]:
        notes = []
        renamed = [
            f"{headers[place]} is {column}"
            for column, place in places.items()
            if key_of(headers[place]) != key_of(column)
        ]
        if renamed:
            notes.append(Note(f"columns by other names: {', '.join(renamed)}"))
        if ignored:
            more = len(ignored) - _MOST_IGNORED
            named = [*ignored[:_MOST_IGNORED], *([f"and {more} more"] if more > 0 else [])]
            notes.append(Note(f"columns not used: {', '.join(named)}"))
        if asked:
            text = f"columns that may change what a row means are not used: {', '.join(asked)}"
            notes.append(Note(text, asks=True))
        return tuple(notes)


def _nearest(words: str, columns: Sequence[str]) -> str:
    """The column that a header is nearly called, among those not in the file; or nothing."""
    names = {plain(column): column for column in columns}
    for known, column in names.items():
        one, other = set(words.split()), set(known.split())
        if one and (one <= other or other <= one):
            return column
    close = difflib.get_close_matches(words, names, n=1, cutoff=_CLOSE)
    return names[close[0]] if close else ""


def _call_it(column: str) -> str:
    if column.endswith("_cents"):
        return f"call it {column} and give whole cents (1.99 is 199)"
    return f"call it {column}"


def _summary(name: str, missing: Sequence[str], nearly: set[str]) -> str:
    if missing or nearly:
        return f"{name} has not all the columns it needs."
    return f"{name} has a limit in a column that is not read; nothing was loaded."
