"""What the stages take from the settings, and the first of them.

A cycle calls the stages with a shard of households, the next list of one household with that one:
there is no second implementation.
"""

from datetime import timedelta

import polars as pl

from service.cycle.inputs import Inputs
from service.engine.allocate.value import ResponseModel
from service.engine.offers import Valuation
from service.engine.offers.explore import Exploration
from service.engine.offers.likely import Likely
from service.engine.predict import Model, discover, score
from service.engine.segment import FaceValueBand
from service.engine.wishes import censored, told
from service.settings import Settings

# Discoveries looked for; an offer on the list may cover some.
_PROPOSED = 8


def valuation(settings: Settings, *, seed: int, response: ResponseModel) -> Valuation:
    """As the settings say."""
    return Valuation(
        seed=seed,
        response=response,
        expected_safety=settings.expected_safety if settings.budget_mode == "expected" else None,
        likely=Likely(
            settings.least_chance_percent / 100,
            slots=settings.offers_per_list,
            category_max=settings.offers_per_category,
        ),
    )


def exploration(settings: Settings, *, number: int, seed: int) -> Exploration:
    """How the worth of pairs is shaken for a cycle, by how many came before it.

    Drafts are shaken as the cycle will be that they are for, so that it can keep them.
    """
    return Exploration(settings.explore / 100, f"{number}:{seed}")


def face_value_band(settings: Settings) -> FaceValueBand:
    """What lists are worth on paper, as the settings say."""
    return FaceValueBand(
        floor_least=settings.face_value_floor_least_cents,
        floor_best=settings.face_value_floor_best_cents,
        ceiling_least=settings.face_value_ceiling_least_cents,
        ceiling_best=settings.face_value_ceiling_best_cents,
    )


def score_households(
    purchases: pl.DataFrame, model: Model, inputs: Inputs, *, horizon_days: int
) -> pl.DataFrame:
    """Chance and date of every item each household has bought, and of some it never bought.

    The latter come from `inputs.items` and have nothing but their chance. `said` is the wish of the
    household that made an item what it is, else null; items it does not want have no row.
    """
    scores = score(
        model,
        censored(purchases, inputs.wishes, as_of=inputs.as_of),
        as_of=inputs.as_of,
        horizon_days=horizon_days,
        lead_days=inputs.lead_days,
    )
    if inputs.items.is_empty():
        return _told(scores, purchases, inputs)
    found = discover(
        model,
        purchases,
        as_of=inputs.as_of,
        per_household=_PROPOSED,
        among=inputs.items["item_id"],
    )
    return _told(pl.concat([scores, found], how="diagonal"), purchases, inputs)


def _told(scores: pl.DataFrame, purchases: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    begins_on = inputs.valid_from + timedelta(days=inputs.lead_days)
    return told(scores, inputs.wishes, as_of=inputs.as_of, begins_on=begins_on, seen=purchases)
