"""What every shard of households is scored with, and how."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import NamedTuple

import polars as pl

from service.cycle import stages
from service.cycle.general import General
from service.cycle.inputs import Inputs
from service.cycle.redraft import PAIRS, Redraft
from service.engine.general import no_general_items
from service.engine.offers import Valuation, candidates
from service.engine.predict import Model


class Scored(NamedTuple):
    """What is known of households before any offer is given; `drafts` as `redraft.PAIRS`."""

    scores: pl.DataFrame
    pairs: pl.DataFrame
    drafts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Task:
    """What every shard is scored with, whatever process does it.

    `redraft` computes drafts again; there are none before the first cycle. `general_items` are what
    lists name of households that agreed to no profile.
    """

    model_json: str
    inputs: Inputs
    bounds: pl.DataFrame
    horizon_days: int
    by: Valuation
    redraft: Redraft | None = None
    general_items: pl.DataFrame = field(default_factory=no_general_items)

    def fingerprint(self) -> bytes:
        """Equal for equal tasks only."""
        by = self.by
        numbers = (self.inputs.as_of, self.inputs.lead_days, self.horizon_days, by.seed)
        digest = hashlib.sha256(repr((*numbers, by.expected_safety, by.likely)).encode())
        digest.update(by.response.to_json().encode())
        digest.update(self.model_json.encode())
        running = self.inputs.running
        for frame in (
            self.inputs.catalogue,
            running.offers,
            running.items,
            running.products,
            self.inputs.items,
            running.households,
            running.used,
            running.overrides,
            *running.asked.frames(),
            *self.inputs.said.frames(),
            self.bounds,
            self.general_items,
        ):
            digest.update(_bytes(frame))
        if self.redraft is not None:
            for text in self.redraft.texts():
                digest.update(text.encode())
            for frame in self.redraft.frames():
                digest.update(_bytes(frame))
        return digest.digest()

    def score(self, purchases: pl.DataFrame, general_ids: Sequence[int] = ()) -> Scored:
        """The scores, the valued candidates and the drafts of some households.

        They are those of `purchases` and others that agreed to no profile, of which only the
        columns of `purchases` count.
        """
        model = Model.from_json(self.model_json)
        scores = stages.score_households(
            purchases, model, self.inputs, horizon_days=self.horizon_days
        )
        pairs = candidates(
            purchases,
            scores,
            self.inputs.running,
            as_of=self.inputs.as_of,
            bounds=self.bounds,
            by=self.by,
        )
        drafts = self.redraft.draft(purchases) if self.redraft else pl.DataFrame(schema=PAIRS)
        if not general_ids:
            return Scored(scores, pairs, drafts)
        general = General(general_ids, self.general_items)
        others = general.scores(model, self.inputs, horizon_days=self.horizon_days)
        more = general.candidates(
            others, self.inputs, bounds=self.bounds, by=self.by, purchases=purchases
        )
        return Scored(
            pl.concat([scores, others], how="diagonal"),
            pl.concat([pairs, more]).sort("household_id", "offer_id"),
            drafts,
        )


def _bytes(frame: pl.DataFrame) -> bytes:
    out = BytesIO()
    frame.write_ipc(out)
    return out.getvalue()
