"""docs/loading.md names every column that is read, and which of them must be there."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.files.baskets import COLUMNS as BASKETS
from service.files.households import columns
from service.files.products import COLUMNS as PRODUCTS
from service.files.rows import FileColumn

DOCUMENT = (Path(__file__).parents[2] / "docs" / "loading.md").read_text(encoding="utf-8")
KINDS = {
    "Products": PRODUCTS,
    "Households": columns("en"),
    "Baskets": BASKETS,
}


def described(kind: str) -> dict[str, str]:
    """What the document says of each column in its third cell: yes, no, no (default)."""
    section = DOCUMENT.partition(f"## {kind}\n")[2].partition("\n## ")[0]
    found = {}
    for names, required in re.findall(r"^\| (`.+?`) \| [^|]+ \| ([^|]+) \|", section, re.MULTILINE):
        found |= dict.fromkeys(re.findall(r"`(\w+)`", names), required.replace("`", ""))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_is_described_and_no_other(kind: str) -> None:
    known: Sequence[FileColumn] = KINDS[kind]
    assert set(described(kind)) == {column.name for column in known}


@pytest.mark.parametrize("kind", KINDS)
def test_what_must_be_there_and_what_stands_for_an_empty_cell(kind: str) -> None:
    required = described(kind)
    for column in KINDS[kind]:
        if column.required:
            expected = {"yes"}
        elif column.name == "language":
            expected = {"no (the setting)"}
        elif column.default:
            expected = {f"no ({column.default})"}
        else:
            expected = {"no"}
        assert (column.name, required[column.name] in expected) == (column.name, True)
