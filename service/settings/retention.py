"""How long what is stored is kept, by kind."""

from pydantic import Field, ValidationInfo, field_validator

from service.settings.group import Group

LEAST_DAYS = {
    "keep_baskets_days": 400,
    "keep_lists_days": 200,
    "keep_refusals_days": 30,
    "keep_audit_days": 30,
    "keep_runs_days": 30,
}
"""The forecast looks back over a year, and what deals did to sales over half of one."""


class RetentionSettings(Group):
    """How long things are kept."""

    keep_baskets_days: int = Field(
        default=0, ge=0, description="Days that baskets are kept; 0 for ever, else 400 or more"
    )
    keep_lists_days: int = Field(
        default=0,
        ge=0,
        description="Days that what a list said is kept after its last day; 0 for ever, else 200 "
        "or more",
    )
    keep_refusals_days: int = Field(
        default=0, ge=0, description="Days that refusals are kept; 0 for ever, else 30 or more"
    )
    keep_audit_days: int = Field(
        default=0,
        ge=0,
        description="Days that the trails are kept: acts, who opened households, voids and "
        "returns; 0 for ever, else 30 or more",
    )
    keep_runs_days: int = Field(
        default=0,
        ge=0,
        description="Days that runs which ended are kept; 0 for ever, else 30 or more",
    )

    @field_validator(*LEAST_DAYS)
    @classmethod
    def _long_enough_kept(cls, value: int, info: ValidationInfo) -> int:
        least = LEAST_DAYS[str(info.field_name)]
        if 0 < value < least:
            raise ValueError(f"must be 0 (for ever) or at least {least}")
        return value
