"""Partners' slots: a service or a neighbouring business pays to be on lists, without goods."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from service.deals.coded_grid import Positions
from service.deals.columns import FACE_VALUES
from service.deals.interpreted import COLUMNS_BY_KIND, WINDOW_COLUMNS
from service.deals.product_sets import ReportFault
from service.deals.row_faults import RowFaults
from service.engine.records import PARTNERS, DealKind

PARTNER_CATEGORY = PARTNERS
"""The category of slots without goods, and its department: no product is in it."""

_NOT_FOR_PARTNERS = (
    "eligible_gtins", "eligible_items", "eligible_categories", "eligible_brands",
    "excluded_gtins", "excluded_items", "excluded_categories", "excluded_brands", "with_gtins",
    "with_items", "with_quantity", "benefit", "value", "get_quantity", "benefit_cap", "covers",
    "min_quantity", "unit", "min_spend", "uses_per_basket", "face_value", *FACE_VALUES,
    "funding_share_percent", "funding_cap", "handling_fee", "limit_per_household",
    "target_cells", "target_buyers",
)  # fmt: skip
ONLY_FOR_PARTNERS = ("copy_fee", "value_text")
_PARTNER_COLUMNS = ("kind", *_NOT_FOR_PARTNERS, *ONLY_FOR_PARTNERS, *WINDOW_COLUMNS)


def interpret_partners(positions: Positions, row_faults: RowFaults) -> pl.DataFrame:
    """Interpret partners' slots: their columns, by position."""
    found, of = row_faults.group_rows(positions, _PARTNER_COLUMNS)
    slots = [_interpret_slot(values, report) for values, report, _ in found]
    frame = pl.DataFrame(slots, schema=COLUMNS_BY_KIND, orient="row")[of]
    return frame.with_columns(pl.Series("position", positions, pl.Int64))


def _interpret_slot(values: Mapping[str, Any], report: ReportFault) -> dict[str, Any]:
    for column in _NOT_FOR_PARTNERS:
        if column in values and values[column] not in (0, "", ()):
            report(column, "does not fit a partner", "leave it empty")
    for column in ONLY_FOR_PARTNERS:
        if column not in values:
            report(column, "is empty", "a partner's slot needs it")
    return {
        "kind": str(DealKind.PARTNER),
        "restricted": 0,
        "terms": "{}",
        "face_value_cents": 0,
        "face_values": "[]",
        "limit_per_household": 1,
        "funding_share": 100,
        "funding_cap_cents": None,
        "handling_fee_cents": 0,
        "redeem_from": values.get("redeem_from", values["mail_from"]),
        "redeem_to": values.get("redeem_to", date(2100, 12, 31)),
        "copy_fee_cents": values.get("copy_fee", 0),
        "value_text": values.get("value_text"),
    }
