"""Arms drawn again from kept rows alone."""

import numpy as np
import polars as pl
import pytest

from service.engine.lift import held_out
from service.engine.lift.redraw import ROWS, kept_rows, redraw

KEY = b"a key that is forgotten afterwards"[:32]
SALT = "offer:7:0"


def households(effect: float, *, number: int = 400, percent: int = 20) -> pl.DataFrame:
    """Households drawn into arms by their ids, a few of the holdout besides."""
    rng = np.random.default_rng(5)
    ids = pl.Series("household_id", range(1, number + 1), dtype=pl.Int64)
    control = held_out(ids, percent, salt=SALT)
    arms = pl.select(pl.when(control).then(pl.lit("control")).otherwise(pl.lit("exposed")))
    outcome = rng.exponential(1.0, number) + effect * (~control.to_numpy())
    frame = pl.DataFrame({"household_id": ids, "stratum": ids % 3, "outcome": outcome})
    frame = frame.with_columns(arms.to_series().alias("arm"))
    others = frame.head(9).with_columns(household_id=ids[:9] + number, arm=pl.lit("holdout"))
    return pl.concat([frame, others])


def p_value(rows: pl.DataFrame, *, salt: str = SALT, draws: int = 200) -> float:
    return redraw(rows, against="control", control_percent=20, salt=salt, draws=draws).p_value


def test_anybody_with_the_rows_and_the_salt_gets_the_same_number() -> None:
    rows = kept_rows(households(0.1), key=KEY)
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=1)

    assert p_value(rows) == p_value(shuffled)
    assert p_value(rows) != p_value(rows, salt="offer:8:0")


def test_a_large_effect_is_further_than_every_draw_and_none_is_not() -> None:
    assert p_value(kept_rows(households(2.0), key=KEY)) == pytest.approx(1 / 201)
    assert p_value(kept_rows(households(0.0), key=KEY)) > 0.05


def test_units_change_nothing() -> None:
    rows = kept_rows(households(0.1), key=KEY)
    in_cents = rows.with_columns(pl.col("outcome") * 100)

    assert p_value(rows) == p_value(in_cents)


def test_rows_name_nobody_and_two_keys_have_nothing_in_common() -> None:
    frame = households(0.0)
    rows, others = kept_rows(frame, key=KEY), kept_rows(frame, key=KEY[::-1])

    assert rows.schema == ROWS
    assert rows.height == frame.height
    assert rows["pseudonym"].is_sorted()
    assert rows["pseudonym"].n_unique() == frame.height
    assert not set(rows["pseudonym"]) & set(others["pseudonym"])
    assert not set(rows["pseudonym"]) & set(frame["household_id"])


def test_p_values_without_an_effect_are_spread_evenly() -> None:
    """Of 60 draws of the real arms, as many are below a half as above, within chance."""
    frame = households(0.0, number=200)
    found = []
    for seed in range(60):
        control = held_out(frame["household_id"], 20, salt=f"real {seed}").to_numpy()
        arm = pl.Series("arm", np.where(control, "control", "exposed"))
        rows = kept_rows(frame.with_columns(arm), key=KEY)
        found.append(p_value(rows, draws=60))

    assert 0.35 < np.mean(np.array(found) < 0.5) < 0.65


def test_one_arm_alone_cannot_be_drawn_again() -> None:
    rows = kept_rows(households(0.0), key=KEY).filter(pl.col("arm") == "exposed")

    with pytest.raises(ValueError, match="with the copy and without"):
        p_value(rows)
