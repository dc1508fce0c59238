"""forecast check: what it prints, and that it fails when the stored forecast was wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.cycle import refresh_forecast
from service.settings import Settings
from service.store import cycles
from service.store.session import Database
from service.store.tables.cycle import Forecast
from tests.commands.conftest import Larder
from tests.market import AS_OF, open_market


def test_a_wrong_forecast_ends_with_an_alarm_and_a_right_one_does_not(
    configured: Larder,
    database: Database,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed = ("forecast", "check", "--as-of", str(AS_OF))
    ended = configured(*typed)
    assert ended.code == 1
    assert "No forecast that this version can read is stored" in ended.err
    open_market(database, settings, tmp_path)
    monkeypatch.setattr("service.engine.backtest.drift.LEAST_PAIRS", 50)
    monkeypatch.setattr("service.engine.backtest.drift.LEAST_HOUSEHOLDS", 10)
    started = AS_OF - timedelta(days=settings.horizon_days)
    model = refresh_forecast(database, settings, as_of=started).model
    ended = configured(*typed)
    assert (ended.code, ended.err) == (0, "")
    assert f"model of {AS_OF}, fitted on {AS_OF}" in ended.out
    assert f"window from {started - timedelta(days=7)}: not judged" in ended.out
    assert "Department 0" in ended.out
    assert ended.out.endswith("no alarm\n")
    wrong = replace(model, prior=(-4.0, 1.0), trust=0.0)
    with database.write() as session:
        cycles.save_forecast(
            session,
            Forecast(as_of=started, fitted_at=datetime.now(UTC), model=wrong.to_json()),
        )
    ended = configured(*typed, "--weeks", "1")
    assert ended.code == 1
    assert f"alarm: {started}: forecast " in ended.out
    assert "no alarm" not in ended.out
