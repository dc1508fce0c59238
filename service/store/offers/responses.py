"""Queries on the response model: its artefacts, and the evidence of a cycle."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, col, select

from service.engine.allocate.value import depth_band
from service.store import history
from service.store.offers.goods import stage_counting
from service.store.tables.cycle import Cycle, Response

_BOUGHT = """EXISTS (SELECT 1 FROM basket b JOIN {lines} x ON x.basket_id = b.id
                     JOIN staged_goods p ON p.gtin = x.gtin
                     WHERE b.household_id = {household} AND p.offer_id = {offer}
                       AND b.business_date BETWEEN c.valid_from AND c.valid_to)"""


_LISTED = """(SELECT l.offer_id, s.cycle_id FROM shopping_list s
    JOIN list_line l ON l.list_id = s.id WHERE l.offer_id IS NOT NULL) copies"""


def newest(session: Session, *, on: date) -> Response | None:
    """The newest artefact of a date or before it."""
    statement = (
        select(Response).where(col(Response.as_of) <= on).order_by(col(Response.as_of).desc())
    )
    return session.exec(statement.limit(1)).first()


def as_of(session: Session, day: date) -> Response | None:
    """The artefact of a date."""
    return session.exec(select(Response).where(Response.as_of == day)).first()


def save(session: Session, response: Response) -> None:
    """Store an artefact; it replaces an earlier one of the same date."""
    earlier = as_of(session, response.as_of)
    if earlier is not None:
        session.delete(earlier)
        session.flush()
    session.add(response)
    session.flush()


def ended(session: Session, *, first: date, before: date) -> Sequence[Cycle]:
    """Cycles whose lists were last valid on a day from `first` to before `before`, oldest first."""
    statement = (
        select(Cycle)
        .where(col(Cycle.valid_to) >= first, col(Cycle.valid_to) < before)
        .order_by(col(Cycle.as_of))
    )
    return session.exec(statement).all()


def exposed(session: Session, cycle_id: int) -> pl.DataFrame:
    """The copies a cycle gave: cell, depth, exposed, -_buyers, redeemed, expected_gain, -_uses."""
    _stage_goods(session, cycle_id, _LISTED)
    lines = _lines(session, cycle_id)
    bought = _BOUGHT.format(household="s.household_id", offer="l.offer_id", lines=lines)
    rows = session.execute(
        text(
            f"""SELECT l.cell, g.depth_percent, count(*), sum(CASE WHEN {bought} THEN 1 ELSE 0 END),
                       sum(coalesce((SELECT sum(r.uses) FROM redemption_line r
                                     WHERE r.list_id = l.list_id AND r.list_line = l.line
                                       AND r.live), 0)),
                       sum(l.expected_gain), sum(l.expected_uses)
                FROM shopping_list s JOIN list_line l ON l.list_id = s.id
                JOIN cycle c ON c.id = s.cycle_id
                LEFT JOIN cycle_pick g ON g.cycle_id = s.cycle_id
                    AND g.household_id = s.household_id AND g.offer_id = l.offer_id
                WHERE s.cycle_id = :cycle AND s.state <> 'voided' AND l.cell IS NOT NULL
                GROUP BY l.cell, g.depth_percent"""
        ),
        {"cycle": cycle_id},
    )
    return _by_depth(
        [(*keys, given, int(b), int(r), gain, uses) for *keys, given, b, r, gain, uses in rows],
        {
            "exposed": pl.Int64,
            "exposed_buyers": pl.Int64,
            "redeemed": pl.Int64,
            "expected_gain": pl.Float64,
            "expected_uses": pl.Float64,
        },
    )


def ghosts(session: Session, cycle_id: int) -> pl.DataFrame:
    """The copies a cycle held out: cell, depth, ghosts, ghost_weight, -_squared, ghost_buyers."""
    _stage_goods(session, cycle_id, "cycle_pick")
    lines = _lines(session, cycle_id)
    bought = _BOUGHT.format(household="g.household_id", offer="g.offer_id", lines=lines)
    rows = session.execute(
        text(
            f"""SELECT g.cell, g.depth_percent, count(*), sum(g.weight), sum(g.weight * g.weight),
                       sum(CASE WHEN {bought} THEN g.weight ELSE 0 END)
                FROM cycle_pick g JOIN cycle c ON c.id = g.cycle_id
                WHERE g.cycle_id = :cycle AND g.arm <> 'exposed'
                GROUP BY g.cell, g.depth_percent"""
        ),
        {"cycle": cycle_id},
    )
    return _by_depth(
        [tuple(row) for row in rows],
        {
            "ghosts": pl.Int64,
            "ghost_weight": pl.Float64,
            "ghost_weight_squared": pl.Float64,
            "ghost_buyers": pl.Float64,
        },
    )


def swings(session: Session, cycle_id: int) -> pl.DataFrame:
    """Where households might have chosen otherwise: cell, depth, swings, and the sums of these.

    See `service.engine.allocate.response.EVIDENCE`. Squares are of each household's sum.
    """
    _stage_goods(session, cycle_id, "cycle_chance")
    lines = _lines(session, cycle_id)
    bought = _BOUGHT.format(household="g.household_id", offer="g.offer_id", lines=lines)
    off = "((CASE WHEN g.is_picked THEN 1.0 ELSE 0.0 END) - g.chance)"
    rows = session.execute(
        text(
            f"""SELECT cell, depth_percent, sum(pairs), sum(seen), sum(expected), sum(seen * seen),
                       sum(expected * expected), sum(seen * expected)
                FROM (SELECT g.household_id, g.cell, g.depth_percent, count(*) AS pairs,
                             sum({off} * ((CASE WHEN {bought} THEN 1.0 ELSE 0.0 END)
                                          - g.p_without)) AS seen,
                             sum({off} * (CASE WHEN g.is_given THEN g.expected_gain ELSE 0.0 END))
                                 AS expected
                      FROM cycle_chance g JOIN cycle c ON c.id = g.cycle_id
                      WHERE g.cycle_id = :cycle
                      GROUP BY g.household_id, g.cell, g.depth_percent) h
                GROUP BY cell, depth_percent"""
        ),
        {"cycle": cycle_id},
    )
    sums = ("swing_seen", "swing_expected", "swing_seen_squared", "swing_expected_squared",
            "swing_product")  # fmt: skip
    return _by_depth(
        [(cell, percent, int(pairs), *found) for cell, percent, pairs, *found in rows],
        {"swings": pl.Int64, **dict.fromkeys(sums, pl.Float64)},
    )


def _stage_goods(session: Session, cycle_id: int, copies: str) -> None:
    """What counts now for the offers of some copies of a cycle: a table with offer_id, cycle_id."""
    offers = f"SELECT DISTINCT offer_id FROM {copies} WHERE cycle_id = {int(cycle_id)}"
    stage_counting(session, offers)


def _lines(session: Session, cycle_id: int) -> str:
    """What stands for the lines of baskets of the days that a cycle's lists were valid."""
    cycle = session.get(Cycle, cycle_id)
    return (
        history.TABLE
        if cycle is None
        else history.of_days(session, cycle.valid_from, cycle.valid_to)
    )


def _by_depth(rows: Sequence[tuple[Any, ...]], counts: dict[str, Any]) -> pl.DataFrame:
    """Rows of cell, depth in per cent, counts; added up by cell and band of depth."""
    schema = {"cell": pl.String, "depth": pl.String, **counts}
    banded = [(cell, depth_band(percent), *found) for cell, percent, *found in rows]
    return (
        pl.DataFrame(banded, schema=schema, orient="row")
        .group_by("cell", "depth")
        .agg(pl.col(list(counts)).sum())
        .sort("cell", "depth")
    )
