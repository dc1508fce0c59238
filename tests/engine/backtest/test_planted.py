"""Planted households: what they say is worth more than silence, whatever the model."""

from datetime import timedelta

from service.engine.backtest.planted import Change, planted_gains
from service.engine.predict import fit
from tests.engine.predict.households import START, random_history


def test_being_told_gains_on_every_planted_change() -> None:
    history = random_history()
    as_of = (START + timedelta(days=126)).date()
    model = fit(history, as_of=as_of, horizon_days=14)
    gains = list(planted_gains(model, history, as_of=as_of, horizon_days=14))
    assert [each.change for each in gains] == list(Change)
    stops, stocked, doubles, grows, baby = gains
    # Nobody buys what it never wants: a thousandth is the least that counts.
    assert (stops.told_log_loss < 0.0011, stops.told_date_days) == (True, None)
    assert stops.silent_log_loss > 0.1
    for gain in (stocked, doubles):
        assert gain.told_date_days is not None
        assert gain.silent_date_days is not None
        assert gain.told_date_days < gain.silent_date_days
    for gain in (doubles, grows, baby):
        assert gain.told_log_loss < gain.silent_log_loss
    again = list(planted_gains(model, history, as_of=as_of, horizon_days=14))
    assert again == gains
