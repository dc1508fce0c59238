"""What households did after a cycle, each counted once: sums for the report of a programme."""

from datetime import date

from sqlmodel import Field, SQLModel

from service.store.tables.types import Json, key_part


class ProgrammeWindow(SQLModel, table=True):
    """The days after a cycle that were counted for its programme; `final` ones stay."""

    __tablename__ = "programme_window"

    cycle_id: int = key_part("cycle.id")
    counted_until: date
    final: bool


class ProgrammeSum(SQLModel, table=True):
    """Sums over the households of an arm after a cycle: of a tier of worth, or with a category.

    `part` is `tier` (`name` empty for none) or `category` (`name` is its number; of all the copies
    picked in it, and what the household paid for it). They had `copies` printed. `sums` are those
    of `service.engine.lift.programme.VARIABLES`, money in the currency's main unit.
    """

    __tablename__ = "programme_sum"

    cycle_id: int = key_part("cycle.id")
    arm: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    households: int
    copies: int
    sums: list[float] = Field(sa_type=Json(list[float]))
