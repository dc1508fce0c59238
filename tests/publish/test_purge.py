"""Files go after their time; what became of every piece stays."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from service.errors import InvalidInput, NotFound
from service.publish import accept_file, fetch, purge, reconcile
from service.settings import Settings
from service.store.session import Database
from tests.mail import NAME, print_batch
from tests.market import query


def test_files_go_after_the_days_of_the_settings_and_records_stay(
    database: Database, published: Settings
) -> None:
    shop, folder = published, published.output_folder / f"{NAME}_v1"
    accept_file(
        database,
        shop,
        "a.csv",
        b"piece_id,status,reason,timestamp\n20260302-0000001,printed,,2026-03-03T10:00:00Z\n",
    )
    now = datetime.now(UTC)
    assert purge(database, shop, now=now + timedelta(days=44)) == 0
    assert (folder / ".ready").is_file()
    assert purge(database, shop, now=now + timedelta(days=46)) == 1
    assert not folder.exists()
    assert list((shop.output_folder / "ack").iterdir()) == []
    assert purge(database, shop, now=now + timedelta(days=47)) == 0
    with pytest.raises(NotFound):
        fetch(database, shop, 1, f"{NAME}_v1.csv", for_print=False)
    assert reconcile(database, 1).printed == 1
    assert query(database, "SELECT state, pieces FROM batch") == [("ready", 5)]
    assert print_batch(database, shop).pieces == 5
    assert not folder.exists()


def test_what_was_refused_goes_too(database: Database, published: Settings) -> None:
    folder = published.output_folder / "ack"
    for name in ("old.csv", "new.csv"):
        with pytest.raises(InvalidInput):
            accept_file(database, published, name, b"no acknowledgement\n")
    now = datetime.now(UTC)
    long_ago = (now - timedelta(days=46)).timestamp()
    for each in folder.glob("old.csv*"):
        os.utime(each, (long_ago, long_ago))
    purge(database, published, now=now)
    assert {each.name for each in folder.iterdir()} == {"new.csv", "new.csv.report.json"}


def test_what_a_dead_process_left_of_a_voided_batch_goes_at_once(
    database: Database, published: Settings
) -> None:
    shop, folder = published, published.output_folder / f"{NAME}_v1"
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE batch SET state = 'voided'")
    assert purge(database, shop, now=datetime.now(UTC)) == 1
    assert not folder.exists()


def test_a_file_that_came_again_under_its_name_stays(
    database: Database, published: Settings
) -> None:
    content = b"piece_id,status,reason,timestamp\n20260302-0000001,printed,,2026-03-03T10:00:00Z\n"
    accept_file(database, published, "a.csv", content)
    long_ago = "1" if database.is_sqlite else "'2020-01-01T00:00:00Z'"
    with database.write() as session:
        session.connection().exec_driver_sql(f"UPDATE acknowledgement SET received_at = {long_ago}")
    accept_file(database, published, "a.csv", content)
    purge(database, published, now=datetime.now(UTC))
    assert (published.output_folder / "ack" / "a.csv").is_file()
