"""How goods look on lists: their pictures, or else what is drawn for them, and their sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import polars as pl
from sqlmodel import Session

from service.engine.content import Pictogram
from service.engine.offers import RunningOffers
from service.engine.offers.candidates import bought
from service.engine.pictogram_words import PictogramWords
from service.engine.records import DealKind
from service.files import layouts
from service.store import content, pictures
from service.store.tables.content import ContentKind
from service.store.tables.picture import PictureKind

_ITEM = ("item_id", "item", "category")


@lru_cache(maxsize=8)
def _pictograms(named: tuple[tuple[str, str], ...]) -> PictogramWords:
    return PictogramWords(layouts.pictogram_words(), dict(named))


@dataclass(frozen=True, slots=True)
class Looks:
    """Digests of pictures, and the pictograms.

    `products` are by GTIN, `offers` by offer (the first of its products that has a picture),
    `departments` by name without regard to case.
    """

    products: Mapping[int, str] = field(default_factory=dict)
    offers: Mapping[int, str] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    logo: str | None = None
    named: tuple[tuple[str, str], ...] = ()

    def of_reminders(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Reminders with `picture` and `pictogram`; they have gtin, item, category, department."""
        names = ("item", "category", "department")
        return rows.with_columns(
            self._column(rows, ("gtin", "department"), "picture", self._picture_of_product),
            self._column(rows, names, "pictogram", self._pictogram),
        )

    def of_offers(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Offers with `picture` and `pictogram`.

        They have offer_id, title, department, kind, and where known gtin, item and category.
        """
        keys = ("gtin", "offer_id", "department")
        names = ("kind", "item", "category", "title", "department")
        return rows.with_columns(
            self._column(rows, keys, "picture", self._picture_of_offer),
            self._column(rows, names, "pictogram", self._pictogram_of_offer),
        )

    def _column(
        self, rows: pl.DataFrame, keys: Sequence[str], name: str, look_up: Any
    ) -> pl.Series:
        found = {key: look_up(*key) for key in rows.select(keys).unique().iter_rows()}
        looks = [found[key] for key in rows.select(keys).iter_rows()]
        return pl.Series(name, looks, dtype=pl.String)

    def _picture_of_product(self, gtin: int | None, department: str) -> str | None:
        mine = None if gtin is None else self.products.get(gtin)
        return mine or self.departments.get(department.casefold())

    def _picture_of_offer(self, gtin: int | None, offer_id: int, department: str) -> str | None:
        mine = None if gtin is None else self.products.get(gtin)
        return mine or self.offers.get(offer_id) or self.departments.get(department.casefold())

    def _pictogram(self, *names: str | None) -> str:
        return str(_pictograms(self.named).of(*(name for name in names if name)))

    def _pictogram_of_offer(self, kind: str, *names: str | None) -> str:
        return str(Pictogram.PARTNER) if kind == DealKind.PARTNER else self._pictogram(*names)


def read_looks(
    session: Session, *, offer_ids: Sequence[int], gtins: Sequence[int] | None = None
) -> Looks:
    """How goods look; of products all with a picture, or those among `gtins`."""
    drawn = content.entries(session).get(ContentKind.PICTOGRAM, [])
    named = pictures.named(session, [PictureKind.DEPARTMENT, PictureKind.LOGO])
    return Looks(
        products=pictures.of_products(session, gtins),
        offers=pictures.of_offers(session, offer_ids),
        departments={
            name.casefold(): digest
            for (kind, name), digest in named.items()
            if kind == PictureKind.DEPARTMENT
        },
        logo=named.get((PictureKind.LOGO, "")),
        named=tuple((name, str(body["pictogram"])) for name, body in drawn),
    )


def needs_of(
    copies: pl.DataFrame,
    *,
    running: RunningOffers,
    scores: pl.DataFrame,
    products: pl.DataFrame,
    catalogue: pl.DataFrame,
) -> pl.DataFrame:
    """What of its needs each copy covers: a row a copy, empty where the household buys nothing.

    `copies` has household_id and offer_id, `products` is as `bought_products` returns it. Adds
    `item`, `category`, when it is needed (`last_bought_on`, `interval_days`, `expected_on`), and of
    the product that the household buys most often of those that count, if it buys any, `gtin`,
    `usual_size` and `price_cents`.
    """
    known = catalogue.select(_ITEM).unique("item_id", keep="first", maintain_order=True)
    shelf = catalogue.select("gtin", pl.col("package_size").alias("usual_size"), "price_cents")
    likeliest = (
        copies.select("household_id", "offer_id")
        .join(running.items, on="offer_id")
        .join(
            bought(scores).select(
                "household_id", "item_id", "p_purchase",
                "last_bought_on", "interval_days", "expected_on",
            ),
            on=["household_id", "item_id"],
        )
        .sort(
            "household_id", "offer_id", "p_purchase", "item_id",
            descending=[False, False, True, False],
        )
        .unique(["household_id", "offer_id"], keep="first", maintain_order=True)
        .join(known, on="item_id", how="left")
    )  # fmt: skip
    counting = (
        products.join(running.products, on="gtin")
        .join(copies, on=["household_id", "offer_id"], how="semi")
        .sort(
            "household_id", "offer_id", "times", "purchased_at", "gtin",
            descending=[False, False, True, True, False],
        )
        .unique(["household_id", "offer_id"], keep="first", maintain_order=True)
        .select("household_id", "offer_id", "gtin")
        .join(shelf, on="gtin")
    )  # fmt: skip
    return likeliest.drop("item_id", "p_purchase").join(
        counting, on=["household_id", "offer_id"], how="left"
    )
