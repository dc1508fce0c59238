"""Cycles, runs of jobs, print batches, and the results of a cycle that later lists need."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from sqlalchemy import Index, Text, UniqueConstraint, text, true
from sqlmodel import Field, SQLModel

from service.errors import Problem
from service.notice import Notice, to_json
from service.store.tables.types import BigId, Json, JsonObject, UtcMoment, key_part, row_id


class RunState(StrEnum):
    """The states of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class BatchState(StrEnum):
    """The states of a print batch. A withdrawn one was replaced by a newer revision."""

    RENDERING = "rendering"
    READY = "ready"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class RunProblem:
    """Why a run failed, and the faults in what it was given.

    `notice` is what `detail` says in English, as `notice.to_json` writes it.
    """

    title: str
    detail: str
    errors: tuple[Problem, ...] = ()
    notice: JsonObject | None = None

    @classmethod
    def of(cls, title: str, notice: Notice, errors: tuple[Problem, ...] = ()) -> Self:
        """The problem that a notice says."""
        return cls(title, str(notice), errors, to_json(notice))


class Run(SQLModel, table=True):
    """Long work that a client requests and polls; `attempts` counts the workers that took it up.

    The same work is pending once at most.
    """

    __table_args__ = (
        Index(
            "ux_run_pending",
            "kind",
            "arguments",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
            sqlite_where=text("state IN ('queued', 'running')"),
        ),
    )

    id: str = Field(primary_key=True)
    kind: str
    state: str = Field(index=True)
    arguments: JsonObject = Field(sa_type=Json(JsonObject, sort_keys=True))
    stage: str = ""
    done: int = 0
    total: int = 0
    result: JsonObject | None = Field(default=None, sa_type=Json(JsonObject))
    problem: RunProblem | None = Field(default=None, sa_type=Json(RunProblem))
    created_at: datetime = Field(sa_type=UtcMoment)
    claimed_until: datetime | None = Field(default=None, sa_type=UtcMoment)
    finished_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class Cycle(SQLModel, table=True):
    """One planned issue of lists: at most one a date.

    `usage_bounds` has per category the units from which a buyer is a medium or a heavy one,
    `summary` the result of the cycle. `mail_holdout` is whether the households that it held out
    are mailed their lists without offers. A withdrawn cycle has no lists that count; its next
    `revision` takes its place.
    """

    id: int = row_id()
    as_of: date = Field(unique=True)
    seed: int
    valid_from: date
    valid_to: date
    issued_at: datetime = Field(sa_type=UtcMoment)
    usage_bounds: list[JsonObject] = Field(sa_type=Json(list[JsonObject]))
    summary: JsonObject = Field(sa_type=Json(JsonObject))
    mail_holdout: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    revision: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class CyclePrice(SQLModel, table=True):
    """The shadow price of one offer after a cycle's allocation, in value cents per cost cent."""

    __tablename__ = "cycle_price"

    cycle_id: int = key_part("cycle.id")
    offer_id: int = key_part("offer.id", index=True)
    budget_price: float
    circulation_price_cents: float


class CycleOffer(SQLModel, table=True):
    """What a cycle issued of one deal: its copies, and the money of all of them.

    `reserved_cents` is what they hold of its budget, or what a partner owes for its slots.
    """

    __tablename__ = "cycle_offer"
    __table_args__ = (Index(None, "cycle_id", "copies"),)

    cycle_id: int = key_part("cycle.id")
    offer_id: int = key_part("offer.id", index=True)
    copies: int = Field(sa_type=BigId)
    face_value_cents: int = Field(sa_type=BigId)
    reserved_cents: int = Field(sa_type=BigId)
    expected_uses: float


class CycleHousehold(SQLModel, table=True):
    """How a cycle treated a household: `exposed`, `holdout` (a list without offers), or `general`
    (it agreed to no profile, and its list follows from nothing that it bought).

    `tier` is the household's tier of worth then, which deals may target; `worth_decile` its place
    among the eligible by worth, 10 the best. In the year before it paid `basket_year_cents` in
    `year_baskets`; null where the rule picked nothing for it.
    """

    __tablename__ = "cycle_household"

    cycle_id: int = key_part("cycle.id")
    household_id: int = key_part("household.id", index=True)
    arm: str
    tier: str | None = None
    worth_decile: int | None = None
    basket_year_cents: int | None = Field(default=None, sa_type=BigId)
    year_baskets: int | None = None


class CycleLeftOut(SQLModel, table=True):
    """A household that a cycle would have given a list, and whose letter cannot be printed.

    `reason` is why, `detail` what of its address is at fault and what to do.
    """

    __tablename__ = "cycle_left_out"

    cycle_id: int = key_part("cycle.id")
    household_id: int = key_part("household.id", index=True)
    reason: str
    detail: str = Field(sa_type=Text)


class CycleGeneral(SQLModel, table=True):
    """An item of the lists that follow from no purchase of their household, as of a cycle.

    `p_purchase` is the share of households that buy it within the horizon.
    """

    __tablename__ = "cycle_general"

    cycle_id: int = key_part("cycle.id")
    item_id: int = key_part("item.id", index=True)
    p_purchase: float


class CyclePick(SQLModel, table=True):
    """A copy that the rule of a cycle picks for a household at the cycle's prices.

    `arm` is `exposed`, `holdout` (of the whole cycle: it gets no offers) or `control` (of this
    deal: it gets others). The purchases of the latter two are what those of the first are compared
    with; each of their copies represents `weight` given ones. `is_given` is whether it is printed.
    `chance` is the share of draws in which the rule picks it, null where nothing was explored or
    it was pinned; `depth_percent` what the deal takes off the price, null where that is not known.
    Amounts are what the household paid for the deal's products in the last days before the lists
    were made and in the year (null where it bought none), and for their category in the year.
    """

    __tablename__ = "cycle_pick"

    cycle_id: int = key_part("cycle.id")
    household_id: int = key_part("household.id", index=True)
    offer_id: int = key_part("offer.id", index=True)
    arm: str
    cell: str
    weight: float
    is_given: bool
    chance: float | None = None
    depth_percent: int | None = None
    paid_14_cents: int | None = Field(default=None, sa_type=BigId)
    paid_28_cents: int | None = Field(default=None, sa_type=BigId)
    paid_56_cents: int | None = Field(default=None, sa_type=BigId)
    paid_year_cents: int | None = Field(default=None, sa_type=BigId)
    category_year_cents: int | None = Field(default=None, sa_type=BigId)


class CycleCap(SQLModel, table=True):
    """The most that a household's money counts for in a report's window of so many `days`.

    For the products of a deal, its category and everything; of the year before, see
    `service.engine.lift.before`.
    """

    __tablename__ = "cycle_cap"

    cycle_id: int = Field(
        foreign_key="cycle.id",
        primary_key=True,
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
    days: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    deal_cents: int | None = Field(default=None, sa_type=BigId)
    category_cents: int | None = Field(default=None, sa_type=BigId)
    all_cents: int | None = Field(default=None, sa_type=BigId)


class Response(SQLModel, table=True):
    """How households respond to deals, learned from earlier cycles, as of a date.

    `model` is the text of `service.engine.allocate.value.ResponseModel`; `evidence` the counts it
    was learned from, by cycle and cell. Cycles that ended from `window_from` to before `as_of`
    count.
    """

    id: int = row_id()
    as_of: date = Field(unique=True)
    window_from: date
    learned_at: datetime = Field(sa_type=UtcMoment)
    model: str = Field(sa_type=Text)
    evidence: list[JsonObject] = Field(sa_type=Json(list[JsonObject]))


class Batch(SQLModel, table=True):
    """A print package of a cycle; revisions and reprints share the cycle's numbers.

    `manifest` is the text of the file. `plan` is a digest of all inputs of the files, `summary`
    counts what was left out and why. The first fetch of a PDF sets `picked_up_at`; the mailing
    house's confirmation that it has the whole package sets `received_at`; from `purged_at` on the
    files are deleted.
    """

    __table_args__ = (UniqueConstraint("cycle_id", "revision"),)

    id: int = row_id()
    cycle_id: int = Field(foreign_key="cycle.id", sa_type=BigId)
    revision: int
    name: str = Field(unique=True)
    state: str
    pieces: int
    pages: int
    manifest: str = Field(sa_type=Text)
    published_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    reprint_of: int | None = Field(default=None, foreign_key="batch.id", index=True, sa_type=BigId)
    plan: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    summary: dict[str, int] = Field(
        default_factory=dict,
        sa_type=Json(dict[str, int]),
        sa_column_kwargs={"server_default": "{}"},
    )
    picked_up_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    received_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    purged_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class Forecast(SQLModel, table=True):
    """A fitted forecasting model as JSON; the newest not after an as-of date is used."""

    id: int = row_id()
    as_of: date = Field(unique=True)
    fitted_at: datetime = Field(sa_type=UtcMoment)
    model: str = Field(sa_type=Text)
