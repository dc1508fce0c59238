"""Operations in the console: what failed is seen, requested again and given up, by whoever may."""

from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest

from service.admin import runs
from service.admin.people import PersonRole
from service.console.app import PATH
from service.errors import Conflict
from service.jobs.worker import drain
from service.settings import Settings
from service.store import runs as stored
from service.store import sizes, work
from service.store.session import Database
from service.store.tables.cycle import Batch, Run, RunState
from tests.console.conftest import House, house_over, send
from tests.market import query
from tests.shop import open_shop

OPERATIONS = PATH + "/operations"


def test_a_failed_run_is_requested_again_and_given_up(house: House) -> None:
    database = house.database
    member = house.member(PersonRole.OPERATIONS)
    first = runs.request_reprint(database, batch_id=_batch(database))
    drain(database, house.settings)
    assert "No piece of batch 1 is spoiled" in member.get(f"{OPERATIONS}?state=failed").text
    assert "No piece of batch 1 is spoiled" in member.get(f"{OPERATIONS}.csv").text
    page = member.get(f"{OPERATIONS}/runs/{first.id}").text
    assert "Ask for it again" in page
    path = f"/operations/runs/{first.id}/give-up"
    assert send(member, path, confirmed="failed").status_code == HTTPStatus.CONFLICT
    again = send(member, f"/operations/runs/{first.id}/again").headers["location"]
    assert send(member, f"/operations/runs/{first.id}/again").status_code == HTTPStatus.CONFLICT
    assert 'hx-trigger="every 2s"' in member.get(again).text
    path = again.removeprefix(PATH) + "/give-up"
    assert "No worker takes it up any more" in member.get(PATH + path).text
    assert send(member, path, confirmed="done").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert send(member, path, confirmed="queued").status_code == HTTPStatus.SEE_OTHER
    assert "Operations ended this." in member.get(again).text
    assert drain(database, house.settings) == 0
    acts = query(database, "SELECT act, actor FROM audit_event WHERE subject = 'run' ORDER BY id")
    assert acts == [("request", "larder"), ("request", "Operations"), ("give_up", "Operations")]
    for wrong in ("nothing", "%00", "a" * 500):
        assert member.get(f"{OPERATIONS}/runs/{wrong}").status_code == HTTPStatus.NOT_FOUND


def test_what_a_worker_does_is_not_taken_from_it(database: Database) -> None:
    now = datetime.now(UTC)
    run = runs.request_cycle(database, as_of=date(2026, 3, 9), seed=1)
    with database.write() as session:
        assert stored.lease(session, now=now, until=now + timedelta(minutes=5)) is not None
        assert stored.advance(session, run.id, stage="issue", done=0, total=9)
    with pytest.raises(Conflict):
        runs.give_up(database, run.id)
    with pytest.raises(Conflict):
        runs.ask_again(database, run.id)
    assert runs.get_run(database, run.id).state == RunState.RUNNING
    with database.write() as session:
        stored.renew(session, run.id, until=now - timedelta(seconds=1))
    runs.give_up(database, run.id)
    assert runs.get_run(database, run.id).state == RunState.FAILED


def test_pages_hold_every_run_once_both_ways(database: Database) -> None:
    """Four are requested at each moment."""
    day = datetime(2026, 3, 9, tzinfo=UTC)
    states = [RunState.DONE, RunState.FAILED]
    with database.write() as session:
        for number in range(11):
            at = day + timedelta(microseconds=number // 4)
            session.add(Run(id=f"r{number:02}", kind="plan", state=states[number % 2],
                            arguments={"number": number}, created_at=at))  # fmt: skip
    for chosen in ([], [RunState.FAILED]):
        seen: list[str] = []
        edge: stored.RunPlace | None = None
        with database.read() as session:
            while True:
                page = stored.listed(session, states=chosen, after=edge, before=None, limit=3)
                assert page.has_before is (edge is not None)
                seen += [run.id for run in page.rows]
                edge = stored.place_of(page.rows[-1])
                if not page.has_after:
                    break
            back = stored.listed(session, states=chosen, after=None, before=edge, limit=99)
        assert seen == [f"r{n:02}" for n in reversed(range(11)) if not chosen or n % 2]
        assert [run.id for run in back.rows] == seen[:-1]
        assert not back.has_before


def test_the_queue_is_counted_up_to_its_most(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_shop(database, settings, tmp_path)
    now = datetime.now(UTC)
    with database.write() as session:
        empty = work.queue(session, now=now, most=10)
        for number in (1, 2, 3):
            work.mark_due(session, number, at=now - timedelta(hours=number))
        work.lease_due(session, limit=1, now=now, until=now + timedelta(minutes=1))
        found = work.queue(session, now=now, most=2)
        assert sizes.whole(session) > 0
        names = [each.name for each in sizes.largest(session, limit=3)]
        assert len(names) == (0 if database.is_sqlite else 3)
    assert (empty.due, empty.oldest) == (0, None)
    assert (found.due, found.leased) == (2, 1)
    assert found.oldest == now - timedelta(hours=3)


def _batch(database: Database) -> int:
    """A batch of the shop's cycle without a file."""
    with database.write() as session:
        from_nothing = {"revision": 1, "name": "b", "state": "ready", "pieces": 0, "pages": 0}
        session.add(Batch(cycle_id=1, manifest="{}", **from_nothing))
    return 1


def test_settings_are_shown_without_secrets(shared_house: House) -> None:
    member = shared_house.member(PersonRole.OPERATIONS)
    page = member.get(PATH + "/settings").text
    assert page.count("LARDER_") >= len(type(shared_house.settings).model_fields)
    for secret in (shared_house.settings.secret_key, shared_house.settings.code_key):
        assert secret.get_secret_value() not in page
    changed = member.get(PATH + "/settings", params={"only": "changed"}).text
    assert "LARDER_RUNS_FOLDER" in changed
    assert "LARDER_SEED" not in changed
    assert str(shared_house.settings.runs_folder) in member.get(PATH + "/operations").text


def test_what_is_played_back_says_so(shared_house: House) -> None:
    said = "history that is played back"
    assert said not in shared_house.member(PersonRole.MARKETING).get(f"{PATH}/").text
    played = shared_house.settings.model_copy(update={"demonstration": True})
    house = house_over(shared_house.database, played, shared_house.shop)
    assert said in house.member(PersonRole.MARKETING).get(f"{PATH}/").text
