"""What a plan supposes other than it is: another floor price, holdout, or budgets."""

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from service.errors import InvalidInput, Problem
from service.settings import Settings

MOST_FLOOR_PRICE = 100.0
MOST_HOLDOUT_PERCENT = 50
MOST_BUDGET_PERCENT = 1000


@dataclass(frozen=True, slots=True)
class Supposed:
    """What a plan supposes; null is as the settings say.

    `budget_percent` is of every deal's whole budget: what is spent and reserved of it stays. A plan
    with other budgets than there are cannot be issued; one with another floor price or holdout can.
    """

    floor_shortfall_price: float | None = None
    holdout_percent: int | None = None
    budget_percent: int = 100

    @staticmethod
    def of(
        settings: Settings,
        *,
        floor_shortfall_price: float | None,
        holdout_percent: int | None,
        budget_percent: int,
    ) -> "Supposed":
        """The same without what is as the settings say. Raises InvalidInput beyond any reason."""
        bounds = (
            ("floor_shortfall_price", floor_shortfall_price, 0.0, MOST_FLOOR_PRICE),
            ("holdout_percent", holdout_percent, 0, MOST_HOLDOUT_PERCENT),
            ("budget_percent", budget_percent, 0, MOST_BUDGET_PERCENT),
        )
        problems = [
            Problem(f"#/{name}", f"is {value}", f"from {least} to {most}")
            for name, value, least, most in bounds
            if value is not None and not least <= value <= most
        ]
        if problems:
            raise InvalidInput(
                "This cannot be supposed: %(fault)s", problems, fault=str(problems[0])
            )
        floor = floor_shortfall_price
        return Supposed(
            None if floor == settings.floor_shortfall_price else floor,
            None if holdout_percent == settings.holdout_percent else holdout_percent,
            budget_percent,
        )

    @staticmethod
    def from_json(stored: dict[str, Any]) -> "Supposed":
        """What `to_json` gave."""
        return Supposed(**stored)

    def to_json(self) -> dict[str, Any]:
        """What differs from what is, by name."""
        default = asdict(AS_IT_IS)
        return {name: each for name, each in asdict(self).items() if each != default[name]}

    def settings(self, settings: Settings) -> Settings:
        """The settings with what is supposed in their place."""
        changed = {
            name: each
            for name, each in self.to_json().items()
            if name in ("floor_shortfall_price", "holdout_percent")
        }
        return settings.model_copy(update=changed)

    def offers(self, offers: pl.DataFrame) -> pl.DataFrame:
        """The offers with the budgets that are supposed, rounded down."""
        if self.budget_percent == AS_IT_IS.budget_percent:
            return offers
        return offers.with_columns(pl.col("budget_cents") * self.budget_percent // 100)

    @property
    def can_be_issued(self) -> bool:
        """Whether lists may be issued so: with the budgets there are."""
        return self.budget_percent == AS_IT_IS.budget_percent


AS_IT_IS = Supposed()
