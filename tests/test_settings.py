"""Settings: where they come from, what is refused, and that their document is whole."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticUndefined
from sqlalchemy import make_url

from service.errors import Misconfigured
from service.settings import Settings, Source, describe, load_settings
from service.store.session import Database

KEY = "k" * 32
DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and an environment without settings, but for the two keys."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LARDER_{name.upper()}", raising=False)
    monkeypatch.setenv("LARDER_SECRET_KEY", KEY)
    monkeypatch.setenv("LARDER_CODE_KEY", KEY)
    return tmp_path


def said(caught: pytest.ExceptionInfo[Misconfigured]) -> list[str]:
    return [str(problem) for problem in caught.value.problems]


def test_missing_keys_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LARDER_SECRET_KEY")
    monkeypatch.delenv("LARDER_CODE_KEY")
    with pytest.raises(Misconfigured, match="not complete or not valid") as caught:
        load_settings()
    assert said(caught) == [
        "LARDER_SECRET_KEY: is not set (run `larder init`)",
        "LARDER_CODE_KEY: is not set (run `larder init`)",
    ]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("SECRET_KEY", "short but secret", "must have at least 32 characters"),
        ("CODE_KEY", "", "must have at least 32 characters"),
        ("DATABASE_URL", "mysql://u:geheim@h/db", "must begin with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "sqlite:///", "needs a file after sqlite:///, which keeps what is stored"),
        ("DATABASE_URL", "sqlite:///:memory:", "needs a file after sqlite:///, which keeps"),
        ("DATABASE_URL", "postgresql://u:geheim@h:port/db", "is not an address: scheme://user:"),
        (
            "DATABASE_URL",
            "postgresql://u:geheim@h/db?kepalives=1",
            "has a parameter kepalives that",
        ),
        (
            "DATABASE_URL",
            "postgresql://u:geheim@h/db?channel_binding=require",
            "has channel_binding=require, which not every process can do; leave that parameter out",
        ),
        ("DATABASE_URL", "postgresql://u:geheim@h/db?replication=1", "has a parameter replication"),
        ("TIMEZONE", "Mars/Olympus", "no time zone is called Mars/Olympus"),
        ("TIMEZONE", "../../etc/passwd", "no time zone is called ../../etc/passwd"),
        ("CURRENCY", "usd", "no currency of ISO 4217 with a minor unit is called 'usd'"),
        ("GCN_PREFIX", "12345", "String should match pattern '^[0-9]{12}$'"),
        ("HOLDOUT_PERCENT", "51", "Input should be less than or equal to 50"),
        ("VALIDITY_DAYS", "two weeks", "Input should be a valid integer"),
        ("CYCLE_WEEKDAY", "monday", "Input should be 'mon', 'tue'"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable_and_never_shown_when_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(f"LARDER_{name}", value)
    with pytest.raises(Misconfigured) as caught:
        load_settings()
    (told,) = said(caught)
    assert told.startswith(f"LARDER_{name}: {problem}")
    assert "geheim" not in told
    assert "short but secret" not in told


def test_the_password_of_the_database_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LARDER_DATABASE_URL", "postgresql://u:geheim@h/db")
    settings = load_settings()
    database = Database(settings.database_url)
    for each in (settings, settings.model_copy(), database, database._writer):
        assert "geheim" not in repr(each)
    database.dispose()
    with pytest.raises(ValidationError) as caught:
        Settings(database_url="mysql://u:geheim@h/db")
    assert "geheim" not in str(caught.value)


def test_a_postgresql_address_names_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LARDER_DATABASE_URL", "postgresql://u:p%40ss@h:5432/db?sslmode=require")
    assert load_settings().database_url == (
        "postgresql+psycopg://u:p%40ss@h:5432/db?sslmode=require"
    )


def test_of_several_servers_the_one_that_takes_writes_is_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = "postgresql://u:p%40ss@one:5432,two:5433/db?keepalives_idle=5"
    monkeypatch.setenv("LARDER_DATABASE_URL", given)
    url = make_url(load_settings().database_url)
    assert (url.username, url.password, url.database) == ("u", "p@ss", "db")
    assert dict(url.query) == {
        "host": "one,two",
        "port": "5432,5433",
        "keepalives_idle": "5",
        "target_session_attrs": "read-write",
    }


def test_a_dot_env_file_is_read_and_the_environment_wins(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text(
        "LARDER_RETAILER=Märkte & Söhne\nLARDER_SEED=7\nUNRELATED=1\n", encoding="utf-8"
    )
    monkeypatch.setenv("LARDER_SEED", "8")
    settings = load_settings()
    assert (settings.retailer, settings.seed) == ("Märkte & Söhne", 8)


def test_a_dot_env_file_in_another_encoding_is_one_clear_line(folder: Path) -> None:
    (folder / ".env").write_bytes("LARDER_RETAILER=Märkte".encode("latin-1"))
    with pytest.raises(Misconfigured, match=r"The file \.env is not UTF-8 text"):
        load_settings()


def test_secrets_are_not_shown() -> None:
    assert KEY not in repr(load_settings())


def test_every_setting_is_in_the_document_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `(LARDER_\w+)` \| (.+) \| (.+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    assert [(name, default, text) for name, default, text in rows] == [
        (f"LARDER_{name.upper()}", _default(field.default), field.description)
        for name, field in Settings.model_fields.items()
    ]


def _default(value: object) -> str:
    return "none: must be set" if value is PydanticUndefined else f"`{value}`"


def test_the_walking_order_is_a_list_of_departments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().walking_order == ()
    monkeypatch.setenv("LARDER_DEPARTMENTS", "Produce; Dairy;; Wine, beer & spirits ")
    assert load_settings().walking_order == ("Produce", "Dairy", "Wine, beer & spirits")


def test_where_each_setting_comes_from_is_said_and_no_secret(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("LARDER_SEED=7\nLARDER_RETAILER=Shop\n", encoding="utf-8")
    monkeypatch.setenv("larder_retailer", "Other")
    address = "postgresql://anna:geheim@h/db?password=geheim&sslmode=require"
    monkeypatch.setenv("LARDER_DATABASE_URL", address)
    monkeypatch.setenv("LARDER_OIDC_ISSUER", "https://u:geheim@login.example/x")
    groups = describe(load_settings())
    found = {each.variable: each for group in groups for each in group.settings}
    assert list(found) == [f"LARDER_{name.upper()}" for name in Settings.model_fields]
    assert "geheim" not in str(groups)
    assert KEY not in str(groups)
    assert {name: (each.value, each.source) for name, each in found.items()
            if each.source is not Source.DEFAULT} == {
        "LARDER_RETAILER": ("Other", Source.ENVIRONMENT),
        "LARDER_DATABASE_URL": (
            "postgresql+psycopg://anna:***@h/db?password=hidden&sslmode=require",
            Source.ENVIRONMENT,
        ),
        "LARDER_SECRET_KEY": ("", Source.ENVIRONMENT),
        "LARDER_CODE_KEY": ("", Source.ENVIRONMENT),
        "LARDER_SEED": ("7", Source.FILE),
        "LARDER_OIDC_ISSUER": ("https://u:***@login.example/x", Source.ENVIRONMENT),
    }  # fmt: skip
    secrets = [name for name, each in found.items() if each.is_secret]
    assert secrets == [
        "LARDER_SECRET_KEY", "LARDER_SECRET_KEY_BEFORE", "LARDER_CODE_KEY",
        "LARDER_OIDC_CLIENT_SECRET", "LARDER_SMTP_PASSWORD",
    ]  # fmt: skip
    assert [found[name].is_set for name in secrets] == [True, False, True, False, False]


def test_groups_are_the_headings_of_the_document() -> None:
    headings = re.findall(r"^## (.+)$", DOCUMENT.read_text(), re.MULTILINE)
    titles = [group.title for group in describe(load_settings())]
    assert [each for each in headings if each in titles] == titles
