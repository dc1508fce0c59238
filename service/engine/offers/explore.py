"""Every cycle tries something on everybody: before it is allocated, each pair's worth is shaken.

Where two deals are worth nearly the same to a household, a hash decides instead of the last cent.
So it is known how likely each copy was, and households that got one can be compared with alike
households that did not, without keeping it from anybody on purpose. What is lost is bounded: see
`certified`.
"""

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate import Allocation, ShortfallPrices
from service.engine.allocate.bound import bound_at
from service.engine.lift.draw import uniforms

MOST_COST = 0.002
"""Exploring costs no more of the copies' worth than this."""
LEAST_SHARE = 0.002
"""What is shaken by less than this is not shaken: it would teach nothing."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """By how much of its worth a pair is shaken at most (0: by nothing), and the cycle's salt."""

    share: float
    salt: str

    def values(self, pairs: pl.DataFrame, *, draw: str = "") -> NDArray[np.float64]:
        """The worth of each pair, shaken by the cycle's hash or by another `draw` of it.

        `pairs`: household_id, offer_id, value_cents.
        """
        worth = pairs["value_cents"].cast(pl.Float64).to_numpy()
        if not self.share:
            return worth
        salt = f"explore:{self.salt}:{draw}"
        off = 2 * uniforms(pairs["household_id"], pairs["offer_id"], salt=salt) - 1
        return worth * (1 + self.share * off)

    def shaken(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs with their worth as the cycle sees it."""
        if not self.share:
            return pairs
        return pairs.with_columns(pl.Series("value_cents", self.values(pairs), pl.Float64))

    def within(self, found: Allocation) -> "Exploration | None":
        """None where a certified allocation cost little enough; else a gentler one to try.

        The cost grows with the square of the share.
        """
        proof = found.certificate
        most = MOST_COST * abs(proof.value_cents)
        if proof.explore_cost_cents <= most:
            return None
        gentler = self.share * 0.9 * sqrt(most / proof.explore_cost_cents)
        return replace(self, share=gentler if gentler >= LEAST_SHARE else 0.0)

    def certified(
        self,
        found: Allocation,
        pairs: pl.DataFrame,
        room: pl.DataFrame,
        households: pl.DataFrame,
        *,
        terms: ShortfallPrices,
    ) -> Allocation:
        """An allocation of shaken pairs at what they are worth; all frames as it took them.

        Its own prices prove a bound on every allocation of the pairs as they are, so that the gap
        has in it what shaking cost; `explore_cost_cents` is by how much it is wider for that.
        """
        if not self.share or found.pairs.is_empty():
            return found
        keys = ["household_id", "offer_id"]
        worth = pairs.select(*keys, pl.col("value_cents").cast(pl.Float64))
        chosen = found.pairs.drop("value_cents").join(
            worth, on=keys, how="left", maintain_order="left"
        )
        proof = found.certificate
        lost = float(found.pairs["value_cents"].sum()) - float(chosen["value_cents"].sum())
        primal = proof.primal_cents - lost
        bound = max(primal, bound_at(pairs, room, households, found.prices, terms=terms))
        proved = replace(
            proof,
            primal_cents=primal,
            dual_bound_cents=bound,
            gap=(bound - primal) / max(abs(bound), 1e-9),
            value_cents=proof.value_cents - lost,
            explore_cost_cents=max(
                0.0, bound - primal - (proof.dual_bound_cents - proof.primal_cents)
            ),
        )
        return replace(found, pairs=chosen.select(found.pairs.columns), certificate=proved)


NO_EXPLORATION = Exploration(0.0, "")
