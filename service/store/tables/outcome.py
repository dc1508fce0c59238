"""What households did after a cycle: sums, from which every report of lift is made."""

from datetime import date, datetime

from sqlalchemy import LargeBinary, false, text
from sqlmodel import Field, SQLModel

from service.engine.lift.silence import Silence
from service.store.tables.types import Json, UtcMoment, key_part


class OutcomeWindow(SQLModel, table=True):
    """A window of days after a cycle whose outcomes were counted.

    `first_day` and `last_day` count from the first day of validity, the last left out. A window is
    `final` when it was counted after its end and the days in which late sales arrive; else it is
    counted again. The last window is counted once more for its addendum, then it is `amended`.
    `silent` are the stores that sent no sales for days of it, or before it.
    """

    __tablename__ = "outcome_window"

    cycle_id: int = key_part("cycle.id")
    first_day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_day: int
    counted_at: datetime = Field(sa_type=UtcMoment)
    counted_until: date
    final: bool
    amended: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    silent: list[Silence] = Field(
        default_factory=list,
        sa_type=Json(list[Silence]),
        sa_column_kwargs={"server_default": text("'[]'")},
    )


class OutcomeSum(SQLModel, table=True):
    """Sums over the households that the rule of a cycle picked for a deal, of one group.

    `region` is that of the household's usual store, empty where there is none. `given` of the
    households have the copy printed, `redeemed` used it in the window. `largest` and `second` are
    the largest sales of a household. `sums` are those of `service.engine.lift.outcomes.packed`,
    money in the currency's main unit.
    """

    __tablename__ = "outcome_sum"

    cycle_id: int = key_part("cycle.id")
    first_day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    offer_id: int = key_part("offer.id", index=True)
    arm: str = Field(primary_key=True)
    cell: str = Field(primary_key=True)
    region: str = Field(primary_key=True)
    households: int
    given: int
    redeemed: int
    largest: float
    second: float
    sums: bytes = Field(sa_type=LargeBinary)
