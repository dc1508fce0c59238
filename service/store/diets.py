"""Queries on what households do not eat, and on what is known of products.

Allergies and diets are read here for lists and for the household's own page, and nowhere else:
not for targeting, reports, suppliers or files.
"""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from service.engine.diets import Allergen, Diet, Needs, read_needs
from service.store.bulk import stage
from service.store.offers.goods import stage_goods

# The consent is asked for each time, whatever took it back.
_AGREED = """EXISTS (SELECT 1 FROM consent c WHERE c.id = (
    SELECT max(id) FROM consent WHERE household_id = a.household_id AND purpose = 'diet')
    AND c.granted)"""
_SAID = f"""SELECT a.household_id, a.words FROM household_answer a
    WHERE a.question IN ('allergies', 'diets') AND a.words <> '' {{some}}
    AND a.id = (SELECT max(id) FROM household_answer WHERE household_id = a.household_id
                AND question = a.question)
    AND {_AGREED} ORDER BY a.household_id"""
_STAGED = "AND a.household_id IN (SELECT key FROM staged_eater)"


def read_household_needs(
    session: Session, household_ids: Sequence[int] | None = None
) -> pl.DataFrame:
    """What all households, or some, must not or will not eat: household_id, need."""
    some = ""
    if household_ids is not None:
        stage(session, "staged_eater", pl.DataFrame({"key": household_ids}, {"key": pl.Int64}))
        some = _STAGED
    rows = session.execute(text(_SAID.format(some=some)))
    return read_needs((household_id, words) for household_id, words in rows)


def read_needs_of(
    session: Session,
    offer_ids: Sequence[int],
    *,
    household_ids: Sequence[int] | None = None,
    gtins: Sequence[int] | None = None,
) -> Needs:
    """What all households, or some, do not eat, and what of the offers and products breaks it.

    With `gtins` only those products are looked at, beside the items and the offers.
    """
    households = read_household_needs(session, household_ids)
    needs = households["need"].unique().sort().to_list()
    if not needs:
        return Needs()
    stage_goods(session, offer_ids)
    some = ""
    if gtins is not None:
        stage(session, "staged_good", pl.DataFrame({"key": gtins}, {"key": pl.Int64}))
        some = "JOIN staged_good g ON g.key = p.gtin"
    offers = "JOIN staged_goods o ON o.gtin = p.gtin"
    return Needs(
        households=households,
        products=_broken(session, "p.gtin", "gtin", some, needs),
        items=_broken(session, "p.item_id", "item_id", "", needs),
        offers=_broken(session, "o.offer_id", "offer_id", offers, needs),
    )


def known_of_offers(
    session: Session, needs: Sequence[str], offer_ids: Sequence[int]
) -> dict[int, tuple[bool, bool]]:
    """Of each offer with products whether one breaks a need, and whether one is not known."""
    stage_goods(session, offer_ids)
    rows = session.execute(
        text(
            f"""SELECT o.offer_id, {_judged(needs)} FROM staged_goods o
                JOIN product p ON p.gtin = o.gtin
                GROUP BY o.offer_id"""
        )
    )
    return {key: (bool(broken), bool(unknown)) for key, broken, unknown in rows}


def known_of_goods(
    session: Session, needs: Sequence[str], item_ids: Sequence[int]
) -> dict[tuple[int, str], tuple[bool, bool]]:
    """The same of the products of some items, by item and description."""
    stage(session, "staged_item", pl.DataFrame({"key": item_ids}, {"key": pl.Int64}))
    rows = session.execute(
        text(
            f"""SELECT p.item_id, p.description, {_judged(needs)} FROM product p
                JOIN staged_item s ON s.key = p.item_id GROUP BY p.item_id, p.description"""
        )
    )
    return {(key, name): (bool(broken), bool(unknown)) for key, name, broken, unknown in rows}


def _judged(needs: Sequence[str]) -> str:
    broken = " OR ".join(map(_breaks, needs))
    unknown = " OR ".join(f"p.{_column(need)} IS NULL" for need in needs)
    return ", ".join(f"max(CASE WHEN {each} THEN 1 ELSE 0 END)" for each in (broken, unknown))


def _column(need: str) -> str:
    return "diets" if need in [*Diet] else "allergens"


def _breaks(need: str) -> str:
    """The condition under which a product `p` is known to break a need.

    What is not one of the words of `engine.diets` raises ValueError, so that no text gets in.
    """
    column = _column(need)
    word = (Diet if column == "diets" else Allergen)(need)
    kind = "NOT LIKE" if column == "diets" else "LIKE"
    return f"(' ' || p.{column} || ' ') {kind} '% {word.value} %'"


def _broken(session: Session, key: str, name: str, join: str, needs: Sequence[str]) -> pl.DataFrame:
    query = " UNION ".join(
        f"SELECT {key}, '{need}' FROM product p {join} WHERE {_breaks(need)}" for need in needs
    )
    rows = [tuple(row) for row in session.execute(text(f"{query} ORDER BY 1, 2"))]
    return pl.DataFrame(rows, schema={name: pl.Int64, "need": pl.String}, orient="row")
