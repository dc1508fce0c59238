"""Logging in: the same refusal for everybody, and a throttle that nothing gets around."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_examples
from hypothesis import strategies as st

from service.admin import people
from service.admin.people import NewSession, PersonRole, Refused, passwords
from service.admin.people.throttle import WINDOW, begin_try, network_of
from service.errors import InvalidInput
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from tests.people import NOW, PASSWORD, VISITOR, admitted, enter, somebody

Ask = Callable[[str], list[tuple[object, ...]]]
ADDRESS = VISITOR.address


def tries(
    database: Database, settings: Settings, email: str | None, address: str, times: int
) -> list[int]:
    """How long each of so many tries has to wait."""
    found = [
        begin_try(database, settings, email=email, address=address, now=NOW) for _ in range(times)
    ]
    return [each.wait_seconds for each in found]


def test_wrong_unknown_invited_and_disabled_are_refused_alike(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted(database, settings, "root", (PersonRole.ADMIN,))
    gone = admitted(database, settings, "gone")
    people.disable(database, gone.id, by=SERVICE, now=NOW)
    somebody(database, settings, "invited")
    verified = 0
    hasher = passwords._hasher()
    verify = hasher.verify_and_update

    def counted(password: str, stored: str) -> tuple[bool, str | None]:
        nonlocal verified
        verified += 1
        return verify(password, stored)

    monkeypatch.setattr(hasher, "verify_and_update", counted)
    refused = [
        enter(database, settings, "root", "wrong"), enter(database, settings, "gone"),
        enter(database, settings, "invited"), enter(database, settings, "nobody"),
        enter(database, settings, "no address @"), enter(database, settings, "root", "x" * 5000),
    ]  # fmt: skip
    assert refused == [Refused()] * 6
    # Each costs one digest, also where there is none to compare with.
    assert verified == 6
    assert isinstance(enter(database, settings, "ROOT"), NewSession)


def test_who_tries_too_much_waits_until_the_oldest_try_is_old(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    admitted(database, settings, "anna")
    most = settings.log_in_tries
    assert tries(database, settings, "anna@shop.example", ADDRESS, most + 2) == [0] * most + [
        600, 600,
    ]  # fmt: skip
    # The right password is not looked at either, from wherever it comes.
    assert enter(database, settings, "anna", address="203.0.113.9") == Refused(600)
    later = NOW + WINDOW - timedelta(milliseconds=300)
    assert enter(database, settings, "anna", now=later) == Refused(1)
    # Tries that wait do not prolong the wait.
    assert isinstance(enter(database, settings, "anna", now=NOW + WINDOW), NewSession)
    assert read_only("SELECT count(*) FROM guess WHERE kind = 'log_in'") == [(most,)]


def test_an_account_of_ones_own_clears_neither_the_network_nor_another_account(
    database: Database, settings: Settings
) -> None:
    admitted(database, settings, "mallory")
    settings = settings.model_copy(update={"log_in_tries": 3})
    for number in range(14):
        assert tries(database, settings, f"p{number}@shop.example", ADDRESS, 1) == [0]
    assert isinstance(enter(database, settings, "mallory"), NewSession)
    assert tries(database, settings, "next@shop.example", ADDRESS, 1) == [0]
    assert tries(database, settings, "next@shop.example", ADDRESS, 1)[0] > 0
    assert tries(database, settings, "next@shop.example", "203.0.113.9", 1) == [0]
    assert tries(database, settings, None, ADDRESS, 1)[0] > 0


def test_as_many_tries_are_looked_at_as_the_limit_says_however_many_come_at_once(
    database: Database, settings: Settings
) -> None:
    let_in: list[bool] = []

    def guess() -> None:
        own = Database(settings.database_url)
        waits = tries(own, settings, "anna@shop.example", ADDRESS, 6)
        let_in.extend(wait == 0 for wait in waits)
        own.dispose()

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(let_in), sum(let_in)) == (24, settings.log_in_tries)


def test_a_network_is_counted_as_one() -> None:
    """grav-plugin-login#204: whoever has a /64 had as many tries as addresses in it."""
    assert network_of("2001:db8:1:2::1") == network_of("2001:DB8:1:2:ffff::9%eth0")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("testclient") == "testclient"


@settings_of_examples(max_examples=25)
@given(st.text(min_size=0, max_size=220))
def test_any_text_is_a_password_or_refused(text: str) -> None:
    fits = 12 <= len(text) <= 200
    with suppress(InvalidInput) if fits else pytest.raises(InvalidInput, match="characters"):
        passwords.require_good(text, about=["Anna Weber", "anna@shop.example"])


@pytest.mark.parametrize(
    "password",
    [
        "short", "password1234", "qwertyuiop123", "aaaaaaaaaaaaaaaa", "anna weber 1999",
        "anna@shop.example", "LarderMarket2026", "P@ssw0rd!P@ssw0rd!", "123456789012345",
        "Winter2026!!", "iloveyou iloveyou", "MyPassword2026!", "x" * 201,
    ],
)  # fmt: skip
def test_common_and_derived_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        passwords.require_good(password, about=["Anna Weber", "anna@shop.example", "Larder Market"])


def test_a_password_is_the_same_in_every_form_of_unicode() -> None:
    stored = passwords.digest("Mu\u0308sli über alles 7")
    assert passwords.verify("Müsli u\u0308ber alles 7", stored)[0]
    assert not passwords.verify("Musli über alles 7", stored)[0]
    assert not passwords.verify("", None)[0]
    assert not passwords.verify(PASSWORD, "no digest")[0]


def test_a_digest_of_older_strength_is_renewed_at_the_log_in(
    database: Database, settings: Settings, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted(database, settings, "anna")
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 19_456)
    monkeypatch.setattr(passwords, "_PASSES", 2)
    passwords._hasher.cache_clear()
    for _ in range(2):
        assert isinstance(enter(database, settings, "anna"), NewSession)
        ((stored,),) = read_only("SELECT password_digest FROM person")
        assert str(stored).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    passwords._hasher.cache_clear()
