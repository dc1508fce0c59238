"""API keys, on both databases."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from service.admin.keys import (
    Caller,
    add_key,
    authenticate,
    bind_key,
    list_keys,
    revoke_key,
)
from service.admin.people import PersonRole, disable, enable
from service.errors import Forbidden, InvalidInput, NotFound
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.people import NOW, somebody

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


def test_a_personal_key_is_its_persons_and_ends_with_them(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    root = somebody(database, settings, "root", [PersonRole.ADMIN])
    anna = somebody(database, settings, "anna", [PersonRole.OPERATIONS])
    bert = somebody(database, settings, "bert", [PersonRole.APPROVER])
    number, presented = add_key(
        database, settings, role=Role.MARKETING, person_id=anna.id, by=anna.acting()
    )
    found = authenticate(database, settings, presented)
    assert found == Caller(number, Role.MARKETING, None, None, anna)
    assert (found.actor.name, found.actor.person_id) == (f"anna, key {number}", anna.id)
    # Whoever may make keys would else approve as anybody.
    with pytest.raises(Forbidden, match="to yourself"):
        bind_key(database, number, bert.id, by=anna.acting())
    with pytest.raises(Forbidden, match="to yourself"):
        add_key(database, settings, role=Role.ADMIN, person_id=bert.id, by=anna.acting())
    bind_key(database, number, bert.id, by=root.acting())
    bind_key(database, number, None, by=anna.acting())
    bind_key(database, number, anna.id, by=anna.acting("key 1"))
    disable(database, anna.id, by=root.acting(), now=NOW)
    assert authenticate(database, settings, presented) is None
    with pytest.raises(NotFound, match="disabled"):
        bind_key(database, number, anna.id)
    enable(database, anna.id, by=root.acting(), now=NOW)
    assert authenticate(database, settings, presented) is not None
    revoke_key(database, number, by=anna.acting())
    acts = read_only(
        "SELECT act, person_id, subject_id FROM audit_event WHERE subject = 'key' ORDER BY id"
    )
    assert acts == [
        (act, by, str(number))
        for act, by in (
            ("add", anna.id), ("bind", root.id), ("bind", anna.id), ("bind", anna.id),
            ("revoke", anna.id),
        )
    ]  # fmt: skip


def test_the_key_of_a_till_or_a_supplier_is_nobodys(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    anna = somebody(database, settings, "anna")
    number, _ = add_key(database, settings, role=Role.POS, store_id="1")
    with pytest.raises(InvalidInput, match="is a machine's"):
        bind_key(database, number, anna.id)
    with pytest.raises(InvalidInput, match="is a machine's"):
        add_key(database, settings, role=Role.POS, store_id="2", person_id=anna.id)
    for wrong in (0, 99):
        with pytest.raises(NotFound):
            add_key(database, settings, role=Role.ADMIN, person_id=wrong)
        with pytest.raises(NotFound):
            bind_key(database, wrong, None)
    assert read_only("SELECT id, person_id FROM api_key") == [(number, None)]
    assert read_only("SELECT id FROM store") == [("1",)]
