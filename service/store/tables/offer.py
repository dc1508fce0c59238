"""What suppliers pay for: offers, their products, and the files they were loaded from."""

from datetime import date, datetime

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import (
    BigId,
    ByteOrdered,
    Json,
    JsonObject,
    UtcMoment,
    key_part,
    row_id,
)

_ISSUABLE = "state IN ('approved', 'running', 'exhausted')"
_CURRENT = "state <> 'replaced'"
_GUARANTEED = f"circulation_min IS NOT NULL AND {_ISSUABLE}"


class Offer(SQLModel, table=True):
    """One revision of one deal. `terms` is the condition and benefit as JSON.

    `deal_id` is the id of the deal's first revision, null on that one itself. `limit_per_household`
    is how often a household may use the deal, over all its lists and all revisions.
    `funding_share` is the supplier's per cent of the discount; the retailer bears the rest.
    `price_cents` is the median price of its products, `private_label` whether most are the store's.
    `control_share` is the per cent of households that never get it, so that its effect shows.
    A null budget or circulation limit means there is none; `funding_cap_cents` is the most the
    supplier bears of one redemption. `kind` is `product`, or `partner` for a slot that is printed
    and never redeemed here; its payer owes `copy_fee_cents` for every copy printed, and
    `value_text` is printed in place of a discount. `texts` holds title and small print by
    language, `face_values` nine amounts by cell or nothing, `targets` who may get it, `given` the
    contents of the row. `parties` are who bears the suppliers' part, as JSON, or nothing where its
    supplier bears it alone; it is never changed once a copy was issued. From `stopped_at` on the
    till refuses its lines. `search_text` is by what it is found (`store/searching.py`).
    """

    __table_args__ = (
        UniqueConstraint("supplier_id", "deal_ref", "revision"),
        Index(
            "ix_offer_stopped",
            "id",
            postgresql_where=text("stopped_at IS NOT NULL"),
            sqlite_where=text("stopped_at IS NOT NULL"),
        ),
        # Few deals were promised a circulation.
        Index(
            "ix_offer_guaranteed",
            "id",
            "deal_id",
            "circulation_min",
            postgresql_where=text(_GUARANTEED),
            sqlite_where=text(_GUARANTEED),
        ),
        Index("ix_offer_state", "state"),
        # What is looked at of every deal that may be issued.
        Index(
            "ix_offer_issuable",
            "id",
            "deal_id",
            "budget_cents",
            postgresql_where=text(_ISSUABLE),
            sqlite_where=text(_ISSUABLE),
        ),
        # Deals are put in the order of their titles by it, and found without their rows.
        Index(
            "ix_offer_search",
            "search_text",
            "id",
            postgresql_where=text(_CURRENT),
            sqlite_where=text(_CURRENT),
        ),
    )

    id: int = row_id()
    supplier_id: int = Field(foreign_key="supplier.id", index=True, sa_type=BigId)
    deal_ref: str
    revision: int
    deal_id: int | None = Field(default=None, sa_type=BigId)
    state: str
    upload_id: int = Field(foreign_key="upload.id", index=True, sa_type=BigId)
    digest: str
    title: str
    category_id: int = Field(foreign_key="category.id", index=True, sa_type=BigId)
    terms: str = Field(sa_type=Text)
    private_label: bool
    price_cents: int
    face_value_cents: int
    limit_per_household: int
    funding_share: int
    control_share: int = 0
    handling_fee_cents: int
    budget_cents: int | None = Field(default=None, sa_type=BigId)
    circulation_max: int | None = None
    circulation_min: int | None = None
    mail_from: date
    mail_to: date
    redeem_from: date
    redeem_to: date
    legal: str = ""
    stopped_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    kind: str = Field(default="product", sa_column_kwargs={"server_default": "product"})
    funding_cap_cents: int | None = None
    copy_fee_cents: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    value_text: str | None = None
    texts: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        sa_type=Json(dict[str, dict[str, str]]),
        sa_column_kwargs={"server_default": "{}"},
    )
    face_values: list[int] = Field(
        default_factory=list, sa_type=Json(list[int]), sa_column_kwargs={"server_default": "[]"}
    )
    targets: dict[str, list[str]] = Field(
        default_factory=dict,
        sa_type=Json(dict[str, list[str]]),
        sa_column_kwargs={"server_default": "{}"},
    )
    given: JsonObject = Field(
        default_factory=dict, sa_type=Json(JsonObject), sa_column_kwargs={"server_default": "{}"}
    )
    search_text: str = Field(
        default="", sa_type=ByteOrdered, sa_column_kwargs={"server_default": text("''")}
    )
    parties: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})


class OfferProduct(SQLModel, table=True):
    """A product that counts for an offer, in one of its product sets (numbered from 0)."""

    __tablename__ = "offer_product"

    offer_id: int = key_part("offer.id")
    set_number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    gtin: int = key_part("product.gtin", index=True)


class OfferExclusion(SQLModel, table=True):
    """A product that an offer excludes from a product set, so that the till can report it.

    It would count if there were no exclusion or restriction, or it is excluded by its GTIN.
    """

    __tablename__ = "offer_exclusion"

    offer_id: int = key_part("offer.id")
    set_number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    gtin: int = key_part("product.gtin", index=True)


class Upload(SQLModel, table=True):
    """One file of deals, recognised by its SHA-256 when it is loaded again."""

    id: int = row_id()
    name: str
    sha256: str = Field(unique=True)
    uploaded_at: datetime = Field(sa_type=UtcMoment)
    uploaded_by: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    rows: int


class OfferEvent(SQLModel, table=True):
    """The audit trail of deals: who did what to a revision, and when. Append-only.

    `actor` names a person, a key or a user of a machine, or is `larder` for automatic changes of
    state; `person_id` is the person behind it, if there is one.
    """

    __tablename__ = "offer_event"
    __table_args__ = (
        Index(None, "person_id", "happened_at", "id"),
        Index(None, "happened_at", "id"),
    )

    id: int = row_id()
    offer_id: int = Field(foreign_key="offer.id", index=True, sa_type=BigId)
    act: str
    from_state: str
    to_state: str
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    detail: JsonObject = Field(sa_type=Json(JsonObject, sort_keys=True))
    happened_at: datetime = Field(sa_type=UtcMoment)
