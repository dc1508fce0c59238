"""A PDF file written front to back: nothing but object offsets stays in memory.

Streams go out at once; other objects are gathered into compressed object streams (PDF 1.7,
ISO 32000-1 clause 7.5.7). The file identifier is a hash of the bytes, so the same input gives
the same file.
"""

import hashlib
import zlib
from array import array
from typing import BinaryIO

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_GATHERED_BYTES = 200_000
_STREAM, _PACKED = 1, 2


class PdfWriter:
    """Reserve numbers, put objects in any order, then `close` with the catalog's number."""

    def __init__(self, out: BinaryIO, *, compression: int = 1) -> None:
        self._out = out
        self._compression = compression
        self._hash = hashlib.sha256()
        self._position = 0
        self._kind = array("B", [0])
        self._place = array("Q", [0])
        self._index = array("I", [0])
        self._gathered: list[bytes] = []
        self._gathered_numbers: list[int] = []
        self._gathered_size = 0
        self._write(_HEADER)

    def reserve(self) -> int:
        """A fresh object number; its object must be put before `close`."""
        self._kind.append(0)
        self._place.append(0)
        self._index.append(0)
        return len(self._kind) - 1

    def put(self, number: int, body: bytes) -> None:
        """Place an object that is not a stream."""
        self._gathered.append(body)
        self._gathered_numbers.append(number)
        self._gathered_size += len(body)
        if self._gathered_size > _GATHERED_BYTES:
            self._flush()

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
            data = zlib.compress(data, self._compression)
            entries += b"/Filter/FlateDecode"
        self._kind[number] = _STREAM
        self._place[number] = self._position
        head = b"%d 0 obj<<%b/Length %d>>stream\n" % (number, entries, len(data))
        self._write(b"".join((head, data, b"\nendstream endobj\n")))

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
        identifier = self._hash.hexdigest()[:32].encode()
        size = len(self._kind)
        missing = [n for n in range(1, size) if not self._kind[n]]
        if missing:
            raise ValueError(f"objects reserved but never written: {missing[:5]}")
        rows = bytearray()
        packer = zlib.compressobj(6)
        packed: list[bytes] = []
        rows += b"\x00" + bytes(7) + b"\xff\xff"
        for n in range(1, size):
            rows += bytes((self._kind[n],))
            rows += self._place[n].to_bytes(7, "big") + self._index[n].to_bytes(2, "big")
            if len(rows) > 60_000:
                packed.append(packer.compress(bytes(rows)))
                rows.clear()
        packed += [packer.compress(bytes(rows)), packer.flush()]
        data = b"".join(packed)
        entries = b"/Type/XRef/Size %d/W[1 7 2]/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]" % (
            size, root, info, identifier, identifier,
        )  # fmt: skip
        start = self._position
        head = b"%d 0 obj<<%b/Filter/FlateDecode/Length %d>>stream\n" % (number, entries, len(data))
        self._write(head + data + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % start)

    def _flush(self) -> None:
        if not self._gathered:
            return
        number = self.reserve()
        table: list[bytes] = []
        offset = 0
        for index, (body, inner) in enumerate(
            zip(self._gathered, self._gathered_numbers, strict=True)
        ):
            table.append(b"%d %d" % (inner, offset))
            offset += len(body) + 1
            self._kind[inner], self._place[inner], self._index[inner] = _PACKED, number, index
        first = b" ".join(table) + b"\n"
        entries = b"/Type/ObjStm/N %d/First %d" % (len(table), len(first))
        data = first + b"\n".join(self._gathered)
        self._gathered, self._gathered_numbers, self._gathered_size = [], [], 0
        self.stream(number, data, entries=entries)

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._hash.update(data)
        self._position += len(data)


def text_string(text: str) -> bytes:
    """A PDF text string in UTF-16 with byte-order mark, as a hex literal."""
    return b"<feff" + text.encode("utf-16-be").hex().encode() + b">"
