"""Pins and bans as asked for and shown."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from service.api.deps import MAX_ID
from service.api.schemas.wire import PLAIN, Wire
from service.cycle.overrides import MOST_REASON
from service.engine.offers.overrides import OverrideAct
from service.store.overrides import NamedOverride

Number = Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]


class OverrideIn(Wire):
    """A deal to pin or to ban, by the number of any revision.

    For the `household` with that number of the retailer, for one of the nine cells, or for all
    where neither is named.
    """

    act: OverrideAct
    deal: Number
    household: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f]*$")
    cell: str = Field(default="", max_length=40, examples=["switcher_heavy"])
    reason: str = Field(min_length=1, max_length=MOST_REASON, pattern=PLAIN)


class OverrideOut(BaseModel):
    """A pin or a ban; one that was ended has `ended_at`. `deal` is the deal's first revision."""

    id: int
    act: str
    deal: int
    supplier: str
    deal_id: str
    title: str
    household: str
    cell: str
    reason: str
    made_by: str
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None

    @classmethod
    def of(cls, named: NamedOverride) -> Self:
        """The same, on the wire."""
        row = named.override
        return cls(
            id=row.id,
            act=row.act,
            deal=row.deal_id,
            supplier=named.supplier,
            deal_id=named.deal_ref,
            title=named.title,
            household=named.household,
            cell=row.cell or "",
            reason=row.reason,
            made_by=row.actor,
            made_at=row.made_at,
            ended_by=row.ended_by,
            ended_at=row.ended_at,
        )
