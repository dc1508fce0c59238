"""The transactions of a POSLog file, one after the other, in memory that does not grow.

XML is read by defusedxml: a document type declaration, and with it every entity, is refused. What
a reader of history never asks for (taxes, tenders, receipt texts) is passed over unread.
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

from service.errors import InvalidInput, NotFound, Problem

TRANSACTION = "Transaction"
_SUFFIXES = (".xml", ".xml.gz")
_BLOCK = 1 << 18
# A till's transaction has some hundred lines. These bound what a hostile file can make us hold.
MAX_ELEMENTS = 200_000
MAX_TEXT = 16_000_000
MAX_DEPTH = 100
MAX_TOKEN = 16 * _BLOCK
_ARTS = ("http://www.nrf-arts.org/", "http://www.omg.org/")
_UNREAD = frozenset(
    {
        "Associate", "Description", "MerchandiseHierarchy", "OperatorBypassApproval", "OperatorID",
        "Tax", "Tender", "ReceiptImage", "ReceiptText", "TrailerText",
    }
)  # fmt: skip
# Extensions that carry what the standard has no common place for: who the customer is.
_READ_EXTENSIONS = frozenset({"LoyaltyMembership", "LoyaltyID"})


class Node:
    """One element: its name without namespace, its line in the file, attributes, text, children."""

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, line: int, attributes: dict[str, str]) -> None:
        self.name = name
        self.line = line
        self.attributes = attributes
        self.text = ""
        self.children: list[Node] = []

    def first(self, *names: str) -> "Node | None":
        """The first child of the first of these names that there is."""
        for name in names:
            for child in self.children:
                if child.name == name:
                    return child
        return None

    def every(self, *names: str) -> "list[Node]":
        """The children of these names, in order."""
        return [child for child in self.children if child.name in names]

    def value(self, *names: str) -> str:
        """The text of the first child of these names that has any."""
        for name in names:
            for child in self.children:
                if child.name == name and (text := child.text.strip()):
                    return text
        return ""

    def says(self, *names: str) -> bool:
        """Whether one of these attributes is true."""
        return any(self.attributes.get(name, "").lower() in {"true", "1"} for name in names)


def is_poslog(path: Path) -> bool:
    """Whether a file is a POSLog by its name: `.xml` or `.xml.gz`."""
    return path.name.lower().endswith(_SUFFIXES)


def check(path: Path, name: str, told: Callable[[int, int], None]) -> None:
    """Read the file to its end, so that nothing of a broken one is loaded.

    `told` hears how many of its bytes are read. Raises NotFound without the file, InvalidInput
    when it is not well-formed XML, has a document type declaration, or breaks off.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {name}.")
    parser: Any = XMLParser(target=_Nothing(), forbid_dtd=True)
    # Without a listener the text of the whole file never becomes a Python object.
    parser.parser.DefaultHandlerExpand = None
    with _broken(name, parser), _opened(path) as (file, at):
        for _ in _fed(parser, file):
            told(*at())
        parser.close()


def transactions(path: Path, name: str) -> Iterator[tuple[Node, int, int]]:
    """Each outermost `Transaction` of a file, with how many bytes of how many are read.

    Raises InvalidInput as `check`, and for a transaction of absurd size.
    """
    tree = _Tree()
    parser: Any = XMLParser(target=tree, forbid_dtd=True)
    tree.where = parser.parser
    with _broken(name, parser), _opened(path) as (file, at):
        for _ in _fed(parser, file):
            done, total = at()
            for node in tree.taken():
                yield node, done, total
        parser.close()
        for node in tree.taken():
            yield node, done, total
    if tree.found == 0 and tree.root != "POSLog":
        fault = Problem(name, f"its outermost element is {tree.root[:60]!r}", "export it as POSLog")
        raise InvalidInput(f"{name} has no POSLog transactions.", [fault])


class _Nothing:
    """Hears nothing: the parser alone says whether a file is well-formed."""

    def close(self) -> None:
        """The end of the file."""


class _Tree:
    """Builds the transactions and forgets everything else."""

    def __init__(self) -> None:
        self.where: Any = None
        self.root = ""
        self.found = 0
        self._done: list[Node] = []
        self._open: list[Node] = []
        self._parts: list[list[str]] = []
        self._unread = 0
        self._depth = 0
        self._elements = 0
        self._text = 0
        self._own = ""

    def taken(self) -> list[Node]:
        """The transactions that ended since this was last asked."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition("}")
        self._depth += 1
        self.root = self.root or name
        if self._unread:
            self._unread += 1
            return
        if not self._open:
            if name != TRANSACTION:
                return
            self._own, self._elements, self._text = space, 0, 0
        elif name in _UNREAD or self._foreign(space, name):
            self._unread = 1
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
        if self._unread:
            self._unread -= 1
        elif self._open:
            node = self._open.pop()
            node.text = "".join(self._parts.pop())
            if not self._open:
                self._done.append(node)
                self.found += 1

    def data(self, text: str) -> None:
        if self._open and not self._unread:
            self._text += len(text)
            if self._text > MAX_TEXT:
                raise _TooLargeError
            self._parts[-1].append(text)

    def close(self) -> None:
        """The end of the file."""

    def _foreign(self, space: str, name: str) -> bool:
        """A vendor's own element may be called like one of the standard and mean another thing."""
        if space == self._own or name in _READ_EXTENSIONS:
            return False
        return not space.startswith(_ARTS, 1)


class _TooLargeError(Exception):
    """A transaction is larger than any till writes."""


def _fed(parser: Any, file: IO[bytes]) -> Iterator[None]:
    fed = 0
    while block := file.read(_BLOCK):
        parser.feed(block)
        fed += len(block)
        # A tag or a comment that never ends would be kept until it does.
        if fed - parser.parser.CurrentByteIndex > MAX_TOKEN:
            raise _TooLargeError
        yield


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], tuple[int, int]]]]:
    """The file's XML, unpacked when it is packed, and how much of the file itself is read."""
    total = path.stat().st_size
    with path.open("rb") as raw:

        def at() -> tuple[int, int]:
            return min(raw.tell(), total), total

        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=raw) as packed:
                yield packed, at  # type: ignore[misc]
        else:
            yield raw, at


@contextmanager
def _broken(name: str, parser: Any) -> Iterator[None]:
    """What can be wrong with the file as a whole, as InvalidInput that says where."""
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
        problem = Problem(where, "has a transaction or an element of absurd size", "export it anew")
        raise InvalidInput(f"{name} cannot be loaded safely.", [problem]) from None
    except ParseError as error:
        said = str(error).partition(":")[0]
        problem = Problem(
            f"{name}, line {error.position[0]}, column {error.position[1]}",
            said,
            _remedy(said),
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


def _remedy(said: str) -> str:
    if "token" in said or "encoding" in said:
        return "its encoding may not be the one it declares: save it as UTF-8"
    if "no element" in said or "unclosed" in said:
        return "it breaks off: fetch it again"
    return "export it anew"
