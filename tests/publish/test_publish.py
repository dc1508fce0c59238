"""The package for the mailing house: whole or not there, true to the byte, the same again."""

import csv
import hashlib
import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import zxingcpp

from service.cycle.expiry import expire_lists
from service.errors import Conflict, NotFound
from service.publish import BatchReport, publish
from service.settings import Settings
from service.store.session import Database
from tests.killed import kill_in
from tests.market import AS_OF, open_issued, open_market, query, silent

pytestmark = pytest.mark.slow

NAME = "larder_lists_20260302_v1"


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


@pytest.fixture
def in_parts(settings: Settings) -> Settings:
    """Ten pieces a file: 27 pieces make three."""
    return settings.model_copy(update={"pieces_per_file": 10})


def print_batch(database: Database, settings: Settings) -> BatchReport:
    return publish(database, settings, 1, progress=silent)


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def pieces(folder: str) -> list[dict[str, str]]:
    with (Path(folder) / f"{NAME}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_files_are_named_and_counted_as_the_manifest_says(
    database: Database, in_parts: Settings, issued: None
) -> None:
    report = print_batch(database, in_parts)
    parts = [f"larder_lists_20260302_{n}of3_v1.pdf" for n in (1, 2, 3)]
    held = contents(report.folder)
    tables = [f"{NAME}.csv", f"{NAME}_left_out.csv"]
    assert set(held) == {*parts, *tables, "manifest.json", ".ready"}
    manifest = json.loads(held["manifest.json"])
    assert {name: manifest[name] for name in ("schema", "job", "revision", "total_pieces")} == {
        "schema": "larder-batch-1",
        "job": NAME,
        "revision": 1,
        "total_pieces": 27,
    }
    assert manifest["mail_date"] == "2026-03-02"
    assert manifest["sort_key"] == "country,postcode,carrier_order,city,street,name"
    assert [file["name"] for file in manifest["files"]] == [*parts, *tables]
    for file in manifest["files"]:
        assert file["bytes"] == len(held[file["name"]])
        assert file["sha256"] == hashlib.sha256(held[file["name"]]).hexdigest()
    ranges = [
        (file["pieces"], file["first_seq"], file["last_seq"]) for file in manifest["files"][:3]
    ]
    assert ranges == [(10, 1, 10), (10, 11, 20), (7, 21, 27)]
    for file in manifest["files"][:3]:
        assert len(pdfium.PdfDocument(held[file["name"]])) == file["pages"]
    assert report.pages == sum(file["pages"] for file in manifest["files"][:3])
    assert (report.pieces, report.not_mailed) == (27, 2)


def test_the_piece_file_has_every_element_of_the_address_in_postal_order(
    database: Database, in_parts: Settings, issued: None
) -> None:
    rows = pieces(print_batch(database, in_parts).folder)
    assert list(rows[0]) == [
        "piece_id", "seq", "pdf", "pdf_page_from", "pdf_page_to", "sheets", "sort_bundle",
        "name", "street", "extra", "postcode", "city", "region", "country", "carrier_order",
    ]  # fmt: skip
    assert [int(row["seq"]) for row in rows] == list(range(1, 28))
    assert len({row["piece_id"] for row in rows}) == 27
    keys = [
        tuple(row[name] for name in ("country", "postcode", "city", "street", "name"))
        for row in rows
    ]
    assert keys == sorted(keys)
    assert {row["postcode"] for row in rows} == {str(42800 + n) for n in range(5)}
    assert all(row["sort_bundle"] == f"US-{row['postcode']}" for row in rows)
    for first, second in pairwise(rows):
        follows = int(first["pdf_page_to"]) + 1 if first["pdf"] == second["pdf"] else 1
        assert int(second["pdf_page_from"]) == follows


def test_without_consent_or_address_nothing_is_printed(
    database: Database, settings: Settings, issued: None
) -> None:
    rows = pieces(print_batch(database, settings).folder)
    names = {row["name"] for row in rows}
    assert names == {f"Person {n}" for n in range(1, 28)}


def test_when_nobody_can_be_mailed_there_is_no_batch(
    database: Database, settings: Settings, issued: None
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE contact SET mail_consent = false")
    with pytest.raises(Conflict, match="No list of cycle 1 can be mailed"):
        print_batch(database, settings)
    assert query(database, "SELECT count(*) FROM batch") == [(0,)]
    assert not settings.output_folder.exists()


def test_every_front_decodes_to_the_code_of_its_household_s_list(
    database: Database, settings: Settings, issued: None
) -> None:
    folder = print_batch(database, settings).folder
    codes = dict(
        query(
            database,
            """SELECT c.name, s.code FROM shopping_list s
               JOIN contact c ON c.household_id = s.household_id""",
        )
    )
    rows = pieces(folder)
    document = pdfium.PdfDocument((Path(folder) / rows[0]["pdf"]).read_bytes())
    for row in rows:
        page = document[int(row["pdf_page_from"]) - 1]
        code = codes[row["name"]]
        for dpi in (203, 300):
            image = page.render(scale=dpi / 72, grayscale=True).to_numpy()
            found = [symbol.text for symbol in zxingcpp.read_barcodes(image)]
            assert found == [f"({code[:3]}){code[3:]}"]


def test_publishing_again_gives_the_batch_that_is_there(
    database: Database, settings: Settings, issued: None
) -> None:
    first = print_batch(database, settings)
    times = {path: path.stat().st_mtime_ns for path in Path(first.folder).iterdir()}
    assert print_batch(database, settings) == first
    assert {path: path.stat().st_mtime_ns for path in Path(first.folder).iterdir()} == times
    assert query(database, "SELECT count(*) FROM batch") == [(1,)]
    expire_lists(database, before=AS_OF + timedelta(days=30))
    assert print_batch(database, settings) == first


def test_a_killed_run_is_finished_by_other_processes_with_the_same_bytes(
    database: Database, in_parts: Settings, issued: None, tmp_path: Path
) -> None:
    kill_in("publish", in_parts)
    folder = in_parts.output_folder / NAME
    left = {path.name for path in folder.iterdir()}
    assert left == {"larder_lists_20260302_1of3_v1.pdf"}
    (folder / "larder_lists_20260302_1of9_v1.pdf").write_bytes(b"of an older kind")
    report = print_batch(database, in_parts.model_copy(update={"processes": 2}))
    assert query(database, "SELECT id, state, pieces FROM batch") == [(1, "ready", 27)]
    other = Database(f"sqlite:///{tmp_path / 'undisturbed.db'}")
    open_issued(other, in_parts, tmp_path)
    elsewhere = in_parts.model_copy(update={"output_folder": tmp_path / "undisturbed"})
    assert contents(report.folder) == contents(print_batch(other, elsewhere).folder)
    other.dispose()


def test_a_file_that_was_printed_before_keeps_the_pages_of_its_pieces(
    database: Database, shop: Settings, mail: None
) -> None:
    """Some pieces of large print have one sheet, others two."""
    shop = shop.model_copy(update={"layout": "large-print-letter"})
    kill_in("publish", shop)
    folder = shop.output_folder / NAME
    left = [*folder.iterdir()]
    report = print_batch(database, shop)
    rows = pieces(report.folder)
    for path in folder.glob("*.pdf"):
        ends = [int(row["pdf_page_to"]) for row in rows if row["pdf"] == path.name]
        assert ends[-1] == len(pdfium.PdfDocument(path))
    assert {row["sheets"] for row in rows if row["pdf"] == left[0].name} == {"1"}


def test_consent_withdrawn_before_a_run_is_finished_counts(
    database: Database, in_parts: Settings, issued: None
) -> None:
    kill_in("publish", in_parts)
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE contact SET mail_consent = false WHERE name = 'Person 5'"
        )
    report = print_batch(database, in_parts)
    assert (report.pieces, report.not_mailed) == (26, 3)
    assert query(database, "SELECT pieces FROM batch") == [(26,)]
    assert "Person 5" not in {row["name"] for row in pieces(report.folder)}


def test_what_carries_the_marker_is_not_printed_again(
    database: Database, settings: Settings, issued: None
) -> None:
    """The run died after the marker and before the database knew: the house may be reading."""
    first = print_batch(database, settings)
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE batch SET state = 'rendering', pages = 0, manifest = '{}', published_at = NULL"
        )
        session.connection().exec_driver_sql("DELETE FROM mail_piece")
    times = {path: path.stat().st_mtime_ns for path in Path(first.folder).iterdir()}
    assert print_batch(database, settings) == first
    assert {path: path.stat().st_mtime_ns for path in Path(first.folder).iterdir()} == times
    ((state, manifest),) = query(database, "SELECT state, manifest FROM batch")
    assert state == "ready"
    assert manifest == (Path(first.folder) / "manifest.json").read_text(encoding="utf-8")


def test_the_marker_is_written_after_everything_else(
    database: Database, settings: Settings, issued: None
) -> None:
    folder = Path(print_batch(database, settings).folder)
    written = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert [path.name for path in written[-2:]] == ["manifest.json", ".ready"]
    assert not [path for path in folder.iterdir() if path.suffix == ".part"]


def test_a_full_disk_leaves_no_marker(database: Database, settings: Settings, issued: None) -> None:
    def fill(stage: str, _done: int, _total: int) -> None:
        if stage == "print":
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        publish(database, settings, 1, progress=fill)
    assert not (settings.output_folder / NAME / ".ready").exists()
    assert query(database, "SELECT state FROM batch") == [("rendering",)]
    assert print_batch(database, settings).pieces == 27


def test_only_a_cycle_can_be_published(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    with pytest.raises(NotFound, match="There is no cycle 1"):
        print_batch(database, settings)


def test_the_names_of_two_retailers_differ(
    database: Database, settings: Settings, issued: None
) -> None:
    named = settings.model_copy(update={"client": "dale"})
    report = print_batch(database, named)
    assert report.name == "dale_lists_20260302_v1"
    assert Path(report.folder).name == report.name
