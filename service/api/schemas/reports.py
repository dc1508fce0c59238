"""Management's reports as rows; amounts in minor units where a name says cents."""

from datetime import date

from pydantic import BaseModel, Field


class SalesOut(BaseModel):
    """What was sold in a period of one of the names, and in the same period a year before.

    `change` is a share, null where nothing was sold then.
    """

    first: date = Field(validation_alias="from")
    last: date = Field(validation_alias="to")
    name: str
    sales_cents: int
    units: float
    baskets: int
    customers: int
    first_before: date = Field(validation_alias="from_before")
    last_before: date = Field(validation_alias="to_before")
    sales_cents_before: int
    units_before: float
    baskets_before: int
    customers_before: int
    change: float | None


class SalesReportOut(BaseModel):
    """Rows by period and name."""

    rows: list[SalesOut]


class StoreOut(BaseModel):
    """A store: `conversion` of visitors who bought, null without a counter at its door."""

    store: str
    sales_cents: int
    baskets: int
    visitors: int
    counted_baskets: int
    using_baskets: int
    using_cents: int
    ticket_cents: float | None
    conversion: float | None
    using_share: float | None
    sales_cents_before: int
    baskets_before: int
    visitors_before: int
    counted_baskets_before: int
    using_baskets_before: int
    using_cents_before: int
    ticket_cents_before: float | None
    conversion_before: float | None
    using_share_before: float | None


class StoresReportOut(BaseModel):
    """Rows by store."""

    rows: list[StoreOut]


class ShareOut(BaseModel):
    """The best `share` of the households, and what of all sales and margin they brought."""

    share: float
    households: int
    of_sales: float
    of_margin: float


class ConcentrationOut(BaseModel):
    """Of all known households that bought; `unknown_cents` were paid by nobody known."""

    households: int
    sales_cents: int
    unknown_cents: int
    rows: list[ShareOut]


class LeavingOut(BaseModel):
    """A household that stays away; of its gaps `chance` are as long. It used to buy `bought`."""

    household: str
    tier: str
    year_cents: int
    last_day: date
    days_away: int
    usual_days: float
    chance: float
    visits: int
    bought: list[str]


class LeavingReportOut(BaseModel):
    """Whoever paid the most comes first."""

    rows: list[LeavingOut]


class PartOut(BaseModel):
    """All of a programme, a class, region, cell or category; what its households did more, or null.

    Money is in the currency's main unit; `low` and `high` are the ends of 95 %.
    """

    kind: str
    name: str
    households: int
    held_out: int
    copies: int
    bought_added: float | None
    bought_low: float | None
    bought_high: float | None
    units_added: float | None
    units_low: float | None
    units_high: float | None
    sales_added: float | None
    sales_low: float | None
    sales_high: float | None
    margin_added: float | None
    margin_low: float | None
    margin_high: float | None
    supplier_paid_added: float | None
    supplier_paid_low: float | None
    supplier_paid_high: float | None
    new_to_brand_added: float | None
    new_to_brand_low: float | None
    new_to_brand_high: float | None
    own_brand_added: float | None
    own_brand_low: float | None
    own_brand_high: float | None
    basket_sales_added: float | None
    basket_sales_low: float | None
    basket_sales_high: float | None


class CostOut(BaseModel):
    """What a programme cost: copies on letters, uses, who bore what came off, handling fees."""

    copies: int
    mailed: int
    uses: int
    supplier_cents: int
    retailer_cents: int
    fee_cents: int


class ProgrammeOut(BaseModel):
    """What the cycles of a period added and cost; not final while late sales may come."""

    first: date
    last: date
    cycles: int
    is_final: bool
    cost: CostOut
    rows: list[PartOut]
