"""A PDF file written front to back: nothing but object offsets stays in memory.

Streams go out at once; other objects are gathered into compressed object streams (PDF 1.7,
ISO 32000-1 clause 7.5.7). The file identifier is a hash of the bytes, so the same input gives
the same file.
"""

import hashlib
import zlib
from array import array
from typing import BinaryIO

import numpy as np

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_GATHERED_BYTES = 200_000
_SENT_BYTES = 50_000
_STREAM, _PACKED = 1, 2
_WINDOW_BITS, _MEMORY_LEVEL = 12, 6
"""A page's content is short; a small window and table cost a third less than the usual ones."""
_ROWS = 50_000
_ROW_BYTES, _UP = 10, 2
_FRESH = (0,) * 4096
_LINE_BREAK = 10


class PdfWriter:
    """Reserve numbers, put objects in any order, then `close` with the catalog's number."""

    def __init__(self, out: BinaryIO, *, level: int = 1) -> None:
        self._out = out
        self._level = level
        self._hash = hashlib.sha256()
        self._position = 0
        self._next = 1
        self._kind = array("B", _FRESH)
        self._place = array("Q", _FRESH)
        self._index = array("H", _FRESH)
        self._unsent: list[bytes] = []
        self._unsent_size = 0
        self._gathered: list[bytes] = []
        self._gathered_numbers: list[int] = []
        self._gathered_size = 0
        self._write(_HEADER)

    def reserve(self) -> int:
        """A fresh object number; its object must be put before `close`."""
        number = self._next
        self._next += 1
        if self._next >= len(self._kind):
            self._grow()
        return number

    def _grow(self) -> None:
        self._kind.extend(_FRESH)
        self._place.extend(_FRESH)
        self._index.extend(_FRESH)

    def put(self, number: int, body: bytes) -> None:
        """Place an object that is not a stream and has no line break in it."""
        self._gathered.append(body)
        self._gathered_numbers.append(number)
        self._gathered_size += len(body)
        if self._gathered_size > _GATHERED_BYTES:
            self._flush()

    def add_lines(self, bodies: bytes, count: int) -> int:
        """Put objects, one a line, under fresh numbers in a row; the first of them."""
        first = self._next
        self._next += count
        while self._next >= len(self._kind):
            self._grow()
        self._gathered.append(bodies)
        self._gathered_numbers += range(first, self._next)
        self._gathered_size += len(bodies)
        if self._gathered_size > _GATHERED_BYTES:
            self._flush()
        return first

    def add(self, body: bytes) -> int:
        """Reserve and put in one step."""
        number = self.reserve()
        self.put(number, body)
        return number

    def stream(
        self, number: int, data: bytes, *, entries: bytes = b"", deflate: bool = True
    ) -> None:
        """Write a stream object; `entries` are further dictionary entries."""
        if deflate:
            packer = zlib.compressobj(self._level, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
            data = packer.compress(data) + packer.flush()
            entries += b"/Filter/FlateDecode"
        self._kind[number] = _STREAM
        self._place[number] = self._position
        head = b"%d 0 obj<<%b/Length %d>>stream\n" % (number, entries, len(data))
        self._write(head, data, b"\nendstream endobj\n")

    def add_stream(self, data: bytes, *, entries: bytes = b"", deflate: bool = True) -> int:
        """Reserve a number and write the stream under it."""
        number = self.reserve()
        self.stream(number, data, entries=entries, deflate=deflate)
        return number

    def close(self, *, root: int, info: int) -> None:
        """Write what is still gathered, the cross-reference stream and the end."""
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
        head = b"%d 0 obj<<%b/Filter/FlateDecode/Length %d>>stream\n" % (number, entries, len(data))
        self._write(head, data, b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % start)
        self._send()

    def _table(self, size: int) -> bytes:
        """The cross-reference table, each row as its difference from the row before (PNG Up)."""
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
        if not self._gathered:
            return
        number = self.reserve()
        numbers = np.array(self._gathered_numbers, dtype=np.int64)
        count = len(numbers)
        bodies = b"\n".join(self._gathered)
        table = np.zeros(2 * count, dtype=np.int64)
        table[::2] = numbers
        table[3::2] = np.flatnonzero(np.frombuffer(bodies, np.uint8) == _LINE_BREAK) + 1
        np.frombuffer(self._kind, np.uint8)[numbers] = _PACKED
        np.frombuffer(self._place, np.uint64)[numbers] = number
        np.frombuffer(self._index, np.uint16)[numbers] = np.arange(count)
        first = b"%d " * (2 * count) % tuple(table.tolist()) + b"\n"
        entries = b"/Type/ObjStm/N %d/First %d" % (count, len(first))
        data = first + bodies
        self._gathered, self._gathered_numbers, self._gathered_size = [], [], 0
        self.stream(number, data, entries=entries)

    def _write(self, *parts: bytes) -> None:
        self._unsent += parts
        size = sum(map(len, parts))
        self._position += size
        self._unsent_size += size
        if self._unsent_size > _SENT_BYTES:
            self._send()

    def _send(self) -> None:
        data = b"".join(self._unsent)
        self._unsent, self._unsent_size = [], 0
        self._out.write(data)
        self._hash.update(data)


def text_string(text: str) -> bytes:
    """A PDF text string: plain when it can be, else UTF-16 with byte-order mark in hex."""
    if text.isascii() and text.isprintable():
        if not text.isalnum():
            text = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        return b"(" + text.encode() + b")"
    return b"<feff" + text.encode("utf-16-be").hex().encode() + b">"
