"""The p-value of a report by drawing its arms again: what the hash could have given.

Whoever holds the rows and the salt gets the same number: the draws are those of `held_out`, of
pseudonyms, with one salt a draw (Fisher 1935; Young 2019 on redrawing in practice).
"""

from dataclasses import dataclass
from hashlib import blake2b
from math import sqrt

import numpy as np
import polars as pl

from service.engine.lift.draw import held_out
from service.engine.lift.strata import joined

DRAWS = 2_000
ROWS = {
    "pseudonym": pl.UInt64,
    "stratum": pl.Int64,
    "arm": pl.String,
    "outcome": pl.Float64,
}
"""The kept rows of a report, one a household; no basket and no name."""
_PSEUDONYM_BYTES = 8


@dataclass(frozen=True, slots=True)
class Redrawn:
    """`p_value` is the share of draws, and the real one among them, at least as far from zero.

    `statistic` is the real difference over its error; `draws` how many were made.
    """

    p_value: float
    statistic: float
    draws: int


def kept_rows(households: pl.DataFrame, *, key: bytes) -> pl.DataFrame:
    """The rows to keep of a report, in the columns of `ROWS`, by pseudonym.

    `households` has household_id and the other columns of `ROWS`. Pseudonyms are keyed: without
    `key` (16 to 64 bytes) nobody finds whose a row is, and two reports do not show who is in both.
    """
    pseudonyms = [
        int.from_bytes(
            blake2b(int(each).to_bytes(8, "big"), key=key, digest_size=_PSEUDONYM_BYTES).digest(),
            "big",
        )
        for each in households["household_id"]
    ]
    named = households.with_columns(pl.Series("pseudonym", pseudonyms, dtype=pl.UInt64))
    return named.select(pl.col(name).cast(kind) for name, kind in ROWS.items()).sort("pseudonym")


def redraw(
    rows: pl.DataFrame, *, against: str, control_percent: int, salt: str, draws: int = DRAWS
) -> Redrawn:
    """Draw the arms of a report again, as if no copy had done anything.

    `rows` in the columns of `ROWS`; those of the exposed arm and of `against` count. Whoever has
    the same rows and the same salt gets the same number. Raises ValueError where an arm is empty.
    """
    rows = rows.filter(pl.col("arm").is_in(["exposed", against])).sort("pseudonym")
    ids = rows["pseudonym"]
    control = (rows["arm"] == against).to_numpy()
    stratum = rows["stratum"].to_numpy()
    if control.all() or not control.any():
        raise ValueError("a report has households with the copy and without it")
    number = int(stratum.max()) + 1
    counts = [np.bincount(stratum[arm], minlength=number) for arm in (~control, control)]
    group = joined(counts[0], counts[1])[stratum]
    outcome = rows["outcome"].to_numpy()
    real = _statistic(outcome, group, control)
    further = sum(
        abs(_statistic(outcome, group, _drawn(ids, control_percent, f"{salt}:redraw:{number}")))
        >= abs(real) * (1 - 1e-12)
        for number in range(draws)
    )
    return Redrawn((further + 1) / (draws + 1), real, draws)


def _drawn(ids: pl.Series, percent: int, salt: str) -> np.ndarray:
    return held_out(ids, percent, salt=salt).to_numpy()


def _statistic(outcome: np.ndarray, group: np.ndarray, control: np.ndarray) -> float:
    """The post-stratified difference over its error; 0 where it has none."""
    number = int(group.max()) + 1
    count, mean, variance = [], [], []
    for arm in (~control, control):
        of, values = group[arm], outcome[arm]
        households = np.bincount(of, minlength=number)
        safe = np.maximum(households, 1)
        means = np.bincount(of, values, minlength=number) / safe
        squares = np.bincount(of, (values - means[of]) ** 2, minlength=number)
        count.append(households)
        mean.append(means)
        variance.append(squares / np.maximum(households - 1, 1) / safe)
    # A stratum that a draw leaves without an arm shows no difference.
    weight = np.where((count[0] > 0) & (count[1] > 0), count[0] + count[1], 0)
    if not weight.sum():
        return 0.0
    weight = weight / weight.sum()
    error = sqrt(float(weight**2 @ (variance[0] + variance[1])))
    return float(weight @ (mean[0] - mean[1])) / error if error else 0.0
