"""What deals were agreed to be: all of a revision's terms, as it was loaded and as it is read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.engine.allocate.value import CELLS
from service.engine.codes import gtin_text
from service.store.offers import full_terms
from service.store.session import Database
from service.store.tables.offer import Offer


@dataclass(frozen=True, slots=True)
class DealTerms:
    """All that a revision of a deal says. Money is in cents, shares are per cent.

    `terms` is the condition and the benefit as tills read them, None for a partner's slot;
    `face_values_cents` are by cell, empty where all cells have the same; `texts` are title and
    small print by language.
    """

    terms: dict[str, Any] | None
    value_text: str | None
    face_values_cents: dict[str, int]
    limit_per_household: int
    funding_share_percent: int
    funding_cap_cents: int | None
    handling_fee_cents: int
    copy_fee_cents: int
    control_share_percent: int
    legal: str
    texts: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class LoadedRow:
    """What a revision was loaded from: the cells of its row by column, and the GTINs of each set.

    The products are those that count now, whatever the row named them by.
    """

    columns: dict[str, str]
    products: Sequence[Sequence[str]]


def terms_of(database: Database, numbers: Sequence[int]) -> dict[int, DealTerms]:
    """The terms of some revisions by their number."""
    with database.read() as session:
        found = full_terms.revisions(session, numbers)
    return {number: _terms(offer) for number, offer in found.items()}


def loaded_rows(database: Database, numbers: Sequence[int]) -> dict[int, LoadedRow]:
    """What some revisions were loaded from, by their number."""
    with database.read() as session:
        found = full_terms.revisions(session, numbers)
        sets = {number: full_terms.product_sets(session, number) for number in found}
    return {
        number: LoadedRow(
            {name: str(cell) for name, cell in offer.given.items()},
            [[gtin_text(gtin) for gtin in each] for each in sets[number]],
        )
        for number, offer in found.items()
    }


def _terms(offer: Offer) -> DealTerms:
    stored = json.loads(offer.terms)
    return DealTerms(
        terms=stored or None,
        value_text=offer.value_text,
        face_values_cents=dict(zip(CELLS, offer.face_values, strict=False)),
        limit_per_household=offer.limit_per_household,
        funding_share_percent=offer.funding_share,
        funding_cap_cents=offer.funding_cap_cents,
        handling_fee_cents=offer.handling_fee_cents,
        copy_fee_cents=offer.copy_fee_cents,
        control_share_percent=offer.control_share,
        legal=offer.legal,
        texts=offer.texts,
    )
