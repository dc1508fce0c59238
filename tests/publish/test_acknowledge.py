"""What the mailing house says: taken row by row, once, in order, and reconciled to zero."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.errors import InvalidInput
from service.publish import accept_file, acknowledge, fetch, process_waiting, reconcile, void_batch
from service.publish.depot import LocalDepot
from service.settings import Settings
from service.store import batches
from service.store.actor import Actor
from service.store.session import Database
from tests.mail import MORE, NAME, acknowledge_rows, load, print_batch
from tests.market import query
from tests.people import somebody

ONE, TWO, THREE = (f"20260302-000000{n}" for n in (1, 2, 3))


def at(hour: int) -> str:
    return f"2026-03-03T{hour:02d}:00:00+00:00"


def fault_texts(database: Database, settings: Settings, folder: Path, *rows: str) -> list[str]:
    return [
        str(problem) for problem in acknowledge_rows(database, settings, folder, *rows).problems
    ]


def test_everything_mailed_reconciles_to_zero(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    every = [f"20260302-000000{n}" for n in range(1, 6)]
    report = acknowledge_rows(
        database,
        published,
        tmp_path,
        *(f"{piece},printed,,{at(9)}" for piece in every),
        *(f"{piece},mailed,,{at(10)}" for piece in every[:-1]),
        f"{every[-1]},spoiled,jam,{at(10)}",
    )
    assert (report.rows, report.taken, report.known, report.refused) == (10, 10, 0, 0)
    found = reconcile(database, 1)
    assert (found.pieces, found.mailed, found.spoiled, found.difference) == (5, 4, 1, 1)
    assert [tuple(piece) for piece in found.differences] == [(every[-1], 1, "spoiled", "jam")]
    acknowledge_rows(
        database,
        published,
        tmp_path,
        f"{every[-1]},reprinted,,{at(11)}",
        f"{every[-1]},mailed,,{at(12)}",
        f"{ONE},returned,moved,{at(13)}",
    )
    found = reconcile(database, 1)
    assert (found.mailed, found.returned, found.difference, found.differences) == (4, 1, 0, ())


def test_the_same_file_again_changes_nothing(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    rows = (f"{ONE},printed,,{at(9)}", f"{ONE},mailed,,{at(10)}", f"{ONE},mailed,,{at(10)}")
    first = acknowledge_rows(database, published, tmp_path, *rows)
    assert (first.taken, first.known) == (2, 1)
    again = acknowledge_rows(database, published, tmp_path, *rows)
    assert (again.taken, again.known, again.refused) == (0, 3, 0)
    assert query(database, "SELECT count(*) FROM mail_event") == [(2,)]
    assert query(database, "SELECT name, taken, known FROM acknowledgement ORDER BY id") == [
        ("ack.csv", 2, 1),
        ("ack.csv", 0, 3),
    ]


def test_rows_count_in_order_of_time(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    report = acknowledge_rows(
        database,
        published,
        tmp_path,
        f"{ONE},mailed,,{at(11)}",
        f"{ONE},printed,,2026-03-03T11:00:00+02:00",
    )
    assert (report.taken, report.refused) == (2, 0)
    assert reconcile(database, 1).mailed == 1


def test_each_bad_row_is_named_with_a_remedy_and_the_good_ones_count(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    again = "(put it right and send the row again; what was taken is recognised)"
    assert fault_texts(
        database,
        published,
        tmp_path,
        f"{ONE},printed,,{at(9)}",
        f"nobody,printed,,{at(9)}",
        f"{TWO},prnted,,{at(9)}",
        f"{TWO},printed,,2026-03-03T09:00:00",
        f"{TWO},returned,,{at(9)}",
        f"{THREE},spoiled,torn,{at(9)}",
        f"{THREE},mailed,,{at(10)}",
        f"{ONE},mailed,,2126-03-03T09:00:00+00:00",
        f",mailed,,{at(9)}",
    ) == [
        "ack.csv, row 3, column piece_id: 'nobody' is no piece of a published batch "
        "(send piece_id as in the piece file)",
        "ack.csv, row 4, column status: 'prnted' is not one of printed, spoiled, reprinted, "
        f"mailed, returned {again}",
        "ack.csv, row 5, column timestamp: '2026-03-03T09:00:00' is not a moment with offset, "
        f"as 2026-03-05T10:00:00+01:00 {again}",
        f"ack.csv, row 6, column status: 'returned' cannot follow: it has not been mailed {again}",
        "ack.csv, row 8, column status: 'mailed' cannot follow: it is spoiled and needs "
        f"`reprinted` first, since 2026-03-03T09:00:00+00:00 {again}",
        "ack.csv, row 9, column timestamp: 2126-03-03T09:00:00+00:00 is in the future "
        "(send it in its own offset)",
        "ack.csv, row 10, column piece_id: is empty (give text)",
    ]
    found = reconcile(database, 1)
    assert (found.printed, found.spoiled, found.outstanding) == (1, 1, 3)


def test_a_row_older_than_the_last_is_refused(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    acknowledge_rows(database, published, tmp_path, f"{ONE},printed,,{at(9)}")
    (fault,) = fault_texts(database, published, tmp_path, f"{ONE},mailed,,{at(8)}")
    assert "2026-03-03T08:00:00+00:00 is before 2026-03-03T09:00:00+00:00 (printed)" in fault


def test_a_file_without_its_columns_is_refused_whole(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("piece,status\n1,mailed\n")
    with pytest.raises(InvalidInput, match="has not all the columns it needs"):
        acknowledge(database, published, path, name="x.csv", by=Actor("test"))
    assert query(database, "SELECT count(*) FROM acknowledgement") == [(0,)]


def test_who_answers_for_a_piece_has_it(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    acknowledge_rows(database, published, tmp_path, f"{ONE},printed,,{at(9)}")
    ((picked_up,),) = query(database, "SELECT picked_up_at IS NOT NULL FROM batch")
    assert picked_up


def test_an_acknowledgement_names_who_handed_it_in(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    anna = somebody(database, published, "anna")
    path = tmp_path / "x.csv"
    path.write_text(f"piece_id,status,reason,timestamp\n{ONE},printed,,{at(9)}\n")
    acknowledge(database, published, path, name="x.csv", by=anna.acting("key 1"))
    assert query(database, "SELECT source, person_id FROM acknowledgement") == [
        ("anna, key 1", anna.id)
    ]


def test_a_piece_of_a_voided_batch_is_not_taken(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    void_batch(database, published, 1)
    (fault,) = fault_texts(database, published, tmp_path, f"{ONE},mailed,,{at(9)}")
    assert "its batch was voided (destroy the piece; it must not be mailed)" in fault


def test_a_letter_that_came_back_marks_its_address_until_another_is_loaded(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    marked = """SELECT h.ref FROM contact c JOIN household h ON h.id = c.household_id
                WHERE c.undeliverable_at IS NOT NULL"""
    p3 = "20260302-0000003"
    acknowledge_rows(
        database,
        published,
        tmp_path,
        f"{p3},mailed,,{at(9)}",
        f"{p3},returned,unknown,{at(10)}",
    )
    assert query(database, marked) == [("P3",)]
    load(database, published, tmp_path, [MORE[0]])
    assert query(database, marked) == [("P3",)]
    load(database, published, tmp_path, ["P3,P Three,9 Elm Row,42800,Applecroft,US,true,\n"])
    assert query(database, marked) == []


def test_a_letter_that_came_back_from_an_older_address_marks_nothing(
    database: Database, published: Settings, tmp_path: Path
) -> None:
    p3 = "20260302-0000003"
    load(database, published, tmp_path, ["P3,P Three,9 Elm Row,42800,Applecroft,US,true,\n"])
    acknowledge_rows(
        database, published, tmp_path, f"{p3},mailed,,{at(9)}", f"{p3},returned,,{at(10)}"
    )
    assert reconcile(database, 1).returned == 1
    assert query(database, "SELECT 1 FROM contact WHERE undeliverable_at IS NOT NULL") == []


def test_a_marked_address_is_not_printed_again(
    database: Database, shop: Settings, mail: None, tmp_path: Path
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE contact SET undeliverable_at = {'1' if database.is_sqlite else 'now()'} "
            "WHERE name = 'Person P5'"
        )
    report = print_batch(database, shop)
    assert (report.pieces, report.undeliverable) == (4, 1)


def test_a_dropped_file_is_answered_beside_it_also_by_the_next_process(
    database: Database, published: Settings
) -> None:
    depot = LocalDepot(published.output_folder)
    head = "piece_id,status,reason,timestamp\n"
    accept_file(database, published, "a.csv", f"{head}{ONE},printed,,{at(9)}\n".encode())
    assert b'"taken": 1' in depot.read("ack", "a.csv.report.json")
    with pytest.raises(InvalidInput, match="was cut off on its way"):
        accept_file(database, published, "b.csv", f"{head}{ONE},mailed,,{at(10)}".encode())
    assert b"its last line is not ended" in depot.read("ack", "b.csv.report.json")
    (published.output_folder / "ack" / "c.csv").write_text(f"{head}{ONE},mailed,,{at(10)}\n")
    assert process_waiting(database, published) == ["c.csv"]
    assert process_waiting(database, published) == []
    assert reconcile(database, 1).mailed == 1


def test_pages_of_differences_go_on_where_the_last_ended(
    database: Database, published: Settings
) -> None:
    first = reconcile(database, 1, limit=3).differences
    rest = reconcile(database, 1, after=first[-1].piece_id, limit=3).differences
    assert [piece.piece_id for piece in (*first, *rest)] == [
        f"20260302-000000{n}" for n in range(1, 6)
    ]


def test_the_pickup_is_noted_once(database: Database, published: Settings) -> None:
    moment = datetime(2026, 3, 3, tzinfo=UTC)
    with database.write() as session:
        assert batches.pick_up(session, 1, at=moment)
    fetch(database, published, 1, f"{NAME}_1of3_v1.pdf", for_print=True)
    with database.read() as session:
        batch = batches.get(session, 1)
    assert batch is not None
    assert batch.picked_up_at == moment
