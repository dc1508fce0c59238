"""What the stages take from the settings, and the first of them.

A cycle calls the stages with a shard of households, the next list of one household with that one:
there is no second implementation.
"""

import polars as pl

from service.cycle.inputs import Inputs
from service.engine.allocate.value import ResponseModel
from service.engine.offers import Valuation
from service.engine.offers.explore import Exploration
from service.engine.offers.likely import Likely
from service.engine.predict import Model, discover
from service.engine.segment import FaceValueBand
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

    The latter come from `inputs.items`; see `Said.scored`.
    """
    return inputs.said.scored(
        model,
        purchases,
        as_of=inputs.as_of,
        horizon_days=horizon_days,
        lead_days=inputs.lead_days,
        found=_found(purchases, model, inputs),
    )


def _found(purchases: pl.DataFrame, model: Model, inputs: Inputs) -> pl.DataFrame | None:
    """The likeliest of the items that may be proposed to households that never bought them."""
    if inputs.items.is_empty():
        return None
    return discover(
        model,
        purchases,
        as_of=inputs.as_of,
        per_household=_PROPOSED,
        among=inputs.items["item_id"],
    )
