"""The model of a cycle: fitted and found by its date, and none that has seen the future."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from service.cycle import refresh_forecast
from service.cycle.explain import explain_household
from service.cycle.forecast import stored_model
from service.cycle.inputs import read_purchases
from service.engine.predict import CustomerBase, Model, explain, fit, fit_base
from service.errors import Conflict
from service.settings import Settings
from service.store import cycles, households
from service.store.session import Database
from service.store.tables.cycle import Forecast
from tests.market import AS_OF, open_market, store_model


def test_some_households_after_others_make_the_model_of_all(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_market(database, settings, tmp_path)
    monkeypatch.setattr("service.cycle.forecast.READ_TOGETHER", 2)
    made = refresh_forecast(database, settings, as_of=AS_OF).model
    with database.read() as session:
        bought = read_purchases(session, settings, before=AS_OF)
        kept = stored_model(session, as_of=AS_OF)
    whole = fit(bought, as_of=AS_OF, horizon_days=settings.horizon_days)
    assert made.to_json() == whole.to_json()
    assert kept is not None
    assert kept.to_json() == whole.to_json()
    assert not list(settings.runs_folder.iterdir())


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        (AS_OF, True),
        (AS_OF - timedelta(days=7), True),
        (AS_OF - timedelta(days=8), False),
        (AS_OF + timedelta(days=1), False),
    ],
)
def test_a_model_is_used_for_a_week_and_never_before_its_date(
    database: Database, settings: Settings, stored: date, found: bool
) -> None:
    store_model(database, settings, stored)
    with database.read() as session:
        model = stored_model(session, as_of=AS_OF)
    assert (model is not None) is found


def test_the_newest_model_that_may_be_used_is(database: Database, settings: Settings) -> None:
    for days in (5, 2, -1):
        store_model(database, settings, AS_OF - timedelta(days=days))
    with database.read() as session:
        model = stored_model(session, as_of=AS_OF)
    assert model is not None
    assert model.as_of == AS_OF - timedelta(days=2)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda _: '{"version":-1}', "another version"),
        (lambda text: text[: len(text) // 2], "damaged"),
        (lambda text: text.replace('"data":"', '"data":"AAAA', 1), "damaged"),
        (lambda text: text.replace('"items"', '"itens"'), "damaged"),
        (lambda _: "[]", "damaged"),
    ],
)
def test_a_model_that_cannot_be_read_counts_as_none_and_the_log_names_it(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture,
    damage: Callable[[str], str], said: str,
) -> None:  # fmt: skip
    store_model(database, settings, AS_OF)
    with database.write() as session:
        stored = session.exec(select(Forecast)).one()
        stored.model = damage(stored.model)
        session.add(stored)
    with database.read() as session:
        assert stored_model(session, as_of=AS_OF) is None
    assert f"the forecast stored for {AS_OF} is not used" in caplog.text
    assert said in caplog.text


def test_a_forecast_needs_baskets(database: Database, settings: Settings) -> None:
    with pytest.raises(Conflict, match="No household has bought anything before 2026-03-02"):
        refresh_forecast(database, settings, as_of=AS_OF)


def test_a_fitted_forecast_takes_the_place_of_the_earlier_of_its_date(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    refreshed = refresh_forecast(database, settings, as_of=AS_OF)
    fitted = refreshed.model
    assert not refreshed.is_kept
    with database.read() as session:
        kept = stored_model(session, as_of=AS_OF)
        found = cycles.forecast_for(session, AS_OF)
    assert kept is not None
    assert kept.to_json() == fitted.to_json()
    assert fitted.training.last_origin is not None
    assert fitted.training.last_origin < AS_OF
    assert found is not None
    assert found.id == 1


def test_a_fit_that_went_wrong_does_not_replace_the_stored_model(
    database: Database,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What the earlier one learned goes on with the counts of the day, until a fit is no worse."""
    next_day = AS_OF + timedelta(days=1)
    open_market(database, settings, tmp_path)
    monkeypatch.setattr("service.engine.predict.examples.CHECK_EVERY", 2)
    earlier = refresh_forecast(database, settings, as_of=AS_OF).model

    def far_too_high(base: CustomerBase, *, as_of: date, horizon_days: int) -> Model:
        fitted = fit_base(base, as_of=as_of, horizon_days=horizon_days)
        return replace(fitted, prior=(3.0, 1.0), trust=0.0)

    with monkeypatch.context() as wrong:
        wrong.setattr("service.cycle.forecast.fit_base", far_too_high)
        refreshed = refresh_forecast(database, settings, as_of=next_day)
    assert refreshed.is_kept
    assert "the one stored for 2026-03-02 is kept" in caplog.text
    with database.read() as session:
        kept = stored_model(session, as_of=next_day)
    assert kept is not None
    assert (kept.as_of, kept.training, kept.trust) == (next_day, earlier.training, earlier.trust)
    again = refresh_forecast(database, settings, as_of=next_day)
    assert again.contest is not None
    assert not again.is_kept
    assert kept.items.rate.tolist() == again.model.items.rate.tolist()
    assert again.model.training.fitted_on == next_day


def test_a_household_is_explained_by_the_newest_model_however_old(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    model = refresh_forecast(database, settings, as_of=AS_OF).model
    later = AS_OF + timedelta(days=30)
    with database.read() as session:
        assert stored_model(session, as_of=later) is None
        (ref, number), *_ = sorted(households.ids_by_ref(session).items())
        bought = read_purchases(session, settings, before=later, household_ids=[number])
    found = explain_household(database, settings, ref, as_of=later)
    expected = explain(model, bought, as_of=later, horizon_days=settings.forecast_days)
    columns = ["item_id", "p_purchase", "expected_on"]
    assert found.select(columns).equals(expected.select(columns))
