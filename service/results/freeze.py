"""The reports of a window that became final: frozen figures, and the rows to draw them again by."""

import hashlib
import io
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite

import numpy as np
import polars as pl

from service.engine.allocate.value import CELLS
from service.engine.lift.disclosure import FEWEST
from service.engine.lift.figures import (
    Apart,
    ArmFigures,
    Comparison,
    Counts,
    Estimate,
    Figures,
    PlaceArm,
    PlaceFigures,
    Uses,
)
from service.engine.lift.outcomes import VARIABLES, index_of
from service.engine.lift.redraw import kept_rows
from service.engine.lift.silence import Silence
from service.engine.offers import Arm
from service.results.compare import JUDGED, DealLift, Judgement, Side
from service.store.outcomes import Sums

_KEY_BYTES = 32
_NO_USES = Uses(0, 0)


def figures_of(
    sums: Iterable[Sums],
    judged: Sequence[Judgement],
    uses: pl.DataFrame,
    silent: tuple[Silence, ...],
) -> dict[int, Figures]:
    """The figures of one window by deal.

    `uses` in the window: household_id, offer_id, region (of the till), uses.
    """
    comparisons: dict[int, dict[str, Comparison]] = {}
    for each in judged:
        of_deal = comparisons.setdefault(each.lift.offer_id, {})
        of_deal[each.lift.against.value] = _comparison(each)
    regions: dict[int, dict[str, Counts]] = {}
    cells: dict[int, dict[str, Counts]] = {}
    for row in sums:
        of_region, of_cell = (
            regions.setdefault(row.offer_id, {}),
            cells.setdefault(row.offer_id, {}),
        )
        if row.arm == Arm.EXPOSED:
            counts = _counts(row)
            _add(of_region, row.region, counts)
            _add(of_cell, row.cell, counts)
    at_tills, in_all = _uses(uses)
    return {
        offer_id: Figures(
            comparisons=comparisons.get(offer_id, {}),
            regions=regions[offer_id],
            cells={cell: cells[offer_id][cell] for cell in CELLS if cell in cells[offer_id]},
            uses=at_tills.get(offer_id, {}),
            uses_in_all=in_all.get(offer_id, _NO_USES),
            silent=silent,
        )
        for offer_id in regions
    }


def rows_of(found: pl.DataFrame) -> Iterator[tuple[int, str, bytes]]:
    """For each deal the rows to draw its report again by: the deal, their SHA-256, and Parquet.

    `found` has household_id, offer_id, arm, cell and the outcomes. The key of the pseudonyms is
    random, one a report, and forgotten here: nobody can ever say whose a row is.
    """
    stratum = pl.col("cell").replace_strict(
        {cell: n for n, cell in enumerate(CELLS)}, return_dtype=pl.Int64
    )
    columns = ["household_id", stratum.alias("stratum"), "arm", pl.col(JUDGED).alias("outcome")]
    parts = found.sort("offer_id").partition_by("offer_id", as_dict=True, maintain_order=True)
    for (offer_id,), part in parts.items():
        if part["arm"].n_unique() == 1:
            continue
        rows = kept_rows(part.select(columns), key=secrets.token_bytes(_KEY_BYTES))
        out = io.BytesIO()
        rows.write_parquet(out, compression="zstd", statistics=False)
        content = out.getvalue()
        yield int(offer_id), hashlib.sha256(content).hexdigest(), content


def _comparison(each: Judgement) -> Comparison:
    lift = each.lift
    return Comparison(
        exposed=_arm(lift.exposed),
        control=_arm(lift.control),
        expected_share=lift.ratio.expected_share,
        share=lift.ratio.share if isfinite(lift.ratio.share) else None,
        ratio_p=lift.ratio.p_value,
        balance=_balance(lift),
        effects={
            name: None if found is None else Estimate.of(found)
            for name, found in lift.effects.items()
        },
        sold_more=each.sold_more,
        pooled=each.pooled,
        salt=lift.salt,
        control_percent=lift.control_percent,
        places=tuple(
            PlaceFigures(
                each.side,
                each.name,
                PlaceArm(each.exposed.households, each.exposed.sales),
                PlaceArm(each.control.households, each.control.sales),
                Estimate.of(each.effect),
            )
            for each in lift.places
            if each.effect is not None
            and min(each.exposed.households, each.control.households) >= FEWEST
        ),
    )


def _balance(lift: DealLift) -> dict[str, Apart]:
    return {
        name: Apart(found.apart, found.p_value if isfinite(found.p_value) else None)
        for name, found in lift.balance.items()
        if isfinite(found.apart)
    }


def _arm(side: Side) -> ArmFigures:
    return ArmFigures(side.households, side.given, side.redeemed, side.sales)


def _counts(row: Sums) -> Counts:
    totals = np.frombuffer(row.sums, dtype="<f8", count=len(VARIABLES))
    bought, new = (round(float(totals[index_of(name)])) for name in ("bought", "new_to_brand"))
    return Counts(row.given, bought, new)


def _add(into: dict[str, Counts], key: str, counts: Counts) -> None:
    into[key] = into[key] + counts if key in into else counts


def _uses(uses: pl.DataFrame) -> tuple[Mapping[int, dict[str, Uses]], Mapping[int, Uses]]:
    counted = [pl.col("uses").sum(), pl.col("household_id").n_unique().alias("households")]
    by_region: dict[int, dict[str, Uses]] = {}
    for offer_id, region, number, households in (
        uses.group_by("offer_id", "region").agg(counted).sort("offer_id", "region").iter_rows()
    ):
        by_region.setdefault(offer_id, {})[region] = Uses(number, households)
    in_all = {
        offer_id: Uses(number, households)
        for offer_id, number, households in uses.group_by("offer_id").agg(counted).iter_rows()
    }
    return by_region, in_all
