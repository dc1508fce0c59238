"""Lists: who gets one, what is on it, and how much of it."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from service.settings.group import Group


class ListSettings(Group):
    """Lists."""

    weekly_spend_cents: int = Field(default=2500, ge=0, description="Eligibility: spend a week")
    weekly_spend_weeks: int = Field(default=8, ge=1, description="Eligibility: weeks looked back")
    offers_per_list: int = Field(default=12, ge=0, le=24, description="Funded offers on a list")
    reminders_per_list: int = Field(default=12, ge=0, le=24, description="Reminders on a list")
    letter_consent_covers_profile: bool = Field(
        default=True,
        description="Whether who agreed to letters agreed to lists made from what it buys; see "
        "`LARDER_WITHOUT_PROFILE` for who did not, or took it back",
    )
    without_profile: Literal["none", "general"] = Field(
        default="none",
        description="What a household without that consent gets: no list, or a `general` one, "
        "which follows from nothing that it bought",
    )
    discoveries_per_list: int = Field(
        default=1, ge=0, le=4, description="Of them, items that the household never bought"
    )
    baby_categories: str = Field(
        default="",
        description="Categories of goods for babies, by semicolons: households are asked whether "
        "they have a baby where there are any",
    )
    cat_categories: str = Field(default="", description="The same of goods for cats")
    dog_categories: str = Field(default="", description="The same of goods for dogs")
    other_pet_categories: str = Field(default="", description="The same of goods for other pets")
    offers_per_category: int = Field(
        default=2, ge=1, description="Offers of one category on a list"
    )
    least_chance_percent: int = Field(
        default=10,
        ge=0,
        le=100,
        description="An offer is left out below this chance of a purchase if likelier ones fit",
    )
    face_value_floor_least_cents: int = Field(
        default=500, ge=0, description="What a list should be worth: the least tenth of households"
    )
    face_value_floor_best_cents: int = Field(
        default=3000, ge=0, description="What a list should be worth: the best tenth"
    )
    face_value_ceiling_least_cents: int = Field(
        default=1500, ge=0, description="What no list passes in worth: the least tenth"
    )
    face_value_ceiling_best_cents: int = Field(
        default=4000, ge=0, description="What no list passes in worth: the best tenth"
    )
    floor_shortfall_price: float = Field(
        default=0.1, ge=0, description="Value lost for every cent of worth below the floor"
    )
    margin_percent: int = Field(
        default=28,
        ge=0,
        le=100,
        description="Gross margin assumed of a price where no cost is known",
    )
    horizon_days: int = Field(
        default=14, ge=1, description="Days the forecast looks ahead once a letter is there"
    )
    holdout_percent: int = Field(
        default=5, ge=0, le=50, description="Share of eligible households that get no offers"
    )
    mail_holdout: bool = Field(
        default=True,
        description="Whether households that get no offers are mailed a list without any; it is "
        "recorded with each cycle",
    )
    draft_keep_percent: float = Field(
        default=0.1,
        ge=0,
        le=5,
        description="What a cycle may lose of its worth to keep the offers of drafts",
    )
    explore: float = Field(
        default=5,
        ge=0,
        le=20,
        description="By how many per cent the worth of a pair is shaken, so that every cycle "
        "teaches; 0 for not at all",
    )
    seed: int = Field(default=0, ge=0, description="Seed of the holdout and of tie-breaks")

    @property
    def home_categories(self) -> dict[str, tuple[str, ...]]:
        """The categories of goods of who lives in a household besides, where there are any."""
        given = {
            "baby": self.baby_categories,
            "cat": self.cat_categories,
            "dog": self.dog_categories,
            "other_pet": self.other_pet_categories,
        }
        parted = {
            member: tuple(name.strip() for name in names.split(";") if name.strip())
            for member, names in given.items()
        }
        return {member: names for member, names in parted.items() if names}

    @field_validator("face_value_ceiling_least_cents", "face_value_ceiling_best_cents")
    @classmethod
    def _above_the_floor(cls, value: int, info: ValidationInfo) -> int:
        floor = info.data.get(str(info.field_name).replace("ceiling", "floor"), 0)
        if value < floor:
            raise ValueError(f"is below its floor of {floor}")
        return value
