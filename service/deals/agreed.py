"""What deals take from the agreements with their suppliers, and what is said without one."""

import polars as pl
from sqlmodel import Session

from service.files.notes import Note
from service.store.clearing import agreements

_NAMED = 5


def with_parties(session: Session, deals: pl.DataFrame) -> pl.DataFrame:
    """Deals with who bears the suppliers' part, by the agreement of their first day.

    `deals`: supplier_id and redeem_from, and others; `parties` is nothing where the supplier bears
    it alone, or nothing is agreed.
    """
    covered = _covered(deals, agreements.terms(session)).select("place", "parties")
    return (
        deals.with_row_index("place")
        .join(covered, on="place", how="left", maintain_order="left")
        .drop("place")
        .with_columns(pl.col("parties").fill_null(""))
    )


def agreement_notes(session: Session, deals: pl.DataFrame) -> tuple[Note, ...]:
    """Deals without an agreement on their first day, or with another fee than agreed.

    `deals`: supplier, supplier_id (null for a new one), redeem_from, kind, handling_fee_cents.
    Nothing is said before anything is agreed with anybody.
    """
    terms = agreements.terms(session)
    if terms.is_empty() or deals.is_empty():
        return ()
    covered = _covered(deals, terms)
    notes = []
    without = deals.with_row_index("place").join(covered, on="place", how="anti")
    if without.height:
        notes.append(
            f"{_deals(without)} no agreement on the first day of redemption: what is redeemed is "
            "claimed once an agreement covers it"
        )
    other = covered.filter(
        (pl.col("kind") == "product") & (pl.col("handling_fee_cents") != pl.col("fee_cents"))
    )
    if other.height:
        notes.append(f"{_deals(other)} another handling fee than was agreed; the deal's is charged")
    return tuple([Note(text) for text in notes])


def _covered(deals: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """The deals that an agreement covers, with its terms; an account has one on any day."""
    return (
        deals.with_row_index("place")
        .join(terms, on="supplier_id", maintain_order="left")
        .filter(pl.col("redeem_from").is_between(pl.col("valid_from"), pl.col("valid_to")))
    )


def _deals(some: pl.DataFrame) -> str:
    names = some["supplier"].unique().sort().to_list()
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    noun, verb = ("deal", "has") if some.height == 1 else ("deals", "have")
    return f"{some.height:,} {noun} ({', '.join(names[:_NAMED])}{more}) {verb}"
