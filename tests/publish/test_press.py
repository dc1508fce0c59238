"""Publishing: a package is printed once, also when runs die; revisions and reprints."""

import csv
import fcntl
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from service.errors import Conflict, InvalidInput, NotFound
from service.publish import BatchReport, fetch, publish, reprint, void_batch
from service.publish.depot import LocalDepot
from service.publish.verify import proofread
from service.settings import Settings
from service.store import batches
from service.store.session import Database
from tests.mail import NAME, ORDER, acknowledge_rows, load, pieces, print_batch
from tests.market import query, silent
from tests.shop import list_code

pytestmark = pytest.mark.usefixtures("mail")


class Killed(BaseException):
    """The process is gone: nothing of it may handle this."""


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def left_out(report: BatchReport) -> list[dict[str, str]]:
    """What the house is told of what was left out."""
    return rows_of(Path(report.folder) / f"{report.name}_left_out.csv")


def known(settings: Settings, revision: int = 1) -> list[dict[str, str]]:
    """What the retailer knows of it."""
    return rows_of(settings.output_folder / "left_out" / f"{NAME}_v{revision}.csv")


def spoil(database: Database, which: str) -> None:
    """Put a character without a glyph into the department of every offer of some lists."""
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE shopping_list SET document = "
            f"replace(document, 'Grocery', 'Gro\u0546cery') WHERE {which}"
        )


def test_pieces_come_by_country_postcode_and_the_carrier_s_round(
    database: Database, shop: Settings
) -> None:
    report = print_batch(database, shop)
    assert [row["name"] for row in pieces(report)] == ORDER
    assert [row["pdf"] for row in pieces(report)] == [
        f"{NAME}_{n}of3_v1.pdf" for n in (1, 1, 2, 2, 3)
    ]


def test_what_is_left_out_is_counted_and_named_without_its_address(
    database: Database, shop: Settings
) -> None:
    report = print_batch(database, shop)
    assert (report.pieces, report.not_mailed) == (5, 2)
    assert (report.duplicates, report.undeliverable, report.without_consent) == (1, 0, 1)
    assert left_out(report) == [
        {
            "piece_id": "20260302-0000007",
            "reason": "duplicate_address",
            "duplicate_of": "20260302-0000003",
        }
    ]
    own = [(row["household_id"], row["reason"], row["duplicate_of"]) for row in known(shop)]
    assert own == [("P6", "no_consent", ""), ("P7", "duplicate_address", "P3")]


def test_every_part_is_a_clean_pdf(database: Database, shop: Settings) -> None:
    report = print_batch(database, shop)
    parts = sorted(Path(report.folder).glob("*.pdf"))
    assert len(parts) == 3
    for part in parts:
        with pikepdf.open(part) as document:
            assert document.check_pdf_syntax() == []


def test_a_run_that_dies_anywhere_is_taken_up_without_a_piece_repeated_or_missing(
    database: Database, shop: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before and after every file, and before the database knows that the package is ready."""
    whole = set(contents(print_batch(database, shop).folder))
    with database.write() as session:
        for table in ("mail_count", "mail_piece", "batch"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    LocalDepot(shop.output_folder).clear(f"{NAME}_v1")
    folder = shop.output_folder / f"{NAME}_v1"
    put, finish = LocalDepot.put, batches.add_pieces
    written: list[str] = []
    tables = [f"{NAME}_v1.csv", f"{NAME}_v1_left_out.csv", "manifest.json", ".ready"]
    order = [*sorted(name for name in whole if name.endswith(".pdf")), *tables]
    assert set(order) == whole
    moments = [(name, after) for name in order for after in (False, True)]
    if not database.is_sqlite:
        moments = moments[1::4]

    def die(moment: tuple[str, bool] | None) -> None:
        def putting(self: LocalDepot, folder: str, name: str, fill: Any, **how: Any) -> Any:
            if moment == (name, False):
                raise Killed
            result = put(self, folder, name, fill, **how)
            written.append(name)
            if moment == (name, True):
                raise Killed
            return result

        def finishing(*args: Any) -> None:
            if moment is None:
                raise Killed
            finish(*args)

        monkeypatch.setattr(LocalDepot, "put", putting)
        monkeypatch.setattr(batches, "add_pieces", finishing)
        with pytest.raises(Killed):
            print_batch(database, shop)

    for moment in [*moments, None]:
        die(moment)
        there = {path.name for path in folder.iterdir()} if folder.exists() else set()
        assert ".ready" not in there or there == whole
        assert query(database, "SELECT state FROM batch") == [("rendering",)]
    monkeypatch.setattr(LocalDepot, "put", put)
    monkeypatch.setattr(batches, "add_pieces", finish)
    report = print_batch(database, shop)
    # Each part was printed once: complete files stay.
    assert sorted(name for name in written if name.endswith(".pdf")) == sorted(
        name for name in whole if name.endswith(".pdf")
    )
    assert [int(row["seq"]) for row in pieces(report)] == [1, 2, 3, 4, 5]
    assert [row["name"] for row in pieces(report)] == ORDER
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
    assert query(database, "SELECT count(*), count(DISTINCT piece_id) FROM mail_piece") == [(5, 5)]


def test_what_lay_there_before_is_not_taken_for_its_own(
    database: Database, shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of an older database, and a run that dies before it could clear it away."""
    folder = shop.output_folder / f"{NAME}_v1"
    folder.mkdir(parents=True)
    for name in (f"{NAME}_1of3_v1.pdf", ".ready"):
        (folder / name).write_bytes(b"of another")
    clear = LocalDepot.clear

    def die(self: LocalDepot, folder: str) -> None:
        raise Killed

    monkeypatch.setattr(LocalDepot, "clear", die)
    with pytest.raises(Killed):
        print_batch(database, shop)
    monkeypatch.setattr(LocalDepot, "clear", clear)
    report = print_batch(database, shop)
    assert [row["name"] for row in pieces(report)] == ORDER
    assert (folder / f"{NAME}_1of3_v1.pdf").read_bytes().startswith(b"%PDF")


def test_a_part_of_another_plan_is_not_kept(
    database: Database, shop: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put = LocalDepot.put

    def once(self: LocalDepot, folder: str, name: str, fill: Any, **how: Any) -> Any:
        put(self, folder, name, fill, **how)
        raise Killed

    monkeypatch.setattr(LocalDepot, "put", once)
    with pytest.raises(Killed):
        print_batch(database, shop)
    monkeypatch.setattr(LocalDepot, "put", put)
    load(database, shop, tmp_path, ["P3,Person P3,33 New Street,42800,Applecroft,US,true,2\n"])
    report = print_batch(database, shop)
    # P3 moved, so P7 is alone at the old address and comes first on the round.
    assert [(row["name"], row["street"]) for row in pieces(report)][:3] == [
        ("Person H1", "1 Elm Street"),
        ("Someone Else", "3 OAK ST."),
        ("Person P3", "33 New Street"),
    ]
    assert report.pieces == 6


def test_two_runs_do_not_print_a_cycle_at_once(database: Database, shop: Settings) -> None:
    shop.runs_folder.mkdir()
    with (shop.runs_folder / "publish-1.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="being published already"):
            print_batch(database, shop)
    assert print_batch(database, shop).pieces == 5


def test_a_revision_replaces_what_nobody_picked_up(database: Database, shop: Settings) -> None:
    first = print_batch(database, shop)
    second = print_batch(database, shop, revise=True)
    assert second.name == f"{NAME}_v2"
    assert not Path(first.folder).exists()
    assert {name for name in contents(second.folder) if name.endswith(".pdf")} == {
        f"{NAME}_{n}of3_v2.pdf" for n in (1, 2, 3)
    }
    assert [row["piece_id"] for row in pieces(second)] == [
        f"20260302-000000{n}" for n in (1, 3, 4, 2, 5)
    ]
    assert json.loads((Path(second.folder) / "manifest.json").read_text())["revision"] == 2
    assert query(database, "SELECT state FROM batch ORDER BY id") == [("withdrawn",), ("ready",)]
    assert print_batch(database, shop) == second


def test_what_cannot_be_printed_is_left_out_by_its_piece(
    database: Database, shop: Settings, tmp_path: Path
) -> None:
    """A name without a glyph, an address without end and a list that no layout holds."""
    load(
        database,
        shop,
        tmp_path,
        [
            "P3,Նարե,3 Oak Street,42800,Applecroft,US,true,2\n",
            f"P5,{'W' * 300},5 Oak Street,42809,Applecroft,US,true,\n",
        ],
    )
    spoil(database, "id = 2")
    report = print_batch(database, shop)
    # P3's neighbour at the same address is mailed in its place.
    assert [row["name"] for row in pieces(report)] == ["Person H1", "Someone Else", "Person P4"]
    assert [int(row["seq"]) for row in pieces(report)] == [1, 2, 3]
    assert (report.unprintable, report.without_consent, report.duplicates) == (3, 1, 0)
    own = {row["household_id"]: (row["reason"], row["detail"]) for row in known(shop)}
    assert {key: reason for key, (reason, _) in own.items()} == {
        "H2": "no_layout",
        "P3": "unprintable_name",
        "P5": "address_too_long",
        "P6": "no_consent",
    }
    assert "name has 'Ն' (U+0546" in own["P3"][1]
    assert "U+0546" in own["H2"][1]
    told = {row["piece_id"]: row["reason"] for row in left_out(report)}
    assert sorted(told.values()) == ["address_too_long", "no_layout", "unprintable_name"]
    codes = query(database, "SELECT count(*) FROM mail_piece")
    assert codes == [(3,)]


def test_a_revision_that_cannot_be_printed_leaves_the_batch_as_it_is(
    database: Database, shop: Settings
) -> None:
    first = print_batch(database, shop)
    spoil(database, "id > 0")
    with pytest.raises(InvalidInput, match="cannot be printed"):
        print_batch(database, shop, revise=True)
    assert (Path(first.folder) / ".ready").is_file()
    assert query(database, "SELECT state FROM batch") == [("ready",)]


def test_those_held_out_are_mailed_as_the_cycle_recorded(
    database: Database, shop: Settings
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO cycle_household (cycle_id, household_id, arm) "
            "SELECT 1, id, 'holdout' FROM household WHERE ref = 'P4'"
        )
    assert "Person P4" in {row["name"] for row in pieces(print_batch(database, shop))}
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE cycle SET mail_holdout = false")
    report = print_batch(database, shop, revise=True)
    assert "Person P4" not in {row["name"] for row in pieces(report)}
    assert (report.held_out, report.not_mailed) == (1, 3)
    assert "held_out" not in {row["reason"] for row in left_out(report)}
    assert "held_out" in {row["reason"] for row in known(shop, 2)}


def test_a_package_is_there_until_its_revision_is_ready(
    database: Database, shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that dies while it prints a revision leaves the earlier package to be fetched."""
    first = print_batch(database, shop)
    put = LocalDepot.put

    def once(self: LocalDepot, folder: str, name: str, fill: Any, **how: Any) -> Any:
        put(self, folder, name, fill, **how)
        raise Killed

    monkeypatch.setattr(LocalDepot, "put", once)
    with pytest.raises(Killed):
        print_batch(database, shop, revise=True)
    monkeypatch.setattr(LocalDepot, "put", put)
    assert query(database, "SELECT state FROM batch ORDER BY id") == [("ready",), ("rendering",)]
    assert fetch(database, shop, 1, f"{NAME}_1of3_v1.pdf", for_print=False).path
    second = print_batch(database, shop)
    assert (second.name, second.pieces) == (f"{NAME}_v2", 5)
    assert not Path(first.folder).exists()
    assert query(database, "SELECT state FROM batch ORDER BY id") == [("withdrawn",), ("ready",)]
    assert query(database, "SELECT count(*) FROM mail_piece WHERE batch_id = 2") == [(5,)]


@pytest.mark.parametrize("act", ["pick up", "void"])
def test_a_package_that_is_fetched_or_voided_meanwhile_ends_its_revision(
    database: Database, shop: Settings, act: str
) -> None:
    first = print_batch(database, shop)

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "print" and done == total:
            if act == "void":
                void_batch(database, shop, 1)
            else:
                fetch(database, shop, 1, f"{NAME}_1of3_v1.pdf", for_print=True)

    with pytest.raises(Conflict, match=r"picked up on|was voided"):
        publish(database, shop, 1, progress=progress, revise=True)
    state = "voided" if act == "void" else "ready"
    assert query(database, "SELECT state FROM batch ORDER BY id") == [(state,), ("withdrawn",)]
    assert not (shop.output_folder / f"{NAME}_v2").exists()
    assert query(database, "SELECT count(*) FROM mail_piece WHERE batch_id = 2") == [(0,)]
    if act == "pick up":
        assert (Path(first.folder) / ".ready").is_file()
        assert print_batch(database, shop) == first


def test_what_is_picked_up_is_not_replaced(database: Database, shop: Settings) -> None:
    first = print_batch(database, shop)
    with database.write() as session:
        assert batches.pick_up(session, first.batch_id, at=datetime.now(UTC))
    with pytest.raises(Conflict, match="was picked up on"):
        print_batch(database, shop, revise=True)
    assert (Path(first.folder) / ".ready").is_file()


def test_spoiled_pieces_are_printed_again_under_their_own_ids_and_codes(
    database: Database, shop: Settings, tmp_path: Path
) -> None:
    first = print_batch(database, shop)
    rows = {row["piece_id"]: row for row in pieces(first)}
    gone = sorted(rows)[1:3]
    at = "2026-03-03T10:00:00+00:00"
    acknowledge_rows(database, shop, tmp_path, *(f"{piece},spoiled,torn,{at}" for piece in gone))
    report = reprint(database, shop, first.batch_id, progress=silent)
    assert report.name == "larder_reprint_20260302_v2"
    again = pieces(report)
    assert sorted(row["piece_id"] for row in again) == gone
    for row in again:
        assert row["name"] == rows[row["piece_id"]]["name"]
    same = """SELECT DISTINCT p.piece_id, l.code FROM mail_piece p
              JOIN shopping_list l ON l.id = p.list_id ORDER BY p.piece_id"""
    assert len(query(database, same)) == 5
    with pytest.raises(Conflict, match="No piece of batch 1 is spoiled"):
        reprint(database, shop, report.batch_id, progress=silent)
    acknowledge_rows(database, shop, tmp_path, f"{gone[0]},spoiled,wet,2026-03-04T10:00:00+00:00")
    third = reprint(database, shop, first.batch_id, progress=silent)
    assert [row["piece_id"] for row in pieces(third)] == gone[:1]
    assert third.name == "larder_reprint_20260302_v3"


def test_a_reprint_that_died_is_taken_up(
    database: Database, shop: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = print_batch(database, shop)
    at = "2026-03-03T10:00:00+00:00"
    ids = [row["piece_id"] for row in pieces(first)]
    acknowledge_rows(database, shop, tmp_path, f"{ids[0]},spoiled,,{at}")
    put = LocalDepot.put

    def once(self: LocalDepot, folder: str, name: str, fill: Any, **how: Any) -> Any:
        put(self, folder, name, fill, **how)
        raise Killed

    monkeypatch.setattr(LocalDepot, "put", once)
    with pytest.raises(Killed):
        reprint(database, shop, 1, progress=silent)
    monkeypatch.setattr(LocalDepot, "put", put)
    acknowledge_rows(database, shop, tmp_path, f"{ids[4]},spoiled,,{at}")
    report = reprint(database, shop, 1, progress=silent)
    assert report.name == "larder_reprint_20260302_v2"
    assert [row["piece_id"] for row in pieces(report)] == [ids[0], ids[4]]
    assert query(database, "SELECT count(*) FROM batch") == [(2,)]


def test_only_a_batch_can_be_reprinted(database: Database, shop: Settings) -> None:
    with pytest.raises(NotFound, match="There is no batch 7"):
        reprint(database, shop, 7, progress=silent)


def test_a_part_that_cannot_be_read_back_is_not_published(
    database: Database, shop: Settings
) -> None:
    seen: list[tuple[str, list[str]]] = []

    def proof(path: Path, codes: Sequence[str]) -> None:
        seen.append((path.name, list(codes)))
        if len(seen) == 2:
            raise InvalidInput("cannot be read back")

    with pytest.raises(InvalidInput, match="cannot be read back"):
        publish(database, shop, 1, progress=silent, proof=proof)
    folder = shop.output_folder / f"{NAME}_v1"
    assert {path.name for path in folder.iterdir() if path.suffix != ".part"} == {
        f"{NAME}_1of3_v1.pdf"
    }
    assert seen == [
        (f"{NAME}_1of3_v1.pdf.part", [list_code(1), list_code(3)]),
        (f"{NAME}_2of3_v1.pdf.part", [list_code(4), list_code(2)]),
    ]
    report = publish(
        database,
        shop,
        1,
        progress=silent,
        proof=lambda path, codes: proofread(path, codes, sample=1),
    )
    assert report.pieces == 5
