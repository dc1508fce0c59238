"""Where the households of a cycle might have chosen otherwise."""

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId


class CycleChance(SQLModel, table=True):
    """A copy that the rule of a cycle might have given an exposed household, or not.

    `chance` is the share of draws in which it picks it, `is_picked` whether it did. `p_without` is
    how likely the household was to buy the deal's products without it, `expected_gain` what the
    copy was expected to add.
    """

    __tablename__ = "cycle_chance"

    cycle_id: int = Field(
        foreign_key="cycle.id",
        primary_key=True,
        sa_type=BigId,
        sa_column_kwargs={"autoincrement": False},
    )
    household_id: int = Field(
        foreign_key="household.id",
        primary_key=True,
        index=True,
        sa_type=BigId,
        sa_column_kwargs={"autoincrement": False},
    )
    offer_id: int = Field(
        foreign_key="offer.id",
        primary_key=True,
        index=True,
        sa_type=BigId,
        sa_column_kwargs={"autoincrement": False},
    )
    cell: str
    depth_percent: int | None = None
    chance: float
    is_picked: bool
    is_given: bool
    p_without: float
    expected_gain: float
