"""Reads the transactions of a POSLog file one by one, in bounded memory.

XML is read by defusedxml, which refuses document type declarations and with them all entities.
Elements that history does not need (taxes, tenders, receipt texts) are skipped.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from service.engine.texts import clean
from service.errors import InvalidInput, NotFound, Problem

TRANSACTION = "Transaction"
_SUFFIXES = (".xml", ".xml.gz")
_BLOCK = 1 << 18
# A transaction has a few hundred lines. These limits bound the memory a hostile file can take.
MAX_ELEMENTS = 200_000
MAX_TEXT = 16_000_000
MAX_DEPTH = 100
MAX_TOKEN = 16 * _BLOCK
# XML packs twenty- to fiftyfold.
MAX_RATIO = 200
_ARTS = ("http://www.nrf-arts.org/", "http://www.omg.org/")
_SKIPPED = frozenset(
    {
        "Associate", "Description", "MerchandiseHierarchy", "OperatorBypassApproval", "OperatorID",
        "Tax", "Tender", "ReceiptImage", "ReceiptText", "TrailerText",
    }
)  # fmt: skip
# Extensions to read although they are not part of the standard: they identify the customer.
_KNOWN_EXTENSIONS = frozenset({"LoyaltyMembership", "LoyaltyID"})


class Node:
    """An element: its name without namespace, its line number, attributes, text and children."""

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, line: int, attributes: dict[str, str]) -> None:
        self.name = name
        self.line = line
        self.attributes = attributes
        self.text = ""
        self.children: list[Node] = []

    def first(self, *names: str) -> "Node | None":
        """The first child with the first of these names that occurs; else None."""
        for name in names:
            for child in self.children:
                if child.name == name:
                    return child
        return None

    def children_named(self, *names: str) -> "list[Node]":
        """The children with these names, in order."""
        return [child for child in self.children if child.name in names]

    def value(self, *names: str) -> str:
        """The first text that is not empty of children with these names, tried in this order."""
        for name in names:
            for child in self.children:
                if child.name == name and (text := clean(child.text).strip()):
                    return text
        return ""

    def has_flag(self, *names: str) -> bool:
        """Whether one of these attributes is `true` or `1`."""
        return any(self.attributes.get(name, "").lower() in {"true", "1"} for name in names)


def is_poslog(path: Path) -> bool:
    """Whether the name of a file ends in `.xml` or `.xml.gz`."""
    return path.name.lower().endswith(_SUFFIXES)


def transactions(path: Path, name: str) -> Iterator[tuple[Node, int, int]]:
    """Yield each outermost `Transaction` of a file, with the bytes read so far and their total.

    Raises NotFound when there is no such file; InvalidInput when it is not well-formed XML, has a
    document type declaration, is cut off, or has a transaction that exceeds the limits. A fault at
    its end shows at the end, so a caller does nothing with the first before the last was read.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {name}.")
    builder = _TransactionBuilder()
    parser: Any = XMLParser(target=builder, forbid_dtd=True)
    builder.where = parser.parser
    with _faults_as_input_errors(name, parser), _open_xml(path) as (file, position):
        for _ in _feed_blocks(parser, file, position):
            done, total = position()
            for node in builder.take_completed():
                yield node, done, total
        parser.close()
        for node in builder.take_completed():
            yield node, done, total
    if builder.found == 0 and builder.root != "POSLog":
        fault = Problem(
            name, f"its outermost element is {builder.root[:60]!r}", "export it as POSLog"
        )
        raise InvalidInput(f"{name} has no POSLog transactions.", [fault])


class _TransactionBuilder:
    """A parser target that builds the transactions and drops everything else."""

    def __init__(self) -> None:
        self.where: Any = None
        self.root = ""
        self.found = 0
        self._completed: list[Node] = []
        self._open: list[Node] = []
        self._parts: list[list[str]] = []
        self._skipped_depth = 0
        self._depth = 0
        self._elements = 0
        self._text = 0
        self._namespace = ""

    def take_completed(self) -> list[Node]:
        """Return the transactions that were completed since the last call."""
        done, self._completed = self._completed, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition("}")
        self._depth += 1
        self.root = self.root or name
        if self._skipped_depth:
            self._skipped_depth += 1
            return
        if not self._open:
            if name != TRANSACTION:
                return
            self._namespace, self._elements, self._text = space, 0, 0
        elif name in _SKIPPED or self._is_extension(space, name):
            self._skipped_depth = 1
            return
        self._elements += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise _TooLargeError
        if attributes:
            attributes = {key.rpartition("}")[2]: text for key, text in attributes.items()}
        node = Node(name, self.where.CurrentLineNumber, attributes)
        if self._open:
            self._open[-1].children.append(node)
        self._open.append(node)
        self._parts.append([])

    def end(self, _tag: str) -> None:
        self._depth -= 1
        if self._skipped_depth:
            self._skipped_depth -= 1
        elif self._open:
            node = self._open.pop()
            node.text = "".join(self._parts.pop())
            if not self._open:
                self._completed.append(node)
                self.found += 1

    def data(self, text: str) -> None:
        if self._open and not self._skipped_depth:
            self._text += len(text)
            if self._text > MAX_TEXT:
                raise _TooLargeError
            self._parts[-1].append(text)

    def close(self) -> None:
        """The end of the file."""

    def _is_extension(self, space: str, name: str) -> bool:
        """Whether an element is a vendor's extension, whose name may mean something else."""
        if space == self._namespace or name in _KNOWN_EXTENSIONS:
            return False
        return not space.startswith(_ARTS, 1)


class _TooLargeError(Exception):
    """A transaction or an element exceeds the limits."""


class _PackedTooTightError(Exception):
    """The XML unpacks to far more than any export does."""


def _feed_blocks(
    parser: Any, file: IO[bytes], position: Callable[[], tuple[int, int]]
) -> Iterator[None]:
    fed_bytes = 0
    while block := file.read(_BLOCK):
        parser.feed(block)
        fed_bytes += len(block)
        # The parser buffers a tag or a comment until it ends, which may never happen.
        if fed_bytes - parser.parser.CurrentByteIndex > MAX_TOKEN:
            raise _TooLargeError
        if fed_bytes > MAX_RATIO * (position()[0] + _BLOCK):
            raise _PackedTooTightError
        yield


@contextmanager
def _open_xml(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], tuple[int, int]]]]:
    """Open the XML, decompressed if need be; also a function for the bytes read and their total."""
    total = path.stat().st_size
    with path.open("rb") as raw:

        def position() -> tuple[int, int]:
            return min(raw.tell(), total), total

        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=raw) as packed:
                yield packed, position  # type: ignore[misc]
        else:
            yield raw, position


@contextmanager
def _faults_as_input_errors(name: str, parser: Any) -> Iterator[None]:
    """Turn errors of the file as a whole into InvalidInput with a place."""
    try:
        yield
    except DefusedXmlException:
        problem = Problem(
            f"{name}, line {parser.parser.CurrentLineNumber}",
            "has a document type declaration (<!DOCTYPE ...>)",
            "export it without one; a POSLog needs none, and entities are never expanded",
        )
        raise InvalidInput(
            f"{name} cannot be loaded safely; nothing of it was.", [problem]
        ) from None
    except _TooLargeError:
        where = f"{name}, line {parser.parser.CurrentLineNumber}"
        problem = Problem(
            where, "has a transaction or an element of absurd size", "export it again"
        )
        raise InvalidInput(
            f"{name} cannot be loaded safely; nothing of it was.", [problem]
        ) from None
    except _PackedTooTightError:
        problem = Problem(
            name, f"unpacks to more than {MAX_RATIO} times its size", "unpack it and look into it"
        )
        raise InvalidInput(
            f"{name} cannot be loaded safely; nothing of it was.", [problem]
        ) from None
    except ParseError as error:
        reason = str(error).partition(":")[0]
        problem = Problem(
            f"{name}, line {error.position[0]}, column {error.position[1]}",
            reason,
            _remedy(reason),
        )
        raise InvalidInput(
            f"{name} is not well-formed XML; nothing of it was loaded.", [problem]
        ) from None
    except (ValueError, LookupError) as error:
        problem = Problem(f"{name}, line 1", str(error), "save it as UTF-8 and declare that")
        raise InvalidInput(f"{name} is in an encoding that cannot be read.", [problem]) from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"{name} cannot be read: {reason}; nothing of it was loaded.") from None


def _remedy(reason: str) -> str:
    if "token" in reason or "encoding" in reason:
        return "its encoding may not be the one it declares: save it as UTF-8"
    if "no element" in reason or "unclosed" in reason:
        return "it breaks off: fetch it again"
    return "export it again"
