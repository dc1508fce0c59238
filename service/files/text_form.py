"""How the bytes of a text file become rows of cells: its encoding and its separator."""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from service.errors import InvalidInput, Problem

SEPARATORS = (",", ";", "\t", "|")
HEADER_WITHIN = 40
"""The header is looked for in this many rows."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 20
_HEAD = 1024
_NEARBY = 2000
_UNMARKED_HEAD = 400
_NO_TABLES = (
    (b"<", "is a web page or XML, whatever its name says"),
    (b"%PDF", "is a PDF"),
    (b"\xd0\xcf\x11\xe0", "is an .xls file, or a workbook with a password"),
)
_NAMES = {"\t": "tabs"}


@dataclass(frozen=True, slots=True)
class TextOptions:
    """`encoding` is for text that is not Unicode; an empty `separator` is found by the header."""

    encoding: str = "cp1252"
    separator: str = ""


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a file is read, with notes on it. `hint_rows` are rows that only name the separator."""

    encoding: str
    separator: str
    hint_rows: int
    notes: tuple[str, ...]


def find_form(
    path: Path, name: str, options: TextOptions, count_known: Callable[[Sequence[str]], int]
) -> TextForm:
    """The encoding by mark or content, and the separator with which most columns are known.

    Reads the file in blocks. Raises InvalidInput for what is no text or has another encoding.
    """
    with path.open("rb") as file:
        require_text(name, file.read(_HEAD))
        encoding, notes = find_encoding(name, file, options.encoding)
    with path.open(encoding=encoding, newline="") as text:
        start = text.read(_BLOCK)
    separator, hint_rows = find_separator(start, count_known)
    separator = options.separator or separator
    if separator != "," and not hint_rows:
        notes = (*notes, f"cells are separated by {_NAMES.get(separator, repr(separator))}")
    return TextForm(encoding, separator, hint_rows, notes)


def find_separator(start: str, count_known: Callable[[Sequence[str]], int]) -> tuple[str, int]:
    """The separator that a first row `sep=;` names, and 1 for it; or the best one, and 0.

    The best is the one with which most columns are known in one of the first rows.
    """
    first = start[:6].splitlines()[0] if start[:6].splitlines() else ""
    if first.startswith("sep=") and len(first) == len("sep=") + 1:
        return first[-1], 1
    return max(SEPARATORS, key=lambda each: _score(start, each, count_known)), 0


def read_cells(file: BinaryIO, form: TextForm) -> Iterator[list[str]]:
    """The rows of an open file as cells, without those that only name the separator; closes it."""
    with io.TextIOWrapper(file, encoding=form.encoding, newline="") as text:
        rows = csv.reader(text, delimiter=form.separator)
        yield from itertools.islice(rows, form.hint_rows, None)


def require_text(name: str, head: bytes) -> None:
    """Raise InvalidInput for what begins like a web page, a PDF or an old workbook."""
    for mark, detail in _NO_TABLES:
        if head[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(mark):
            remedy = "open it in a spreadsheet program and save it as .xlsx"
            raise InvalidInput(
                f"{name} is no spreadsheet that can be read.", [Problem(name, detail, remedy)]
            )


def find_encoding(name: str, file: BinaryIO, otherwise: str) -> tuple[str, tuple[str, ...]]:
    """The encoding of a file by its mark, else UTF-8, else `otherwise`; and notes on it.

    Raises InvalidInput for a file that is no such text.
    """
    file.seek(0)
    head = file.read(_UNMARKED_HEAD)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            shown = (
                ()
                if codec == "utf-8-sig"
                else (f"text is {codec.upper()}, by its byte order mark",)
            )
            _check(name, file, codec)
            return codec, shown
    if codec := _unmarked_utf16(head):
        _check(name, file, codec)
        return codec, (f"text is {codec.upper()}, without a mark",)
    wrong = _first_wrong(file, "utf-8")
    if wrong is None:
        return "utf-8", ()
    _check(name, file, otherwise)
    words = _foreign_words(wrong.decode(otherwise, errors="ignore"))
    return otherwise, (f"text is not UTF-8; read as {otherwise}: {words}",)


def _check(name: str, file: BinaryIO, codec: str) -> None:
    reason = ""
    try:
        b"".decode(codec)
        if _first_wrong(file, codec) is not None:
            reason = "some bytes are no text in it"
    except (UnicodeError, LookupError):
        reason = "it is no encoding of files"
    if reason:
        raise InvalidInput(
            f"{name} cannot be read as {codec} text: {reason}.",
            [Problem(name, "is in another encoding", "name it with --encoding, or save as UTF-8")],
        )


def _first_wrong(file: BinaryIO, codec: str) -> bytes | None:
    """The line of the first bytes that are not text in this encoding, and more; None without."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(codec)()
    before = b""
    while block := file.read(_BLOCK):
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            place = len(before) + max(0, error.start)
            whole = before + block
            start = max(whole.rfind(b"\n", 0, place) + 1, place - _NEARBY, 0)
            return whole[start : place + _NEARBY]
        before = block[-_NEARBY:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return before
    return None


def _unmarked_utf16(head: bytes) -> str:
    """UTF-16 of mostly Latin text shows as every other byte being zero."""
    if len(head) < 8 or b"\x00" not in head:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 > even:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) // 4 > odd else ""


def _foreign_words(text: str) -> str:
    """A few words that show whether the encoding was right."""
    words = [word[:30] for word in re.split(r'[\s,;|"]+', text) if not word.isascii()]
    return ", ".join(list(dict.fromkeys(words))[:3])


def _score(
    text: str, separator: str, count_known: Callable[[Sequence[str]], int]
) -> tuple[int, int]:
    """How many columns the best of the first rows names, and how many cells it has."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    known = cells = 0
    try:
        for row in itertools.islice(reader, HEADER_WITHIN):
            known, cells = max(known, count_known(row)), max(cells, len(row))
    except csv.Error:
        return 0, 0
    return known, cells
