"""What suppliers have no stock of."""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class StockStop(SQLModel, table=True):
    """A supplier has nothing of a product, or for a deal, until the day `back_on`.

    One of `deal_id` (as `offer.deal_id`, the first revision) and `gtin` is null. A product's stop
    is for the deals of all suppliers whom the payer of `supplier_id` pays for. `ended_at` is null
    while it lasts; `ended_by` is who ended it, `larder` for its day.
    """

    __tablename__ = "stock_stop"
    __table_args__ = (
        Index(
            "ix_stock_stop_open",
            "id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    id: int = row_id()
    supplier_id: int = Field(foreign_key="supplier.id", index=True, sa_type=BigId)
    deal_id: int | None = Field(default=None, sa_type=BigId)
    gtin: int | None = Field(default=None, foreign_key="product.gtin", sa_type=BigId)
    back_on: date
    reported_at: datetime = Field(sa_type=UtcMoment)
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    ended_by: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
