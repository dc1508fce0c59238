"""Frames in and out of both databases, value for value."""

from datetime import UTC, date, datetime

import polars as pl
from sqlalchemy import text

from service.store.bulk import (
    day_value,
    moment_literal,
    moment_micros,
    read_integers,
    stage,
)
from service.store.session import Database

MOMENT = datetime(2026, 3, 1, 17, 4, 5, 678_901, tzinfo=UTC)
FRAME = pl.DataFrame(
    {
        "id": [1, 2, -(2**62)],
        "share": [0.1, None, -1e300],
        "flag": [True, False, None],
        "word": ["茶 \"q\" 'a'\t\\N;", "", None],
        "day": [date(2026, 3, 1), None, date(9999, 12, 31)],
        "at": [MOMENT, None, MOMENT],
    },
    schema={
        "id": pl.Int64,
        "share": pl.Float64,
        "flag": pl.Boolean,
        "word": pl.String,
        "day": pl.Date,
        "at": pl.Datetime("us", "UTC"),
    },
)


def test_what_is_staged_is_what_was_given(database: Database) -> None:
    with database.write() as session:
        stage(session, "staged", FRAME)
        found = session.execute(text("SELECT * FROM staged ORDER BY id DESC")).all()
        micros = session.execute(
            text(f"SELECT {moment_micros(session, 'at')} FROM staged WHERE id = 1")
        ).scalar_one()
    first, second, last = (tuple(row) for row in found)
    assert first[:4] == (2, None, False, "")
    assert second[:4] == (1, 0.1, True, "茶 \"q\" 'a'\t\\N;")
    assert last[:4] == (-(2**62), -1e300, None, None)
    assert [str(row[4]) for row in found] == ["None", "2026-03-01", "9999-12-31"]
    assert datetime.fromtimestamp(micros / 1_000_000, UTC) == MOMENT


def test_staging_again_replaces_and_an_empty_frame_is_an_empty_table(database: Database) -> None:
    with database.write() as session:
        for frame in (FRAME, FRAME.head(1), FRAME.head(0)):
            stage(session, "staged", frame)
            held = session.execute(text("SELECT count(*) FROM staged")).scalar_one()
            assert held == frame.height


def test_from_one_session_to_the_next_a_table_is_emptied_and_not_made_again(
    database: Database,
) -> None:
    """On SQLite: a table that is made and undone makes it read its whole schema again."""
    done: list[str] = []

    def held(frame: pl.DataFrame) -> list[tuple[object, ...]]:
        with database.read() as session:
            if database.is_sqlite:
                session.connection().connection.set_trace_callback(done.append)
            stage(session, "staged", frame)
            rows = session.execute(text("SELECT * FROM staged ORDER BY 1")).all()
        return [tuple(row) for row in rows]

    one, other = FRAME.select("id"), pl.DataFrame({"word": ["b", "a"], "id": [1, 2]})
    for frame in (one, one.head(1), other, other.tail(1), one):
        assert held(frame) == sorted(frame.iter_rows())
        before = len(done)
        assert held(frame) == sorted(frame.iter_rows())
        assert not [each for each in done[before:] if "TABLE" in each]


def test_a_column_of_nulls_and_empty_texts_stays_one(database: Database) -> None:
    frame = pl.DataFrame({"word": ["", None, "\\.", "a\r\nb"]})
    with database.write() as session:
        stage(session, "staged", frame)
        found = session.execute(text("SELECT word FROM staged")).scalars().all()
    assert sorted(found, key=str) == ["", None, "\\.", "a\r\nb"]


def test_two_sessions_stage_under_one_name_without_seeing_each_other(database: Database) -> None:
    with database.read() as one:
        stage(one, "staged", FRAME)
        with database.read() as other:
            stage(other, "staged", FRAME.head(1))
            assert other.execute(text("SELECT count(*) FROM staged")).scalar_one() == 1
        assert one.execute(text("SELECT count(*) FROM staged")).scalar_one() == 3


def test_literals_compare_with_what_is_stored(database: Database) -> None:
    with database.write() as session:
        stage(session, "staged", FRAME)
        same = (
            f"SELECT count(*) FROM staged WHERE at = {moment_literal(session, MOMENT)} "
            f"AND day = :day"
        )
        day = day_value(session, date(2026, 3, 1))
        assert session.execute(text(same), {"day": day}).scalar_one() == 1


def test_integers_come_back_as_a_frame_of_integers(database: Database) -> None:
    with database.write() as session:
        stage(session, "staged", FRAME.select("id"))
        found = read_integers(session, "SELECT id, id FROM staged ORDER BY id", ("a", "b"))
        none = read_integers(session, "SELECT id FROM staged WHERE id = 99", ("a",))
    assert found.schema == {"a": pl.Int64, "b": pl.Int64}
    assert found.rows() == [(-(2**62), -(2**62)), (1, 1), (2, 2)]
    assert none.schema == {"a": pl.Int64}
    assert none.height == 0
