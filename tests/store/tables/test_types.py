"""Columns keep on both databases what they say: JSON by its type, moments in UTC, ids of rows."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError, StatementError

from service.errors import Problem
from service.store import runs
from service.store.session import Database
from service.store.tables.cycle import Run, RunProblem, RunState
from service.store.tables.offer import Offer, OfferEvent

Ask = Callable[[str], list[tuple[object, ...]]]

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PROBLEM = RunProblem("Bad", "One fault.", (Problem("row 2", "is empty", "fill it"),))
ARGUMENTS = '{"as_of": "2026-03-01", "seed": 7}'


def a_run(**columns: object) -> Run:
    given = {"seed": 7, "as_of": "2026-03-01"}
    return Run(
        id="r", kind="cycle", state=RunState.QUEUED, arguments=given, created_at=NOW, **columns
    )


def test_json_is_stored_as_text_and_read_by_its_type(database: Database, read_only: Ask) -> None:
    with database.write() as session:
        runs.add(session, a_run(problem=PROBLEM, result={"as_of": date(2026, 3, 1), "n": 1.5}))
    assert read_only("SELECT arguments, problem, result FROM run") == [
        (
            ARGUMENTS,
            '{"title": "Bad", "detail": "One fault.", "errors": '
            '[{"where": "row 2", "detail": "is empty", "remedy": "fill it"}], "notice": null}',
            '{"as_of": "2026-03-01", "n": 1.5}',
        )
    ]
    with database.read() as session:
        found = session.get_one(Run, "r")
    assert (found.problem, found.arguments) == (PROBLEM, {"as_of": "2026-03-01", "seed": 7})
    assert found.result == {"as_of": "2026-03-01", "n": 1.5}


def test_nothing_is_null_and_sorted_keys_compare(database: Database, read_only: Ask) -> None:
    with database.write() as session:
        runs.add(session, a_run())
    assert read_only("SELECT problem, result FROM run") == [(None, None)]
    with database.read() as session:
        waiting = runs.pending(session, "cycle", {"as_of": "2026-03-01", "seed": 7})
        assert waiting is not None
        assert (waiting.problem, waiting.result) == (None, None)
        assert runs.pending(session, "cycle", {"as_of": "2026-03-01", "seed": 8}) is None


def test_json_of_another_type_is_neither_written_nor_read(database: Database) -> None:
    with database.write() as session:
        session.add(a_run(problem="it broke"))
        with pytest.raises(StatementError, match="Expected `RunProblem`"):
            session.flush()
        session.rollback()
    with database.write() as session:
        runs.add(session, a_run())
        session.connection().exec_driver_sql("UPDATE run SET problem = '{\"title\": 1}'")
    with database.read() as session, pytest.raises(ValidationError, match="RunProblem"):
        session.get(Run, "r", populate_existing=True)


def test_a_row_without_an_id_is_no_row(database: Database) -> None:
    event = OfferEvent(
        offer_id=Offer().id, act="load", from_state="", to_state="draft",
        actor="tests", detail={}, happened_at=NOW,
    )  # fmt: skip
    with database.write() as session:
        session.add(event)
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()
