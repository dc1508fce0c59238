"""What households said of brands, deals and what they do not eat, as it bears on their offers.

Refused deals and brands are bans beside those of people (`overrides`); this is the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from service.engine.offers.overrides import OverrideAct

_KEYS = ["household_id", "offer_id"]
PAIRS = {"household_id": pl.Int64, "offer_id": pl.Int64}
BRANDS = {"household_id": pl.Int64, "category_id": pl.Int64, "brand": pl.String}


@dataclass(frozen=True, slots=True)
class Asked:
    """What some households ask for and what does not suit them.

    `preferred` and `unsuited` are pairs (household_id, offer_id). `brands` (household_id,
    category_id, brand) is the kind of brand (as in `segment.cells`) that a household says it takes
    in a category.
    """

    preferred: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PAIRS))
    unsuited: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PAIRS))
    brands: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BRANDS))

    def frames(self) -> Iterator[pl.DataFrame]:
        """All of it."""
        yield from (self.preferred, self.unsuited, self.brands)

    def in_cells(self, of_cell: pl.DataFrame) -> pl.DataFrame:
        """The cells (household_id, category_id, cell) with the kind of brand that is said."""
        if self.brands.is_empty():
            return of_cell
        usage = pl.col("cell").str.extract("_([a-z]+)$")
        said = pl.format("{}_{}", "brand", usage)
        return (
            of_cell.join(
                self.brands, on=["household_id", "category_id"], how="left", maintain_order="left"
            )
            .with_columns(pl.coalesce(said, "cell").alias("cell"))
            .drop("brand")
        )

    def in_likely(
        self, likely: pl.DataFrame, households: pl.Series, overrides: pl.DataFrame, *, least: float
    ) -> pl.DataFrame:
        """The pairs and their chances (household_id, offer_id, p_purchase) with what is preferred.

        That has at least the chance `least`, bought before or not, unless it is banned from the
        household's own list.
        """
        if self.preferred.is_empty():
            return likely
        banned = overrides.filter(
            (pl.col("act") == OverrideAct.BAN) & pl.col("household_id").is_not_null()
        )
        asked = self.preferred.filter(pl.col("household_id").is_in(households.implode())).join(
            banned, on=_KEYS, how="anti"
        )
        raised = asked.join(likely, on=_KEYS, how="left").select(
            *_KEYS, pl.max_horizontal(pl.col("p_purchase").fill_null(0.0), least)
            .alias("p_purchase"),
        )  # fmt: skip
        others = likely.join(asked, on=_KEYS, how="anti", maintain_order="left")
        return pl.concat([others, raised.select(likely.columns)])

    def suited(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs of a household and an offer that suits it, as far as is known."""
        return pairs.join(self.unsuited, on=_KEYS, how="anti", maintain_order="left")
