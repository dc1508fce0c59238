"""Where people are logged in, and for how long."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from service.admin import people
from service.admin.people import NewSession, PersonRole, Right
from service.errors import NotFound
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from tests.people import NOW, admitted, enter

Ask = Callable[[str], list[tuple[object, ...]]]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def open_for(database: Database, settings: Settings, name: str = "anna") -> NewSession:
    opened = enter(database, settings, name)
    assert isinstance(opened, NewSession)
    return opened


def test_a_session_ends_idle_after_eight_hours_and_in_any_case_after_seven_days(
    database: Database, settings: Settings
) -> None:
    admitted(database, settings, "anna")
    token = open_for(database, settings).token

    def is_open(now: datetime) -> bool:
        return people.person_of(database, settings, token, now=now) is not None

    idle = open_for(database, settings).token
    assert people.person_of(database, settings, idle, now=NOW + 8 * HOUR) is None
    now, busy_until = NOW, NOW
    while is_open(now):
        busy_until, now = now, now + 7 * HOUR
    assert NOW + 7 * DAY - 7 * HOUR <= busy_until < NOW + 7 * DAY
    # It is not opened again by a clock that goes back.
    assert not is_open(NOW + 7 * DAY)
    people.forget_log_ins(database, now=NOW + 15 * DAY)
    assert not is_open(busy_until)


def test_a_session_in_use_is_noted_once_a_minute(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    admitted(database, settings, "anna")
    token = open_for(database, settings).token
    seen = []
    for seconds in (0, 59, 60, 90, 121, 30):
        now = NOW + timedelta(seconds=seconds)
        assert people.person_of(database, settings, token, now=now) is not None
        (each,) = people.list_sessions(database, 1, now=now)
        seen.append((each.seen_at - NOW).total_seconds())
    assert seen == [0, 0, 60, 60, 121, 121]


def test_sessions_are_ended_by_their_person_and_by_nobody_else(
    database: Database, settings: Settings
) -> None:
    anna, bert = admitted(database, settings, "anna"), admitted(database, settings, "bert")
    first, second, third = (open_for(database, settings) for _ in range(3))
    bystander = open_for(database, settings, "bert")
    assert len({each.token for each in (first, second, third)}) == 3
    people.end_session(database, settings, first.token, now=NOW)
    people.end_session(database, settings, first.csrf, now=NOW)
    listed = people.list_sessions(database, anna.id, now=NOW)
    assert len(listed) == 2
    with pytest.raises(NotFound):
        people.end_one_session(database, bert.id, listed[0].session_id, now=NOW)
    people.end_one_session(database, anna.id, listed[0].session_id, now=NOW)
    with pytest.raises(NotFound):
        people.end_one_session(database, anna.id, listed[0].session_id, now=NOW)
    assert people.end_all_sessions(database, anna.id, now=NOW) == 1
    assert people.list_sessions(database, anna.id, now=NOW) == []
    assert people.person_of(database, settings, bystander.token, now=NOW) is not None


def test_a_token_opens_nothing_elsewhere_and_a_csrf_token_belongs_to_its_session(
    database: Database, settings: Settings
) -> None:
    admitted(database, settings, "anna")
    one, other = open_for(database, settings), open_for(database, settings)
    here = people.person_of(database, settings, one.token, now=NOW)
    assert here is not None
    assert here.csrf == one.csrf != other.csrf
    for wrong in ("", one.csrf, one.token[:-1], one.token + "=", "\0", "é" * 43):
        assert people.person_of(database, settings, wrong, now=NOW) is None
    settings = settings.model_copy(update={"secret_key": SecretStr("another secret key " * 3)})
    assert people.person_of(database, settings, one.token, now=NOW) is None


def test_what_somebody_may_do_is_as_of_the_request(database: Database, settings: Settings) -> None:
    anna = admitted(database, settings, "anna", [PersonRole.SERVICE])
    token = open_for(database, settings).token

    def may(right: Right) -> bool:
        here = people.person_of(database, settings, token, now=NOW)
        assert here is not None
        assert here.actor.may(right) == here.may(right)
        return here.may(right)

    assert (may(Right.GIVE_GOODWILL), may(Right.APPROVE_DEALS)) == (True, False)
    people.set_roles(database, anna.id, [PersonRole.APPROVER], by=SERVICE, now=NOW)
    assert (may(Right.GIVE_GOODWILL), may(Right.APPROVE_DEALS)) == (False, True)
