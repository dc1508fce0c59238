"""Sums of cycles, kept beside the rows they count so that a page need not count them again."""

from datetime import date

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, key_part


class CycleSupplier(SQLModel, table=True):
    """What a cycle issued of one supplier's deals of a kind, partners' slots apart from products.

    Written when it is issued; the sums of `cycle_offer`.
    """

    __tablename__ = "cycle_supplier"

    cycle_id: int = key_part("cycle.id")
    supplier_id: int = key_part("supplier.id")
    kind: str = Field(primary_key=True)
    deals: int = Field(sa_type=BigId)
    copies: int = Field(sa_type=BigId)
    face_value_cents: int = Field(sa_type=BigId)
    reserved_cents: int = Field(sa_type=BigId)
    expected_uses: float


class CycleDay(SQLModel, table=True):
    """The uses that count of a cycle's lists on one business day, up to the mark of sums."""

    __tablename__ = "cycle_day"

    cycle_id: int = key_part("cycle.id")
    day: date = Field(primary_key=True)
    uses: int = Field(default=0, sa_type=BigId)
    discount_cents: int = Field(default=0, sa_type=BigId)
    supplier_cents: int = Field(default=0, sa_type=BigId)
