"""Reports of lift, frozen when their window ended, and what suppliers were shown of them."""

from datetime import date, datetime

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.engine.lift.attacker import Known
from service.engine.lift.figures import Figures
from service.engine.lift.shown import SupplierReport
from service.store.tables.types import BigId, Json, UtcMoment, key_part, row_id


class LiftReport(SQLModel, table=True):
    """The figures of a deal of a cycle in one window, as they were when the window became final.

    It is never changed. An addendum is counted later, for the last window only.
    """

    __tablename__ = "lift_report"
    __table_args__ = (UniqueConstraint("cycle_id", "first_day", "offer_id", "is_addendum"),)

    id: int = row_id()
    cycle_id: int = Field(foreign_key="cycle.id", sa_type=BigId)
    offer_id: int = Field(foreign_key="offer.id", index=True, sa_type=BigId)
    first_day: int
    last_day: int
    is_addendum: bool
    counted_until: date
    made_at: datetime = Field(sa_type=UtcMoment)
    figures: Figures = Field(sa_type=Json(Figures))


class LiftRows(SQLModel, table=True):
    """The rows by which a report's arms are drawn again, as Parquet; `sha256` is theirs.

    One row a household: a pseudonym that nobody can trace, its stratum, arm and outcome. `p_values`
    are those found by drawing again at the retailer, by control.
    """

    __tablename__ = "lift_rows"

    report_id: int = key_part("lift_report.id")
    sha256: str
    p_values: dict[str, float] = Field(
        default_factory=dict,
        sa_type=Json(dict[str, float]),
        sa_column_kwargs={"server_default": "{}"},
    )
    content: bytes = Field(sa_type=LargeBinary)


class LiftRelease(SQLModel, table=True):
    """What a supplier was shown of one subject: a deal, or a period.

    It is never changed: when more reports of the subject are there, the next release follows.
    `reports` are their ids, `knowledge` is what the numbers of `content` say of sums of cells, and
    `digest` is the SHA-256 of `content` as JSON.
    """

    __tablename__ = "lift_release"
    __table_args__ = (UniqueConstraint("supplier_id", "subject", "number"),)

    id: int = row_id()
    supplier_id: int = Field(foreign_key="supplier.id", sa_type=BigId)
    subject: str
    number: int
    reports: list[int] = Field(sa_type=Json(list[int]))
    knowledge: list[Known] = Field(sa_type=Json(list[Known]))
    made_at: datetime = Field(sa_type=UtcMoment)
    digest: str
    content: SupplierReport = Field(sa_type=Json(SupplierReport))


class LiftShowing(SQLModel, table=True):
    """A release was shown: to whom, when, in which form and language. Append-only."""

    __tablename__ = "lift_showing"

    id: int = row_id()
    release_id: int = Field(foreign_key="lift_release.id", index=True, sa_type=BigId)
    shown_to: str
    shown_at: datetime = Field(sa_type=UtcMoment)
    form: str
    sha256: str
