"""Where the households of a cycle might have chosen otherwise."""

from sqlmodel import SQLModel

from service.store.tables.types import key_part


class CycleChance(SQLModel, table=True):
    """A copy that the rule of a cycle might have given an exposed household, or not.

    `chance` is the share of draws in which it picks it, `is_picked` whether it did. `p_without` is
    how likely the household was to buy the deal's products without it, `expected_gain` what the
    copy was expected to add.
    """

    __tablename__ = "cycle_chance"

    cycle_id: int = key_part("cycle.id")
    household_id: int = key_part("household.id", index=True)
    offer_id: int = key_part("offer.id", index=True)
    cell: str
    depth_percent: int | None = None
    chance: float
    is_picked: bool
    is_given: bool
    p_without: float
    expected_gain: float
