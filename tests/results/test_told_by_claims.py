"""Issued claims tell a supplier every use: an audit takes them as known to the piece."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from service.engine.lift.outcomes import WINDOWS
from service.engine.lift.subject import of_deal
from service.results.frozen import read_frozen, told_of
from service.settings import Settings
from service.store.session import Database
from tests.clearing.issued_claims import issue_claims
from tests.market import query
from tests.results.simulated import freeze

pytestmark = pytest.mark.slow
CLAIMED = date(2026, 4, 1)
"""The last day of Dale's claims."""


def test_windows_that_claims_reach_into_are_known(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    issue_claims(database, settings, tmp_path)
    ((offer, deal_ref, cycle, valid_from),) = query(
        database,
        """SELECT o.id, o.deal_ref, c.id, c.valid_from FROM offer o JOIN supplier s
           ON s.id = o.supplier_id, cycle c WHERE s.name = 'Dale Foods' LIMIT 1""",
    )
    freeze(database, {int(offer): 300}, cycle_id=int(cycle))
    started = date.fromisoformat(str(valid_from))

    with database.read() as session:
        read = read_frozen(session, "Dale Foods", of_deal(str(deal_ref)), today=date(2027, 1, 1))
        told = told_of(session, read)

    (run,) = read.runs.values()
    reached = [day for day, _ in WINDOWS if started + timedelta(days=day) <= CLAIMED]
    assert len(reached) > 0
    assert [each.low for each in told] == [
        uses.uses for day in reached for _, uses in sorted(run.windows[day].uses.items())
    ]
    assert all(each.low == each.high for each in told)
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE claim SET series = NULL, serial = NULL")
    with database.read() as session:
        assert told_of(session, read) == []
