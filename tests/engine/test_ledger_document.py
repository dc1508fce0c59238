"""The document of the ledger: every account and kind is described."""

import re
from pathlib import Path

from service.engine.ledger import Account, EntryKind

DOCUMENT = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")


def _first_cells(heading: str) -> list[str]:
    _, _, after = DOCUMENT.partition(f"## {heading}\n")
    return re.findall(r"^\| `(\w+)` \|", after.partition("\n## ")[0], re.MULTILINE)


def test_every_account_and_every_kind_is_described() -> None:
    assert sorted(_first_cells("Accounts")) == sorted(Account)
    assert sorted(_first_cells("Kinds")) == sorted(EntryKind)
