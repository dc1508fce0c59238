"""The trail: every act once, newest first, at any length of page; filters only take away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.settings import Settings
from service.store import audit, trail
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.offer import OfferEvent
from service.store.trail import DEAL, Deed, Edge, Search
from tests.shop import open_shop

DAY = datetime(2027, 3, 9, tzinfo=UTC)


def fill(database: Database) -> None:
    """Acts that alternate, several in the same moment."""
    with database.write() as session:
        for number in range(20):
            at = DAY + timedelta(minutes=number // 4)
            if number % 3:
                audit.add(session, Actor("anna"), "void", "batch", number, at=at)
            else:
                session.add(
                    OfferEvent(offer_id=1, act="stop", from_state="running", to_state="paused",
                               actor="bert", detail={}, happened_at=at)
                )  # fmt: skip


def read_all(database: Database, wanted: Search, *, limit: int) -> list[Deed]:
    found: list[Deed] = []
    edge: Edge | None = Edge()
    with database.read() as session:
        while edge is not None:
            some, edge = trail.page(session, wanted, edge=edge, limit=limit)
            assert len(some) <= limit
            found += some
    return found


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_hold_every_act_once(
    database: Database, settings: Settings, tmp_path: Path, limit: int
) -> None:
    open_shop(database, settings, tmp_path)
    fill(database)
    whole = read_all(database, Search(), limit=10_000)
    moments = [deed.happened_at for deed in whole]
    assert moments == sorted(moments, reverse=True)
    assert sorted(map(str, read_all(database, Search(), limit=limit))) == sorted(map(str, whole))
    for wanted, holds in (
        (Search(subject=DEAL), lambda each: each.subject == DEAL),
        (Search(subject="batch"), lambda each: each.subject == "batch"),
        (Search(subject_id="1"), lambda each: each.subject_id == "1"),
        (Search(act="stop"), lambda each: each.act == "stop"),
        (Search(until=DAY + timedelta(minutes=2)),
         lambda each: each.happened_at < DAY + timedelta(minutes=2)),
        (Search(since=DAY + timedelta(minutes=2), until=DAY + timedelta(minutes=4)),
         lambda each: DAY + timedelta(minutes=2) <= each.happened_at < DAY + timedelta(minutes=4)),
    ):  # fmt: skip
        some = read_all(database, wanted, limit=limit)
        assert sorted(map(str, some)) == sorted(str(each) for each in whole if holds(each))
        assert some
    parts = [*trail.read_all(database, Search(), most=9, at_once=limit)]
    assert [deed for part in parts for deed in part] == whole[:9]
