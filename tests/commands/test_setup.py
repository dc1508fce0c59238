"""init and migrate."""

import stat
from pathlib import Path

import pytest

from service import sample
from service.settings import load_settings
from tests.commands.conftest import Larder


def test_init_writes_fresh_keys_for_the_owner_only(larder: Larder, tmp_path: Path) -> None:
    ended = larder("init", "shop")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "shop/.env is written. Next: larder migrate, then larder keys add --role admin\n"
    )
    path = tmp_path / "shop" / ".env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = dict(line.split("=", 1) for line in path.read_text().splitlines())
    assert lines["LARDER_DATABASE_URL"] == "sqlite:///larder.db"
    assert len({lines["LARDER_SECRET_KEY"], lines["LARDER_CODE_KEY"], ""}) == 3
    assert larder("init", "other").code == 0
    assert (tmp_path / "other" / ".env").read_text() != path.read_text()


def test_files_are_their_owner_s_unless_the_umask_says_else(
    larder: Larder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, umask, mode in (("shop", None, 0o600), ("other", "027", 0o640)):
        assert larder("init", folder).code == 0
        monkeypatch.chdir(tmp_path / folder)
        if umask:
            monkeypatch.setenv("LARDER_UMASK", umask)
        assert larder("migrate").code == 0
        assert stat.S_IMODE((tmp_path / folder / "larder.db").stat().st_mode) == mode
        monkeypatch.chdir(tmp_path)


def test_init_for_the_sample_writes_the_shop_of_the_demonstration(
    larder: Larder, tmp_path: Path
) -> None:
    assert larder("init", "--sample").code == 0
    lines = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
    assert lines["LARDER_CODE_KEY"] == sample.CODE_KEY
    shop = {"LARDER_RETAILER", "LARDER_TIMEZONE", "LARDER_LAYOUT"}
    assert {name: lines[name] for name in shop} == {
        "LARDER_RETAILER": sample.RETAILER,
        "LARDER_TIMEZONE": "America/New_York",
        "LARDER_LAYOUT": "classic-letter",
    }
    assert load_settings().retailer == sample.RETAILER


def test_init_never_overwrites(larder: Larder, tmp_path: Path) -> None:
    larder("init")
    before = (tmp_path / ".env").read_bytes()
    ended = larder("init")
    assert ended.code == 1
    assert ended.err == "larder: .env is there already; it holds keys, so it stays.\n"
    assert (tmp_path / ".env").read_bytes() == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql://u:geheim@h/db", "must begin with sqlite:/// or postgresql://"),
        ("sqlite://", "must begin with sqlite:/// or postgresql://"),
        ("sqlite:///:memory:", "needs a file after sqlite:///"),
        ("postgresql://u:geheim@h:port/db", "is not an address"),
        ("sqlite:///a.db\nLARDER_SEED=1", "has no blanks, quotes or ${...}"),
        ("postgresql://u:${HOME}@h/db", "has no blanks, quotes or ${...}"),
    ],
)
def test_init_refuses_an_address_that_could_not_be_used(
    larder: Larder, tmp_path: Path, url: str, expected: str
) -> None:
    ended = larder("init", "--database-url", url)
    assert ended.code == 1
    assert expected in ended.err
    assert ended.err.count("\n") == 1
    assert "geheim" not in ended.err
    assert not (tmp_path / ".env").exists()


def test_init_into_a_file_is_one_clear_line(larder: Larder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = larder("init", "file")
    assert (ended.code, ended.err) == (
        1,
        "larder: file/.env cannot be written: File exists.\n",
    )


def test_an_address_is_read_back_as_it_was_written(larder: Larder) -> None:
    url = "postgresql://larder:p%40ss#w%24rd$x@db.example:5432/larder?sslmode=require"
    larder("init", "--database-url", url)
    assert load_settings().database_url == url.replace("postgresql", "postgresql+psycopg")


def test_from_an_empty_folder_to_a_database_with_tables(larder: Larder) -> None:
    larder("init")
    early = larder("status")
    assert early.code == 1
    assert early.err == (
        "larder: The database sqlite:///larder.db has no tables yet. Run `larder migrate`.\n"
    )
    for _ in range(2):
        ended = larder("migrate")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("The database is at migration ")
    assert larder("status").code == 0


def test_without_settings_the_remedy_is_named(larder: Larder) -> None:
    for words in (("status",), ("migrate",), ("keys", "list"), ("load", "products", "x.csv")):
        ended = larder(*words)
        assert ended.code == 1
        assert ended.err.splitlines() == [
            "larder: The settings are not complete or not valid.",
            "  LARDER_SECRET_KEY: is not set (run `larder init`)",
            "  LARDER_CODE_KEY: is not set (run `larder init`)",
        ]


@pytest.mark.parametrize("command", ["migrate", "status"])
def test_a_database_that_cannot_be_reached_is_one_clear_line(
    larder: Larder, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    larder("init")
    monkeypatch.setenv("LARDER_DATABASE_URL", "postgresql://larder:geheim@127.0.0.1:1/larder")
    ended = larder(command)
    assert ended.code == 1
    assert ended.err.startswith("larder: The database postgresql+psycopg://larder:***@127.0.0.1:1/")
    assert ended.err.count("\n") == 1
