"""API keys, on both databases."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from service.admin.keys import Caller, add_key, authenticate, list_keys, revoke_key
from service.errors import InvalidInput, NotFound
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role

Ask = Callable[[str], list[tuple[object, ...]]]


def test_a_key_is_shown_once_stored_as_a_digest_and_opens_the_door(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    number, presented = add_key(database, settings, role=Role.MARKETING)
    assert presented.startswith("larder_marketing_")
    assert len(presented) == len("larder_marketing_") + 43
    stored = str(read_only("SELECT * FROM api_key"))
    assert presented not in stored
    assert presented[len("larder_marketing_") : -6] not in stored
    assert authenticate(database, settings, presented) == Caller(number, Role.MARKETING, None, None)
    assert [(key.id, key.hint) for key in list_keys(database)] == [(number, presented[-6:])]


def test_no_two_keys_are_alike(database: Database, settings: Settings) -> None:
    made = [add_key(database, settings, role=Role.ADMIN)[1] for _ in range(3)]
    assert len(set(made)) == 3
    assert [key.role for key in list_keys(database)] == ["admin"] * 3


def test_what_is_not_a_key_opens_nothing(database: Database, settings: Settings) -> None:
    _, presented = add_key(database, settings, role=Role.ADMIN)
    for wrong in ("", presented[:-1], presented + "x", presented.upper(), "%", "' OR 1=1 --", "\0"):
        assert authenticate(database, settings, wrong) is None


def test_a_key_is_worth_nothing_under_another_secret(
    database: Database, settings: Settings
) -> None:
    _, presented = add_key(database, settings, role=Role.ADMIN)
    other = settings.model_copy(update={"secret_key": SecretStr("another secret key " * 3)})
    assert authenticate(database, other, presented) is None


def test_a_revoked_key_ends_at_once_and_keeps_its_moment(
    database: Database, settings: Settings
) -> None:
    number, presented = add_key(database, settings, role=Role.MAILING)
    _, other = add_key(database, settings, role=Role.MAILING)
    revoke_key(database, number)
    assert authenticate(database, settings, presented) is None
    assert authenticate(database, settings, other) is not None
    first = list_keys(database)[0].revoked_at
    assert first is not None
    revoke_key(database, number)
    assert list_keys(database)[0].revoked_at == first


def test_there_is_no_such_key_to_revoke(database: Database) -> None:
    with pytest.raises(NotFound, match="There is no key number 99"):
        revoke_key(database, 99)


def test_a_pos_key_belongs_to_its_store_and_a_supplier_key_to_its_supplier(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    number, presented = add_key(database, settings, role=Role.POS, store_id="0042")
    assert authenticate(database, settings, presented) == Caller(number, Role.POS, "0042", None)
    assert read_only("SELECT id, timezone FROM store") == [("0042", "UTC")]
    with database.write() as session:
        session.connection().exec_driver_sql("INSERT INTO supplier (id, name) VALUES (5, 'Dale')")
    number, presented = add_key(database, settings, role=Role.SUPPLIER, supplier="Dale")
    assert authenticate(database, settings, presented) == Caller(number, Role.SUPPLIER, None, 5)


def test_wrong_bindings_are_refused_and_leave_nothing(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    wrong: list[tuple[Role, str | None, str | None]] = [
        (Role.POS, None, None),
        (Role.POS, "", None),
        (Role.POS, "00 42", None),
        (Role.POS, "0" * 65, None),
        (Role.POS, "0042", "Dale"),
        (Role.SUPPLIER, None, None),
        (Role.SUPPLIER, "0042", "Dale"),
        (Role.ADMIN, "0042", None),
        (Role.MARKETING, None, "Dale"),
    ]
    for role, store_id, supplier in wrong:
        with pytest.raises(InvalidInput):
            add_key(database, settings, role=role, store_id=store_id, supplier=supplier)
    with pytest.raises(NotFound, match="no supplier called 'Nobody'"):
        add_key(database, settings, role=Role.SUPPLIER, supplier="Nobody")
    assert read_only("SELECT (SELECT count(*) FROM api_key), (SELECT count(*) FROM store)") == [
        (0, 0)
    ]
