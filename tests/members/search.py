"""Finds where any of some texts is stored: in every column of every table, and in every file."""

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from re import DOTALL, findall

from pypdfium2 import PdfDocument
from sqlalchemy import text

from service.store.session import Database
from service.store.tables import metadata


def in_tables(database: Database, texts: Iterable[str]) -> set[tuple[str, str]]:
    """The tables and columns where a row has one of the texts anywhere, in any case."""
    wanted = [each.lower() for each in texts]
    found = set()
    with database.read() as session:
        for table in metadata.tables.values():
            names = [column.name for column in table.columns]
            for row in session.execute(text(f'SELECT * FROM "{table.name}"')):
                for name, value in zip(names, row, strict=True):
                    if any(each in str(value).lower() for each in wanted):
                        found.add((table.name, name))
    return found


def in_files(folder: Path, texts: Iterable[str]) -> set[str]:
    """The files under a folder with one of the texts, also in the text of PDF pages."""
    wanted = list(texts)
    found = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and any(each in part for part in _texts(path) for each in wanted):
            found.add(str(path.relative_to(folder)))
    return found


def raw_in(path: Path, texts: Iterable[str]) -> set[str]:
    """Which of the texts the bytes of a file have anywhere, in what is deleted, too."""
    content = path.read_bytes() if path.exists() else b""
    return {each for each in texts if each.encode() in content}


def _texts(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    yield content.decode("latin-1")
    if path.suffix == ".pdf":
        with PdfDocument(content) as document:
            for page in document:
                yield page.get_textpage().get_text_range()
    for packed in findall(rb"stream\r?\n(.*?)endstream", content, DOTALL):
        try:
            yield zlib.decompress(packed).decode("latin-1")
        except zlib.error:
            continue
