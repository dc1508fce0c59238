"""docs/mailing.md names what a package holds and what an acknowledgement may say."""

import json
import re
import shutil
from pathlib import Path

import pytest

from service.publish import LeftOutReason
from service.publish.acknowledge import _MAY_FOLLOW, COLUMNS
from service.settings import Settings
from service.store.session import Database
from service.store.tables.mailing import PieceState
from tests.mail import open_mail, pieces, print_batch

DOCUMENT = (Path(__file__).parents[2] / "docs" / "mailing.md").read_text(encoding="utf-8")


@pytest.fixture
def database_url(tmp_path: Path, migrated: Path) -> str:
    """The embedded database alone: what is stored is tested on both elsewhere."""
    shutil.copy(migrated, tmp_path / "larder.db")
    return f"sqlite:///{tmp_path / 'larder.db'}"


def table(after: str) -> dict[str, list[str]]:
    """The first table below some words: its other cells by the name in the first."""
    rows = re.findall(
        r"^\| (.+) \|$",
        DOCUMENT.partition(after)[2].partition("\n\n|")[2].partition("\n\n")[0],
        re.M,
    )
    cells = [row.split(" | ") for row in rows]
    return {cell[0].strip("`"): cell[1:] for cell in cells if cell[0].startswith("`")}


def test_the_files_columns_and_fields_of_a_package_are_those_of_the_document(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_mail(database, settings, tmp_path)
    report = print_batch(database, settings)
    folder = Path(report.folder)
    names = {path.name.replace(report.name, "{package}") for path in folder.iterdir()}
    assert {name for name in names if not name.endswith(".pdf")} == {
        name for name in table("## The package") if not name.endswith(".pdf")
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    fields = table("### The manifest")
    assert list(fields) == list(manifest)
    documented = re.findall(r"`(\w+)`", fields["files"][0])
    assert set(documented) == {field for file in manifest["files"] for field in file}
    assert list(table("### The piece file")) == list(pieces(report)[0])


def test_every_reason_to_leave_a_list_out_is_explained() -> None:
    assert list(table("### What is left out")) == [reason.value for reason in LeftOutReason]


def test_the_columns_and_statuses_of_an_acknowledgement_are_explained() -> None:
    columns = table("## Acknowledgement")
    assert {name: cells[0] == "yes" for name, cells in columns.items()} == {
        column.name: column.required for column in COLUMNS
    }
    statuses = table("when, with an offset from UTC")
    for status, (before, _) in statuses.items():
        may = {state.value for state, after in _MAY_FOLLOW.items() if status in after}
        named = {state for state in re.findall(r"`(\w+)`", before) if status != "reprinted"}
        if status == "reprinted":
            named = {"spoiled"}
        if "nothing" in before and status != "reprinted":
            named.add(PieceState.OUTSTANDING.value)
        assert (status, named) == (status, may)
    assert list(statuses) == [state.value for state in PieceState][1:]
