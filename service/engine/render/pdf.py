"""Write a PDF file from front to back; only object offsets stay in memory.

Streams are written at once. Other objects are collected into compressed object streams (PDF 1.7,
ISO 32000-1 clause 7.5.7). The file identifier is a hash of the bytes, so that the same input gives
the same file.
"""

import hashlib
import zlib
from array import array
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

_HEADER = b"%%PDF-%b\n%%\xe2\xe3\xcf\xd3\n"
_PENDING_BYTES = 200_000
_UNSENT_BYTES = 50_000
_STREAM, _PACKED = 1, 2
_WINDOW_BITS, _MEMORY_LEVEL = 12, 6
"""Page content is short: a small window and table cost a third less than the default ones."""
_ROWS = 50_000
_ROW_BYTES, _UP = 10, 2
_ZEROS = (0,) * 4096
_LINE_BREAK = 10


class PdfWriter:
    """Writes PDF objects: `reserve` numbers, `put` objects in any order, then `close`."""

    def __init__(self, out: BinaryIO, *, level: int = 1, version: bytes = b"1.7") -> None:
        self._out = out
        self._level = level
        self._hash = hashlib.sha256()
        self._position = 0
        self._next = 1
        self._kind = array("B", _ZEROS)
        self._place = array("Q", _ZEROS)
        self._index = array("H", _ZEROS)
        self._unsent: list[bytes] = []
        self._unsent_size = 0
        self._pending: list[bytes] = []
        self._pending_numbers: list[int] = []
        self._pending_size = 0
        self._write(_HEADER % version)

    def reserve(self) -> int:
        """Reserve an object number. The object must be written before `close`."""
        number = self._next
        self._next += 1
        if self._next >= len(self._kind):
            self._grow()
        return number

    def _grow(self) -> None:
        self._kind.extend(_ZEROS)
        self._place.extend(_ZEROS)
        self._index.extend(_ZEROS)

    def put(self, number: int, body: bytes) -> None:
        """Write an object under a reserved number. It must not be a stream or contain a newline."""
        self._pending.append(body)
        self._pending_numbers.append(number)
        self._pending_size += len(body)
        if self._pending_size > _PENDING_BYTES:
            self._flush()

    def add_lines(self, bodies: bytes, count: int) -> int:
        """Write objects, one a line, under consecutive new numbers; returns the first number."""
        first = self._next
        if not count:
            return first
        self._next += count
        while self._next >= len(self._kind):
            self._grow()
        self._pending.append(bodies)
        self._pending_numbers += range(first, self._next)
        self._pending_size += len(bodies)
        if self._pending_size > _PENDING_BYTES:
            self._flush()
        return first

    def add(self, body: bytes) -> int:
        """Reserve a number and write an object under it; returns the number."""
        number = self.reserve()
        self.put(number, body)
        return number

    def stream(
        self, number: int, data: bytes, *, entries: bytes = b"", deflate: bool = True
    ) -> None:
        """Write a stream under a reserved number, with further dictionary `entries`."""
        if deflate:
            packer = zlib.compressobj(self._level, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
            data = packer.compress(data) + packer.flush()
            entries += b"/Filter/FlateDecode"
        self._kind[number] = _STREAM
        self._place[number] = self._position
        self._write(
            b"%d 0 obj<<%b/Length %d>>stream\n%b\nendstream endobj\n"
            % (number, entries, len(data), data)
        )

    def add_stream(self, data: bytes, *, entries: bytes = b"", deflate: bool = True) -> int:
        """Reserve a number and write a stream under it; returns the number."""
        number = self.reserve()
        self.stream(number, data, entries=entries, deflate=deflate)
        return number

    def fingerprint(self) -> str:
        """A hash of all that was written before, in hexadecimal digits."""
        self._flush()
        self._send()
        return self._hash.hexdigest()

    def close(self, *, root: int, info: int) -> None:
        """Write the remaining objects, the cross-reference stream and the trailer.

        `root` and `info` are the numbers of the catalog and the information dictionary. Raises
        ValueError if a reserved number was never written.
        """
        self._flush()
        number = self.reserve()
        self._kind[number] = _STREAM
        self._place[number] = self._position
        self._send()
        identifier = self._hash.hexdigest()[:32].encode()
        size = self._next
        missing = [int(n) for n in np.flatnonzero(np.frombuffer(self._kind, np.uint8)[1:size] == 0)]
        if missing:
            raise ValueError(f"objects reserved but never written: {missing[0] + 1} and others")
        data = self._table(size)
        entries = (
            b"/Type/XRef/Size %d/W[1 7 2]/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]"
            b"/DecodeParms<</Predictor 12/Columns %d>>"
            % (size, root, info, identifier, identifier, _ROW_BYTES)
        )
        start = self._position
        self._write(
            b"%d 0 obj<<%b/Filter/FlateDecode/Length %d>>stream\n%b\nendstream endobj\n"
            b"startxref\n%d\n%%%%EOF\n" % (number, entries, len(data), data, start)
        )
        self._send()

    def _table(self, size: int) -> bytes:
        """The cross-reference table, each row as the difference from the one before (PNG Up)."""
        packer = zlib.compressobj(self._level)
        packed: list[bytes] = []
        above = np.zeros((1, _ROW_BYTES), dtype=np.uint8)
        for start in range(0, size, _ROWS):
            end = min(start + _ROWS, size)
            rows = np.zeros((end - start, _ROW_BYTES), dtype=np.uint8)
            rows[:, 0] = np.frombuffer(self._kind, np.uint8)[start:end]
            place = np.frombuffer(self._place, np.uint64)[start:end].astype(">u8")
            rows[:, 1:8] = place.view(np.uint8).reshape(-1, 8)[:, 1:]
            index = np.frombuffer(self._index, np.uint16)[start:end].astype(">u2")
            rows[:, 8:] = index.view(np.uint8).reshape(-1, 2)
            shown = np.full((end - start, _ROW_BYTES + 1), _UP, dtype=np.uint8)
            shown[:, 1:] = np.diff(rows, axis=0, prepend=above)
            packed.append(packer.compress(shown.tobytes()))
            above = rows[-1:]
        packed.append(packer.flush())
        return b"".join(packed)

    def _flush(self) -> None:
        if not self._pending:
            return
        number = self.reserve()
        numbers = np.array(self._pending_numbers, dtype=np.int64)
        count = len(numbers)
        bodies = b"\n".join(self._pending)
        table = np.zeros(2 * count, dtype=np.int64)
        table[::2] = numbers
        table[3::2] = np.flatnonzero(np.frombuffer(bodies, np.uint8) == _LINE_BREAK) + 1
        np.frombuffer(self._kind, np.uint8)[numbers] = _PACKED
        np.frombuffer(self._place, np.uint64)[numbers] = number
        np.frombuffer(self._index, np.uint16)[numbers] = np.arange(count)
        first = b"%d " * (2 * count) % tuple(table.tolist()) + b"\n"
        entries = b"/Type/ObjStm/N %d/First %d" % (count, len(first))
        data = first + bodies
        self._pending, self._pending_numbers, self._pending_size = [], [], 0
        self.stream(number, data, entries=entries)

    def _write(self, data: bytes) -> None:
        self._unsent.append(data)
        size = len(data)
        self._position += size
        self._unsent_size += size
        if self._unsent_size > _UNSENT_BYTES:
            self._send()

    def _send(self) -> None:
        data = b"".join(self._unsent)
        self._unsent, self._unsent_size = [], 0
        self._out.write(data)
        self._hash.update(data)


def name_object(text: str) -> bytes:
    """A PDF name of any text; what is no regular character is written in hex."""
    return b"/" + b"".join(
        bytes([byte]) if byte in _REGULAR else b"#%02x" % byte for byte in text.encode()
    )


_REGULAR = frozenset(range(0x21, 0x7F)) - frozenset(b"#%/()<>[]{}")


def text_string(text: str) -> bytes:
    """A PDF text string: a literal string for printable ASCII, else UTF-16 with BOM in hex."""
    if text.isascii() and text.isprintable():
        if not text.isalnum():
            text = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        return b"(" + text.encode() + b")"
    return b"<feff" + text.encode("utf-16-be").hex().encode() + b">"


def references(numbers: Sequence[int]) -> bytes:
    """References to objects, with a blank between two."""
    return (b"%d 0 R " * len(numbers))[:-1] % tuple(numbers)
