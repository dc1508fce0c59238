"""Reads and writes the segments of an X12 interchange (ASC X12, version 004010).

The separators stand at fixed places of the first segment, ISA, which is 106 characters long. The
trailers count what they close: SE its segments, GE its sets, IEA its groups.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from service.errors import InvalidInput, Problem

_ISA_LENGTH = 106
MAX_SEGMENTS = 500_000
_SPELT = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})
_ALLOWED = re.compile(r"[^A-Za-z0-9 !\"&'()+,\-./:;?=%@\[\]_{}\\|<#$]")
"""What is not of the extended character set, or separates: `*`, `~`, `>` and `^`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its name, its elements from the first, and its number in the file from 1."""

    name: str
    elements: tuple[str, ...]
    number: int

    def at(self, place: int) -> str:
        """The element at a place, counted from 1 as in the standard; empty where there is none."""
        return self.elements[place - 1] if place <= len(self.elements) else ""


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """The segments of one set between ST and SE, and who sent it."""

    kind: str
    control: str
    sender: str
    segments: tuple[Segment, ...]


def is_x12(head: bytes) -> bool:
    """Whether a file that begins so is an interchange."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"ISA")


def read_sets(data: bytes, name: str) -> tuple[TransactionSet, ...]:
    """The transaction sets of a file. Raises InvalidInput where it is cut off or does not count."""
    segments = _segments(data, name)
    found: list[TransactionSet] = []
    opened: dict[str, Segment] = {}
    held: list[Segment] = []
    groups = sets = 0
    for segment in segments:
        match segment.name:
            case "ISA" | "GS" | "ST":
                if segment.name in opened:
                    raise _fault(name, segment, f"opens a {segment.name} in another")
                opened[segment.name] = segment
                held = [] if segment.name == "ST" else held
            case "SE":
                start = _closed(name, segment, opened, "ST", places=(2, 2), count=len(held) + 2)
                sender = opened["GS"].at(2) if "GS" in opened else ""
                found.append(TransactionSet(start.at(1), start.at(2), sender, tuple(held)))
                sets += 1
            case "GE":
                _closed(name, segment, opened, "GS", places=(6, 2), count=sets)
                groups, sets = groups + 1, 0
            case "IEA":
                _closed(name, segment, opened, "ISA", places=(13, 2), count=groups)
                groups = 0
            case _:
                held.append(segment)
    if opened:
        last = [*opened.values()][-1]
        raise _fault(name, last, f"{last.name} is never closed: the file is cut off")
    return tuple(found)


def _segments(data: bytes, name: str) -> Iterator[Segment]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.lstrip()
    if not text.startswith("ISA") or len(text) < _ISA_LENGTH:
        fault = Problem(name, "does not begin with a whole ISA segment", "fetch it again")
        raise InvalidInput(f"{name} is no X12 interchange.", [fault])
    element, terminator = text[3], text[_ISA_LENGTH - 1]
    if element.isalnum() or terminator.isalnum() or element == terminator:
        fault = Problem(
            f"{name}, segment 1", "ISA is not 106 characters long", "do not trim its blanks"
        )
        raise InvalidInput(f"{name} is no X12 interchange.", [fault])
    parts = text.split(terminator)
    if len(parts) > MAX_SEGMENTS:
        fault = Problem(name, f"has {len(parts):,} segments", "send it in parts")
        raise InvalidInput(f"{name} is too long; nothing of it was loaded.", [fault])
    number = 0
    for part in parts:
        plain = part.strip("\r\n\t ") if number else part
        if not plain:
            continue
        number += 1
        first, *elements = plain.split(element)
        yield Segment(first.strip(), tuple(each.strip() for each in elements), number)


def _closed(
    name: str,
    segment: Segment,
    opened: dict[str, Segment],
    opener: str,
    *,
    places: tuple[int, int],
    count: int,
) -> Segment:
    """The opener that a trailer closes; it must have its control number and count its parts."""
    start = opened.pop(opener, None)
    if start is None:
        raise _fault(name, segment, f"closes no {opener}")
    told, own = start.at(places[0]), segment.at(places[1])
    if told.lstrip("0") != own.lstrip("0"):
        raise _fault(name, segment, f"has the control number {own!r}, its {opener} {told!r}")
    if not segment.at(1).isdigit() or int(segment.at(1)) != count:
        raise _fault(name, segment, f"counts {segment.at(1)!r} where there are {count}")
    return start


def _fault(name: str, segment: Segment, detail: str) -> InvalidInput:
    where = f"{name}, segment {segment.number} ({segment.name})"
    return InvalidInput(
        f"{name} cannot be read; nothing of it was loaded.",
        [Problem(where, detail, "fetch it again, unchanged")],
    )


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who an interchange is from and for, its day, and its control number."""

    sender: str
    receiver: str
    day: date
    control: int


def write_set(kind: str, group: str, lines: Sequence[Sequence[str]], envelope: Envelope) -> bytes:
    """An interchange with one transaction set, one segment a line.

    The same lines give the same bytes: the time of day in the envelope is midnight. Characters
    outside X12's extended set become blanks.
    """
    day, control = envelope.day, f"{envelope.control:09d}"
    sender, receiver = (plain(each, 15) for each in (envelope.sender, envelope.receiver))
    body = [["ST", kind, "0001"], *lines, ["SE", str(len(lines) + 2), "0001"]]
    whole = [
        ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", sender.ljust(15), "ZZ", receiver.ljust(15),
         f"{day:%y%m%d}", "0000", "U", "00401", control, "0", "P", ">"],
        ["GS", group, sender, receiver, f"{day:%Y%m%d}", "0000", str(envelope.control), "X",
         "004010"],
        *body,
        ["GE", "1", str(envelope.control)],
        ["IEA", "1", control],
    ]  # fmt: skip
    return "".join("*".join(_trimmed(segment)) + "~\n" for segment in whole).encode("ascii")


def plain(text: str, length: int) -> str:
    """A text in X12's extended set, cut to a length; letters lose their accents."""
    bare = unicodedata.normalize("NFKD", text.translate(_SPELT))
    bare = "".join(each for each in bare if not unicodedata.combining(each))
    return " ".join(_ALLOWED.sub(" ", bare).split())[:length]


def n2(cents: int, digits: int) -> str:
    """An amount without its sign as N2, two implied decimals. Raises ValueError where it has more.

    `digits` are those of the currency's minor unit.
    """
    scaled = Decimal(abs(cents)).scaleb(2 - digits)
    if scaled != scaled.to_integral_value():
        raise ValueError("X12 has two decimals")
    return str(int(scaled))


def _trimmed(segment: Sequence[str]) -> Sequence[str]:
    last = max(place for place, each in enumerate(segment) if each)
    return segment[: last + 1]
