"""Months that are over lie in files, and whoever reads history sees what he saw before."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import polars as pl
import pytest
from moto.server import ThreadedMotoServer
from polars.testing import assert_frame_equal
from sqlmodel import Session

from service.admin import history
from service.cycle.inputs import read_purchases, read_unnamed_spend
from service.errors import Misconfigured
from service.files.baskets import load_baskets
from service.files.report import LoadReport
from service.settings import Settings
from service.store import baskets
from service.store.history import place
from service.store.session import Database
from tests.checkout.acts import returned, sold, voided
from tests.conftest import settings_of
from tests.market import AS_OF, BASKET_COLUMNS, cycle, documents, open_issued, open_market
from tests.shop import BREAD, CARDS, H1, H2, MILK, STORE, Shop, open_shop, shop

__all__ = ["shop"]
Ask = Callable[[str], list[tuple[object, ...]]]
LATER = datetime(2026, 8, 1, 4, tzinfo=UTC)
MUCH_LATER = datetime(2026, 8, 3, 4, tzinfo=UTC)


def everything(database: Database) -> list[tuple[object, ...]]:
    """What a reader of history sees."""
    with database.read() as session:
        found = baskets.purchases(session, before=datetime(2027, 1, 1, tzinfo=UTC))
    return found.select("household_id", "basket_id", "gtin", "quantity", "amount_cents").rows()


def plain(ask: Ask) -> list[tuple[object, ...]]:
    """The same from the tables alone, as long as lines stay there."""
    return ask(
        """SELECT b.household_id, l.basket_id, l.gtin, l.quantity_milli / 1000.0, l.amount_cents
           FROM basket b JOIN basket_line l ON l.basket_id = b.id
           JOIN product p ON p.gtin = l.gtin WHERE b.household_id IS NOT NULL
           ORDER BY b.household_id, b.purchased_at, l.basket_id, l.line"""
    )


LINE = f"{{household}},{{basket}},{STORE},2026-03-05T10:00:00Z,{{line}},{{gtin}},1,each,100\n"


def late(database: Database, folder: Path, *lines: tuple[str, str, int, str]) -> LoadReport:
    """Load lines of a day that is long over: household, basket, number, product."""
    path = folder / "late.csv"
    path.write_text(
        BASKET_COLUMNS + "\n"
        + "".join(LINE.format(household=household, basket=basket, line=line, gtin=gtin)
                  for household, basket, line, gtin in lines)
    )  # fmt: skip
    return load_baskets(database, path, timezone="UTC")


def busy_months(database: Database, settings: Settings, folder: Path) -> None:
    """Sales that are sealed, and all that may happen to them after that."""
    lines = [(MILK, 2, 240), (BREAD, 1, 250)]
    for number in (1, 2, 3, 4):
        sold(database, settings, number, presented=[("card", CARDS[H1])], lines=lines)
    sold(database, settings, 5, presented=[("card", CARDS[H2])], lines=lines)
    sold(database, settings, 6, presented=[], lines=lines)
    late(database, folder, (H2, "77", 1, MILK))
    returned(database, settings, 11, of=3, lines=[(1, 1)])
    history.compact(database, settings, now=LATER)
    voided(database, 1)
    returned(database, settings, 12, of=2, lines=[(1, 1)])
    voided(database, 11)
    returned(database, settings, 13, of=4, lines=[(1, 2), (2, 1)])
    late(database, folder, (H2, "77", 1, MILK), (H2, "77", 2, BREAD), (H1, "78", 1, BREAD))


def test_what_changes_in_a_sealed_month_counts_at_once_and_after_it_is_compacted(
    database: Database, settings: Settings, shop: Shop, tmp_path: Path, read_only: Ask
) -> None:
    busy_months(database, settings, tmp_path)
    changed = plain(read_only)
    assert len(changed) == 2 + 2 + 2 + 2 + 1
    assert everything(database) == changed
    assert read_only("SELECT count(*) FROM history_change") == [(1,)]
    assert history.compact(database, settings, now=LATER).written == 1
    assert everything(database) == changed
    assert read_only("SELECT count(*) FROM history_change") == [(0,)]
    assert read_only("SELECT count(*) FROM basket WHERE NOT sealed") == [(0,)]
    # Nothing is left to be done but to remove, a day later, what was replaced.
    assert history.compact(database, settings, now=LATER) == history.Compacted()
    assert history.compact(database, settings, now=MUCH_LATER) == history.Compacted(removed=1)
    names = {path.name for path in Path(settings.history_store).rglob("*.parquet")}
    assert names == {Path(str(path)).name for (path,) in read_only("SELECT path FROM history_file")}
    assert everything(database) == changed
    assert [damage for _, damage in history.verify(database)] == [None, None]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("alone", [False, True])
def test_nothing_is_lost_or_twice_wherever_it_is_killed(
    alone: bool,
    database: Database,
    settings: Settings,
    shop: Shop,
    tmp_path: Path,
    read_only: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings.model_copy(update={"history_alone": alone})
    busy_months(database, settings, tmp_path)
    history.compact(database, settings, now=LATER)
    voided(database, 2)
    late(database, tmp_path, (H2, "77", 3, MILK), (H1, "79", 1, BREAD))
    expected = everything(database)
    assert alone or expected == plain(read_only)
    left = 0

    def deadly(holder: Any, name: str) -> None:
        act = getattr(holder, name)

        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            done = act(*args, **kwargs)
            left -= 1
            if left == 0:
                raise Killed
            return done

        monkeypatch.setattr(holder, name, step)

    for holder, name in (
        *((place.Place, name) for name in ("write", "remove")),
        *((os, name) for name in ("fsync",)),
        *((Session, name) for name in ("execute", "commit", "flush")),
    ):
        deadly(holder, name)
    for kill in range(1, 400):
        left = kill
        try:
            history.compact(database, settings, now=MUCH_LATER)
        except Killed:
            left = 0
            assert everything(database) == expected, kill
            continue
        break
    assert left > 0
    assert kill > 40
    left = 0
    assert everything(database) == expected
    assert [damage for _, damage in history.verify(database)] == [None, None]
    history.compact(database, settings, now=MUCH_LATER + timedelta(days=2))
    files = {path.name for path in Path(settings.history_store).rglob("*.parquet*")}
    assert files == {Path(str(path)).name for (path,) in read_only("SELECT path FROM history_file")}


def test_a_file_that_is_missing_or_changed_is_named_and_nothing_is_read_without_it(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sold(database, settings, 1, presented=[("card", CARDS[H1])])
    history.compact(database, settings, now=LATER)
    (path,) = Path(settings.history_store).rglob("*.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    assert history.damaged(database) == []
    assert [damage and damage.said for _, damage in history.verify(database)] == [
        "is not what was written"
    ]
    with pytest.raises(Misconfigured, match="is not what was written"):
        everything(database)
    path.write_bytes(content[:-1])
    said = f"has {len(content) - 1} bytes, not {len(content)}"
    assert [damage.said for damage in history.damaged(database)] == [said]
    path.unlink()
    assert [damage.said for damage in history.damaged(database)] == ["is missing"]
    with pytest.raises(Misconfigured, match="is missing"):
        everything(database)
    path.write_bytes(content)
    assert len(everything(database)) == 1


def test_a_cycle_reads_the_same_from_files_and_writes_the_same_lists(
    database: Database, settings: Settings, tmp_path: Path, migrated: Path
) -> None:
    open_market(database, settings, tmp_path)
    spans: list[dict[str, Any]] = [
        {}, {"since": date(2025, 12, 10)}, {"household_ids": [3, 7]}, {"household_ids": []},
    ]  # fmt: skip

    abroad = settings.model_copy(update={"timezone": "America/New_York"})

    def read() -> list[pl.DataFrame]:
        with database.read() as session:
            return [
                found
                for each in (settings, abroad)
                for found in (
                    *(read_purchases(session, each, before=AS_OF, **span) for span in spans),
                    read_unnamed_spend(session, each, as_of=AS_OF),
                )
            ]

    before = read()
    assert history.compact(database, settings, now=LATER) == history.Compacted(written=5)
    # Not from the database any more: it could hold anything.
    with database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM basket_line")
    for was, now in zip(before, read(), strict=True):
        assert_frame_equal(was, now)
    assert before[0].height > 0
    cycle(database, settings)
    shutil.copy(migrated, tmp_path / "unsealed.db")
    other = settings_of(f"sqlite:///{tmp_path / 'unsealed.db'}", tmp_path / "unsealed")
    unsealed = Database(other.database_url)
    open_issued(unsealed, other, tmp_path)
    assert documents(database) == documents(unsealed) != []
    unsealed.dispose()


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("act", ["void", "return", "late", "compact"])
def test_what_happens_while_a_file_is_written_counts(
    act: str,
    alone: bool,
    database: Database,
    settings: Settings,
    shop: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings.model_copy(update={"history_alone": alone})
    busy_months(database, settings, tmp_path)
    write = place.Place.write
    acts: dict[str, Callable[[], object]] = {
        "void": lambda: voided(database, 4),
        "return": lambda: returned(database, settings, 21, of=2, lines=[(2, 1)]),
        "late": lambda: late(database, tmp_path, (H1, "78", 2, MILK)),
        "compact": lambda: history.compact(database, settings, now=LATER),
    }
    expected: list[tuple[object, ...]] = []

    def slowly(self: place.Place, path: str, content: bytes) -> None:
        write(self, path, content)
        if not expected:
            expected.append(("begun",))
            acts[act]()
            expected[:] = everything(database)

    monkeypatch.setattr(place.Place, "write", slowly)
    assert history.compact(database, settings, now=LATER).left == 0
    assert len(expected) > 4
    assert everything(database) == expected
    assert history.compact(database, settings, now=LATER) == history.Compacted()
    assert everything(database) == expected


def refused(*_args: object, **_named: object) -> dict[str, int]:
    raise PermissionError


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_files_may_lie_in_an_object_store(
    settings: Settings, tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    # Whatever talked to the store of another test is asked for by the same name.
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    s3 = fsspec.filesystem("s3", skip_instance_cache=True)
    s3.mkdir("larder")
    there = settings.model_copy(
        update={"history_store": "s3://larder/history", "history_alone": True}
    )
    shutil.copy(migrated, tmp_path / "s3.db")
    database = Database(f"sqlite:///{tmp_path / 's3.db'}", history=there.history_store)
    open_shop(database, there, tmp_path)
    busy_months(database, there, tmp_path)
    expected = everything(database)
    history.compact(database, there, now=LATER)
    assert everything(database) == expected
    assert history.damaged(database) == []
    assert [damage for _, damage in history.verify(database)] == [None, None]
    old = [file for file in s3.find("larder/history") if "/0-" in file]
    assert len(old) == 2
    history.compact(database, there, now=datetime.now(UTC) + timedelta(days=2))
    assert len(s3.find("larder/history")) == 2
    for file in s3.find("larder/history"):
        s3.rm_file(file)
    assert [damage.said for damage in history.damaged(database)] == ["is missing"] * 2
    with pytest.raises(Misconfigured, match="is missing"):
        everything(database)
    server.stop()
    monkeypatch.setattr(place.Place, "sizes", refused)
    said = ["cannot be reached: PermissionError"] * 2
    assert [damage.said for damage in history.damaged(database)] == said
    database.dispose()
