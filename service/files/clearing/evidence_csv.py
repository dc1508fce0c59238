"""The evidence of a claim as CSV: what its supplier may check, and nothing of a household."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from service.currencies import minor_digits
from service.engine.clearing.claim import Claim, ClaimLine
from service.engine.clearing.evidence import LineEvidence
from service.files.csv_cells import to_csv

_NAMES = (
    "claim", "line", "supplier", "deal_ref", "date", "store", "gtin", "units", "discount", "share",
    "currency", "event",
)  # fmt: skip


def evidence_csv(claim: Claim, found: Sequence[LineEvidence]) -> bytes:
    """One row for each product of each event; `event` is its digest, the same in all its rows."""
    digits = minor_digits(claim.account.currency)
    lines: dict[int, ClaimLine] = {line.line: line for line in claim.lines}
    money = pl.Decimal(24, digits)
    said = [each.evidence for each in found]

    def amounts(cents: Sequence[int]) -> list[Decimal]:
        return [Decimal(each).scaleb(-digits) for each in cents]

    columns: dict[str, tuple[Sequence[object], pl.DataType]] = {
        "claim": ([claim.number or ""] * len(said), pl.String()),
        "line": ([each.line for each in found], pl.Int64()),
        "supplier": ([lines[each.line].supplier for each in found], pl.String()),
        "deal_ref": ([lines[each.line].deal_ref for each in found], pl.String()),
        "date": ([each.business_date for each in said], pl.Date()),
        "store": ([each.store_id for each in said], pl.String()),
        "gtin": ([f"{each.gtin:014d}" if each.gtin else "" for each in said], pl.String()),
        "units": ([each.units for each in said], pl.Int64()),
        "discount": (amounts([each.discount_cents for each in said]), money),
        "share": (amounts([each.share_cents for each in said]), money),
        "currency": ([claim.account.currency] * len(said), pl.String()),
        "event": ([each.digest for each in said], pl.String()),
    }
    series = [pl.Series(name, columns[name][0], dtype=columns[name][1]) for name in _NAMES]
    return to_csv(pl.DataFrame(series), bom=True)
