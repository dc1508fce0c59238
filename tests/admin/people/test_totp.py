"""Codes of an authenticator app: as the RFCs say, each once, and not to be guessed."""

import base64
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from pydantic import SecretStr

from service.admin import people
from service.admin.people import NeedsSecond, NewSession, Refused, SignedIn, totp
from service.admin.people.log_in import MOST_FAILURES
from service.errors import Conflict, InvalidInput, Misconfigured
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from tests.people import NOW, PASSWORD, VISITOR, admitted, enter, signed_in

STEP = timedelta(seconds=30)
SECRET = b"12345678901234567890"


def code(secret: bytes, at: datetime = NOW) -> str:
    return totp.code_at(secret, int(at.timestamp()) // 30)


def with_app(database: Database, settings: Settings, name: str) -> tuple[SignedIn, bytes]:
    """Somebody with an app that was confirmed a minute ago, and its secret as the app reads it."""
    admitted(database, settings, name)
    here = signed_in(database, settings, name)
    begun = people.enrol_totp(database, settings, here.person.id)
    (text,) = parse_qs(urlsplit(begun.address).query)["secret"]
    assert text == begun.typed.replace(" ", "")
    secret = base64.b32decode(text)
    before = NOW - 2 * STEP
    people.confirm_totp(database, settings, here, code(secret, before), now=before)
    return here, secret


def second(
    database: Database, settings: Settings, typed: str, *, now: datetime = NOW, name: str = "anna"
) -> NewSession | NeedsSecond | Refused:
    """Log in with the right password and then with a code."""
    asked = enter(database, settings, name, now=now)
    if not isinstance(asked, NeedsSecond):
        return asked
    return people.give_second(
        database, settings, ticket=asked.ticket, code=typed, visitor=VISITOR, now=now
    )


def test_the_codes_of_rfc_4226_and_rfc_6238() -> None:
    """Appendix D of the first; the last six of the eight digits in appendix B of the second."""
    assert [totp.code_at(SECRET, step) for step in range(10)] == [
        "755224", "287082", "359152", "969429", "338314",
        "254676", "287922", "162583", "399871", "520489",
    ]  # fmt: skip
    for seconds, digits in (
        (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
        (2000000000, "279037"), (20000000000, "353130"),
    ):  # fmt: skip
        now = datetime.fromtimestamp(seconds, UTC)
        assert (
            totp.step_of(SECRET, f" {digits[:3]} {digits[3:]}", now=now, after=0) == seconds // 30
        )


def test_a_code_is_good_for_a_step_around_and_once(database: Database, settings: Settings) -> None:
    """hanko#2723: also the code that confirmed the app was good for a log-in."""
    here, secret = with_app(database, settings, "anna")
    assert isinstance(second(database, settings, code(secret, NOW - 2 * STEP)), NeedsSecond)
    assert isinstance(second(database, settings, code(secret, NOW + 2 * STEP)), NeedsSecond)
    for typed in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦", code(secret)[::-1] + "0"):
        assert isinstance(second(database, settings, typed), NeedsSecond)
    settings = settings.model_copy(update={"log_in_tries": 100})
    opened = second(database, settings, code(secret))
    assert isinstance(opened, NewSession)
    assert isinstance(second(database, settings, code(secret)), NeedsSecond)
    assert isinstance(second(database, settings, code(secret, NOW - STEP)), NeedsSecond)
    assert isinstance(second(database, settings, code(secret, NOW + STEP)), NewSession)
    directly = people.log_in(
        database, settings, email="anna@shop.example", password=PASSWORD,
        second=code(secret, NOW + 3 * STEP), visitor=VISITOR, now=NOW + 3 * STEP,
    )  # fmt: skip
    assert isinstance(directly, NewSession)
    opened_by = people.list_sessions(database, here.person.id, now=NOW + 3 * STEP)
    assert [each.method for each in opened_by] == ["password_and_code"] * 3 + ["password"]


def test_one_code_sent_twice_at_once_opens_one_session(
    database: Database, settings: Settings
) -> None:
    _, secret = with_app(database, settings, "anna")
    asked = [enter(database, settings, "anna") for _ in range(2)]
    answers: list[object] = []

    def give(ticket: str) -> None:
        own = Database(settings.database_url)
        answers.append(
            people.give_second(
                own, settings, ticket=ticket, code=code(secret), visitor=VISITOR, now=NOW
            )
        )
        own.dispose()

    threads = [
        threading.Thread(target=give, args=(each.ticket,))
        for each in asked
        if isinstance(each, NeedsSecond)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(each).__name__ for each in answers) == ["NeedsSecond", "NewSession"]


def test_a_ticket_is_good_once_for_ten_minutes_and_for_its_person(
    database: Database, settings: Settings
) -> None:
    _, secret = with_app(database, settings, "anna")
    asked = enter(database, settings, "anna")
    assert isinstance(asked, NeedsSecond)
    assert (asked.by_code, asked.by_passkey) == (True, False)

    def give(ticket: str, now: datetime) -> object:
        return people.give_second(
            database, settings, ticket=ticket, code=code(secret, now), visitor=VISITOR, now=now
        )

    assert give(asked.ticket, NOW + timedelta(minutes=10)) == Refused()
    assert give("made up", NOW) == Refused()
    assert isinstance(give(asked.ticket, NOW), NewSession)
    assert give(asked.ticket, NOW) == Refused()


def test_codes_cannot_be_guessed(database: Database, settings: Settings) -> None:
    _, secret = with_app(database, settings, "anna")
    settings = settings.model_copy(update={"log_in_tries": 3})
    for _ in range(3):
        assert isinstance(second(database, settings, "000000"), NeedsSecond)
    assert isinstance(second(database, settings, code(secret)), Refused)
    # Patience does not help: so many wrong codes in a row shut the factor.
    now = NOW + timedelta(days=1)
    with database.write() as session:
        counted = (
            f"UPDATE person SET second_failures = {MOST_FAILURES} - 1 WHERE second_failures = 3"
        )
        assert session.connection().exec_driver_sql(counted).rowcount == 1
    assert isinstance(second(database, settings, "000000", now=now), NeedsSecond)
    now += timedelta(days=1)
    assert second(database, settings, code(secret, now), now=now) == Refused()
    person = people.person_by_email(database, "anna@shop.example")
    made = people.reset(database, settings, person.id, by=SERVICE, now=now)
    people.accept(database, settings, made.token, PASSWORD, now=now)
    assert isinstance(enter(database, settings, "anna", now=now), NewSession)


def test_an_app_is_added_by_a_code_and_removed_by_a_code(
    database: Database, settings: Settings
) -> None:
    admitted(database, settings, "anna")
    elsewhere = signed_in(database, settings, "anna")
    here = signed_in(database, settings, "anna")
    with pytest.raises(Conflict, match="being added"):
        people.confirm_totp(database, settings, here, "000000", now=NOW)
    people.enrol_totp(database, settings, here.person.id)
    begun = people.enrol_totp(database, settings, here.person.id)
    secret = base64.b32decode(begun.typed.replace(" ", ""))
    with pytest.raises(InvalidInput, match="wrong"):
        people.confirm_totp(database, settings, here, code(secret, NOW + 5 * STEP), now=NOW)
    # Nothing is asked for before it was shown to work.
    assert isinstance(enter(database, settings, "anna"), NewSession)
    people.confirm_totp(database, settings, here, code(secret), now=NOW)
    left = people.list_sessions(database, here.person.id, now=NOW)
    assert [each.session_id for each in left] == [here.session_id] != [elsewhere.session_id]
    with pytest.raises(Conflict, match="remove it first"):
        people.enrol_totp(database, settings, here.person.id)
    later = NOW + 2 * STEP
    with pytest.raises(InvalidInput):
        people.remove_totp(database, settings, here, code(secret), address="x", now=later)
    other = settings.model_copy(update={"secret_key": SecretStr("another secret key " * 3)})
    with pytest.raises(Misconfigured, match="LARDER_SECRET_KEY"):
        people.remove_totp(database, other, here, code(secret, later), address="x", now=later)
    people.remove_totp(database, settings, here, code(secret, later), address="x", now=later)
    assert isinstance(enter(database, settings, "anna", now=later), NewSession)


def test_what_an_app_reads_names_shop_and_person() -> None:
    shown = urlsplit(totp.address(SECRET, issuer="Märkte: Süd", email="a+b@shop.example"))
    assert (shown.scheme, shown.netloc) == ("otpauth", "totp")
    assert unquote(shown.path) == "/Märkte  Süd:a+b@shop.example"
    assert parse_qs(shown.query)["issuer"] == ["Märkte  Süd"]
