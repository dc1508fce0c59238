"""Batches are printed for a press by the settings, and read back as any other batch."""

import shutil
from pathlib import Path

import pikepdf
import pytest

from service.errors import Misconfigured
from service.publish.verify import proofread, verify
from service.settings import Settings
from service.store.session import Database
from tests.mail import pieces, print_batch


@pytest.fixture
def database_url(tmp_path: Path, migrated: Path) -> str:
    """The embedded database alone: nothing of a press is stored."""
    shutil.copy(migrated, tmp_path / "larder.db")
    return f"sqlite:///{tmp_path / 'larder.db'}"


def test_a_batch_for_a_press_has_its_record_a_piece_and_the_date_of_its_cycle(
    database: Database, mail: None, settings: Settings
) -> None:
    press = settings.model_copy(update={"print_profile": "vt1"})
    checked: list[str] = []

    def proof(path: Path, codes: object) -> None:
        checked.append(path.name)
        proofread(path, codes, sample=2)  # type: ignore[arg-type]

    report = print_batch(database, press, proof=proof)
    rows = pieces(report)
    file = Path(report.folder) / rows[0]["pdf"]
    assert checked == [f"{file.name}.part"]
    verdict = verify(file)
    assert verdict.clean
    assert verdict.pieces == len(rows)
    with pikepdf.open(file) as pdf:
        (records,) = pdf.Root.DPartRoot.DPartRootNode.DParts
        assert [str(each.DPM.Larder_Piece) for each in records] == [row["piece_id"] for row in rows]
        assert str(pdf.docinfo.CreationDate) == "D:20260302000000Z"
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
        assert [(numbers[each.Start.objgen], numbers[each.End.objgen]) for each in records] == [
            (int(row["pdf_page_from"]), int(row["pdf_page_to"])) for row in rows
        ]


def test_another_press_prints_other_files_from_the_same_lists(
    database: Database, mail: None, settings: Settings
) -> None:
    first = print_batch(database, settings)
    plain = {path.name: path.read_bytes() for path in Path(first.folder).glob("*.pdf")}
    black = settings.model_copy(update={"print_profile": "x4", "print_inks": "black"})
    second = print_batch(database, black, revise=True)
    assert [row["piece_id"] for row in pieces(second)]
    for path in Path(second.folder).glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF-1.6")
    assert all(data.startswith(b"%PDF-1.7") for data in plain.values())


def test_nothing_is_printed_while_a_setting_of_the_press_is_wrong(
    database: Database, mail: None, settings: Settings
) -> None:
    wrong = settings.model_copy(update={"print_profile": "x4", "print_inks": "spot"})
    with pytest.raises(Misconfigured, match="LARDER_PRINT_SPOT"):
        print_batch(database, wrong)
    assert not settings.output_folder.exists()
