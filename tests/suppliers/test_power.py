"""What a deal's report will be able to show, by what earlier ones of the supplier showed."""

import pytest

from service.engine.lift.power import Baseline, detectable
from service.errors import NotFound
from service.store.session import Database
from service.suppliers.power import SHARES, power_of
from service.suppliers.scope import Scope
from tests.market import query
from tests.results.simulated import freeze

pytestmark = pytest.mark.slow


def test_a_supplier_sees_what_its_deal_will_show_before_it_runs(
    database: Database, dale: Scope, others: Scope
) -> None:
    assert power_of(database, dale, 1) is None
    freeze(database, {1: 6_000}, windows=1)

    found = power_of(database, dale, 1)

    assert found is not None
    # Sales of the simulated households vary as their outcomes do; covariates explain some of it.
    values = query(database, "SELECT circulation_max, control_share FROM offer WHERE id = 1")[0]
    assert found.copies == (values[0] or found.copies)
    assert (found.reports, found.same_category, found.own.percent) == (1, True, values[1] or 0)
    assert found.own.lift is None
    assert [each.percent for each in found.others] == list(SHARES)
    lifts = [each.lift for each in found.others]
    assert all(each is not None for each in lifts)
    assert lifts == sorted(lifts, reverse=True)
    widest = detectable(found.copies * 0.8, found.copies * 0.2, baseline=Baseline(1.0, 3.0))
    assert 0 < (lifts[-1] or 0) < widest
    assert [each.withheld for each in found.others] == [
        round(found.copies * each / 100) for each in SHARES
    ]
    with pytest.raises(NotFound):
        power_of(database, others, 1)
