"""keys: made, listed, revoked."""

from pathlib import Path

import pytest

from service.admin.keys import authenticate
from service.settings import load_settings
from service.store.session import Database
from tests.commands.conftest import Larder


def test_a_key_is_made_listed_and_revoked(configured: Larder, database_url: str) -> None:
    made = configured("keys", "add", "--role", "pos", "--store", "0042")
    assert made.code == 0
    announced, presented = made.out.splitlines()
    assert announced == "Key 1 for pos. It is shown this once and cannot be read again:"
    database = Database(database_url)
    settings = load_settings()
    assert authenticate(database, settings, presented) is not None
    listed = configured("keys", "list").out
    assert presented not in listed
    assert listed.splitlines()[1].split()[:4] == ["1", "pos", "0042", presented[-6:]]
    assert configured("keys", "revoke", "1").out == "Key 1 is revoked.\n"
    assert authenticate(database, settings, presented) is None
    database.dispose()


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["add", "--role", "pos"], 1, "larder: A pos key needs a store"),
        (["add", "--role", "admin", "--store", "1"], 1, "larder: A pos key needs a store, and"),
        (
            ["add", "--role", "supplier", "--supplier", "X"],
            1,
            "larder: There is no supplier called",
        ),
        (["add", "--role", "king"], 2, "'king' is not one of"),
        (["add"], 2, "Missing option '--role'"),
        (["revoke", "7"], 1, "larder: There is no key number 7."),
        (["revoke", "seven"], 2, "Input should be a valid integer"),
    ],
)
def test_keys_that_cannot_be(
    larder: Larder, migrated: Path, tmp_path: Path, words: list[str], code: int, expected: str
) -> None:
    larder("init")
    (tmp_path / "larder.db").write_bytes(migrated.read_bytes())
    ended = larder("keys", *words)
    assert ended.code == code
    assert expected in ended.err
